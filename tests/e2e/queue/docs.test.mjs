// The programs in docs/queue.md, run as they stand there against a queue that only we work on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Queue } from 'bullmq';
import { Ours, Redis, until } from './support.mjs';

const document = readFileSync(new URL('../../../docs/queue.md', import.meta.url), 'utf8');
const programs = [...document.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]);

describe('the programs of docs/queue.md', () => {
  let redis, queue, ours;
  // Beside node_modules, where an import finds them.
  const folder = mkdtempSync(join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, 'node_modules', '.docs-'));

  before(async () => {
    redis = await Redis.start();
    queue = new Queue('salesforce-sync', { connection: redis.connection });
    await queue.waitUntilReady();
    ours = new Ours(redis.url, 'salesforce-sync');
  });
  after(async () => {
    await ours.close();
    await queue.close();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /// Starts the program with these words in it. Only its port is another one.
  function start(t, words, ...more) {
    const found = programs.filter((program) => words.every((word) => program.includes(word)));
    assert.equal(found.length, 1, `docs/queue.md has ${found.length} programs with ${words}`);
    assert.ok(found[0].includes('port: 6379'));
    const file = join(folder, `${words[0]}.mjs`);
    writeFileSync(file, found[0].replaceAll('port: 6379', `port: ${redis.port}`));
    const child = spawn(process.execPath, [file, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill());
    const program = { child, said: '' };
    child.stdout.on('data', (bytes) => { program.said += bytes; });
    program.ended = once(child, 'exit');
    return program;
  }

  const listening = () =>
    until('it listens', async () => (await queue.client).client('LIST').then((list) => list.includes('cmd=xread')));

  test('one asks for a sync and waits for it', async (t) => {
    const program = start(t, ['waitUntilFinished'], 'a1');
    const job = await ours.next();
    assert.equal(job.name, 'salesforce-sync');
    assert.deepEqual(job.data, { integrationId: 'a1', trigger: 'manual', objects: ['Contact'] });
    await ours.do('complete', { id: job.id, value: { status: 'completed' } });
    assert.deepEqual(await program.ended, [0, null]);
    assert.equal(program.said, 'completed\n');
  });

  test('one watches', async (t) => {
    const program = start(t, ['on(\'progress\'']);
    await listening();
    const good = await ours.do('add', { name: 'salesforce-sync' });
    await ours.next();
    await ours.do('progress', { id: good, value: 'Contact: 5 records' });
    await ours.do('complete', { id: good, value: { status: 'completed' } });
    const bad = await ours.do('add', { name: 'salesforce-sync' });
    await ours.next();
    await ours.do('fail', { id: bad, reason: 'no such integration' });
    const expected = `job ${good}: Contact: 5 records\njob ${good}: completed\njob ${bad} failed: no such integration\n`;
    await until(expected, () => program.said === expected);
  });

  test('one pauses and resumes', async (t) => {
    const program = start(t, ['queue.pause']);
    assert.deepEqual(await program.ended, [0, null]);
    assert.equal(program.said, 'paused: true\n');
    assert.equal(await queue.isPaused(), false);
  });

  test('every program is run here', () => assert.equal(programs.length, 3));
});
