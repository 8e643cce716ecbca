// Workers of both kinds on one queue, killed and paused at random: every job is done, and stands in one place.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis as Client } from 'ioredis';
import { Queue, Worker } from 'bullmq';
import { Ours, Redis, sleep, until } from './support.mjs';

const seed = Number(process.env.QUEUE_STORM_SEED ?? Date.now() % 1e6), jobs = Number(process.env.QUEUE_STORM_JOBS ?? 300);
console.log(`QUEUE_STORM_SEED=${seed}`);

/// splitmix64 cut to 32 bits.
let state = BigInt(seed);
function below(bound) {
  state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
  let z = state;
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return Number((z ^ (z >> 31n)) & 0xffffffffn) % bound;
}

let redis;
before(async () => { redis = await Redis.start(); });
after(async () => { await redis.stop(); });

test('a storm of lost workers loses no job', { timeout: 120_000 }, async (t) => {
  const name = 'storm', lock = 600, interval = 300;
  const queue = new Queue(name, { connection: redis.connection });
  t.after(() => queue.close());
  const done = new Map();
  const note = (id) => done.set(id, (done.get(id) ?? 0) + 1);
  let over = false, killed = 0;

  /// Takes and ends jobs as a worker of ours, until it is killed in the middle of one.
  async function ourWorker(number) {
    while (!over) {
      const ours = new Ours(redis.url, name);
      const life = 5 + below(40);
      for (let i = 0; !over; ++i) {
        await ours.do('checkStalled', { interval });
        const { job } = await ours.do('take', { lock, token: `ours ${number} ${i}`, worker: `ours-${number}` });
        if (!job) { await ours.do('wait', { ms: 50 }); continue; }
        const token = `ours ${number} ${i}`, fields = { id: job.id, token };
        if (i >= life) break;
        const dice = below(10);
        if (job.deferredFailure) await ours.ask('fail', { ...fields, reason: job.deferredFailure });
        else if (dice === 0) await ours.ask('retry', { ...fields, reason: 'again', delay: below(2) * 30 });
        else if (dice === 1) await ours.ask('giveBack', fields);
        else if (dice === 2) await ours.ask('postpone', { ...fields, delay: 20 });
        else if ((await ours.ask('complete', { ...fields, value: number })).error === undefined) note(job.id);
      }
      if (over) { await ours.close(); return; }
      ++killed;
      await ours.kill();
    }
  }
  /// One of BullMQ's, whose lock runs out now and then because it never renews.
  const nodeWorker = () => new Worker(name, async (job) => {
    if (below(25) === 0) await sleep(lock * 2);
    if (below(10) === 0) throw new Error('again');
    return 'node';
  }, { connection: redis.connection, concurrency: 2, lockDuration: lock, skipLockRenewal: true, stalledInterval: interval,
    maxStalledCount: 1000 });

  for (let i = 0; i < jobs; ++i) {
    const opts = { attempts: 1000, ...(below(3) === 0 && { priority: 1 + below(3) }), ...(below(4) === 0 && { delay: below(500) }),
      ...(below(10) === 0 && { deduplication: { id: `d${i}` } }) };
    await queue.add(`job ${i}`, { i }, opts);
  }
  const ours = [0, 1, 2].map(ourWorker);
  const nodes = [nodeWorker(), nodeWorker()];
  for (const node of nodes) {
    node.on('completed', (job) => note(job.id));
    node.on('error', () => {});  // Lost locks are what this is about.
  }
  const ends = async () => {
    if (below(15) === 0) { await queue.pause(); await sleep(30); await queue.resume(); }
    const { completed, failed } = await queue.getJobCounts('completed', 'failed');
    return completed + failed >= jobs;
  };
  await until('every job has ended', ends);
  over = true;
  await Promise.all(ours);
  for (const node of nodes) await node.close();

  // Every job in one place, and nothing besides.
  const client = new Client(redis.connection);
  t.after(() => client.disconnect());
  const key = (part) => `bull:${name}:${part}`;
  const places = [];
  for (const list of ['wait', 'paused', 'active']) places.push(...await client.lrange(key(list), 0, -1));
  for (const set of ['prioritized', 'delayed', 'failed', 'completed', 'waiting-children'])
    places.push(...await client.zrange(key(set), 0, -1));
  assert.equal(places.length, jobs);
  assert.equal(new Set(places).size, jobs);
  for (const id of places) {
    const at = await client.hmget(key(id), 'finishedOn', 'atm', 'ats');
    assert.ok(Number(at[0]) > 0 && Number(at[1]) >= 1 && Number(at[2]) >= Number(at[1]), `${id}: ${at}`);
    assert.equal(await client.exists(key(`${id}:lock`)), 0, `a lock is left on ${id}`);
  }
  assert.deepEqual(await client.keys(key('de:*')), []);
  // Whoever ended a job that stalled too often for one of ours failed it; nothing else may have failed.
  for (const job of await queue.getFailed()) assert.match(job.failedReason, /stalled more than allowable limit/);
  for (const job of await queue.getCompleted()) assert.equal(done.get(job.id), 1, `how often ${job.id} was completed`);
  console.log(`${jobs} jobs, ${killed} workers killed, ${await queue.getFailedCount()} failed for stalling`);
  assert.ok(killed > 3, 'the storm was too calm');
});
