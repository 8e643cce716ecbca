// Starts the simulator for one test file and hands out what a client needs to reach it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const program = process.env.SFSIM ?? new URL('../../../build/release/bin/sfsim', import.meta.url).pathname;

export const clientId = 'sfsim-client';
export const clientSecret = 'sfsim-secret';
export const refreshToken = 'sfsim-refresh';
export const apiVersion = '62.0';

export class Sfsim {
  static async start(...flags) {
    const child = spawn(program, ['--port', '0', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const url = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`sfsim ended with status ${code} before it listened`)));
      lines.on('line', (line) => {
        const found = /sfsim listening on (http:\S+)/.exec(line);
        if (found) resolve(found[1]);
      });
    });
    return new Sfsim(child, url);
  }

  constructor(child, url) {
    this.child = child;
    this.url = url;
  }

  /// Ends the simulator and returns its exit status.
  async stop() {
    this.child.kill('SIGTERM');
    const [status] = this.child.exitCode === null ? await once(this.child, 'exit') : [this.child.exitCode];
    return status;
  }

  async accessToken() {
    const answer = await fetch(`${this.url}/services/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
    });
    if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()).access_token;
  }

  /// A raw call below /services/data/vXX.X/ with a fresh token unless one is given.
  async call(method, path, { body, headers = {}, token } = {}) {
    const answer = await fetch(`${this.url}/services/data/v${apiVersion}/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token ?? (await this.accessToken())}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  }

  /// A call of /__sim/<path>; the answer's body.
  async control(method, path, body) {
    const answer = await fetch(`${this.url}/__sim/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /__sim/${path} answered ${answer.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  async faults(rules) {
    const answer = await fetch(`${this.url}/__sim/faults`, { method: 'PUT', body: JSON.stringify(rules) });
    if (!answer.ok) throw new Error(`faults answered ${answer.status}: ${await answer.text()}`);
  }
}
