// A redis-server for one test file, our queue behind queue_driver, and BullMQ beside it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const driverProgram = process.env.QUEUE_DRIVER ??
  new URL('../../../build/release/bin/queue_driver', import.meta.url).pathname;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// Asks until the answer is truthy; fails loudly after half a minute.
export async function until(what, ask) {
  for (let tries = 0; tries < 1500; ++tries) {
    const answer = await ask();
    if (answer) return answer;
    await sleep(20);
  }
  throw new Error(`never: ${what}`);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

const listens = (port) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => { socket.destroy(); resolve(true); });
  socket.once('error', () => resolve(false));
});

export class Redis {
  static async start(...more) {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'lockstep-redis-'));
    const child = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '',
      '--appendonly', 'no', '--logfile', join(folder, 'log'), '--maxmemory-policy', 'noeviction', ...more],
    { stdio: 'ignore' });
    child.once('error', (error) => { throw new Error(`redis-server: ${error.message}; see scripts/install`); });
    await until('redis-server listens', () => listens(port));
    return Object.assign(new Redis(), { port, folder, child, url: `redis://127.0.0.1:${port}` });
  }

  /// For BullMQ's classes.
  get connection() {
    return { host: '127.0.0.1', port: this.port, maxRetriesPerRequest: null };
  }

  async stop() {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/// Our queue. Every call answers what queue_driver says, and throws its error unless it is asked for.
export class Ours {
  constructor(url, name, prefix = 'bull') {
    this.child = spawn(driverProgram, [url, prefix, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.waiting = [];
    createInterface({ input: this.child.stdout }).on('line', (line) => this.waiting.shift()(JSON.parse(line)));
  }

  ask(op, fields = {}) {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin.write(`${JSON.stringify({ op, ...fields })}\n`);
    });
  }

  async do(op, fields = {}) {
    const answer = await this.ask(op, fields);
    if (answer?.error) throw new Error(`${op}: ${answer.error}`);
    return answer;
  }

  /// The next job, waited for.
  async next(fields = {}) {
    return until('a job for us', async () => (await this.do('take', fields)).job);
  }

  /// Dies as by a power cut.
  async kill() {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  async close() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin.end();
    await ended;
  }
}
