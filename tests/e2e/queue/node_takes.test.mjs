// Jobs and schedulers of ours, taken and carried on by BullMQ's workers, and the keys that both leave.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis as Client } from 'ioredis';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Ours, Redis, sleep, until } from './support.mjs';

describe('BullMQ beside our producer', () => {
  let redis, number = 0;

  before(async () => { redis = await Redis.start(); });
  after(async () => { await redis.stop(); });

  /// A fresh queue of Node's and our side of it.
  async function fresh(t) {
    const name = `node-takes-${++number}`;
    const queue = new Queue(name, { connection: redis.connection });
    await queue.waitUntilReady();
    const ours = new Ours(redis.url, name);
    t.after(async () => {
      await ours.close().catch(() => {});
      await queue.close();
    });
    return { name, queue, ours };
  }
  function worker(t, name, work, options = {}) {
    const its = new Worker(name, work, { connection: redis.connection, ...options });
    its.errors = [];
    its.on('error', (error) => its.errors.push(error));
    t.after(() => its.close(true));
    return its;
  }

  test('an idle Node worker wakes for our job, and ends it as its own', async (t) => {
    const { name, ours, queue } = await fresh(t);
    const its = worker(t, name, async (job) => {
      await job.updateProgress(50);
      await job.log('half');
      return { got: job.data };
    }, { drainDelay: 60 });  // Only the marker wakes it in time.
    await its.waitUntilReady();
    await sleep(100);
    const id = await ours.do('add', { name: 'salesforce-sync', data: { integrationId: 'x' } });
    await until('completed', async () => (await ours.do('state', { id })) === 'completed');
    const done = await ours.do('job', { id });
    assert.deepEqual(done.returnvalue, { got: { integrationId: 'x' } });
    assert.equal(done.progress, 50);
    assert.deepEqual((await queue.getJobLogs(id)).logs, ['half']);
    assert.deepEqual(its.errors, []);
  });

  test('a Node worker retries, delays and prioritizes as our jobs say', async (t) => {
    const { name, ours } = await fresh(t);
    await ours.do('add', { name: 'low', opts: { priority: 9 } });
    await ours.do('add', { name: 'high', opts: { priority: 2 } });
    await ours.do('add', { name: 'plain' });
    await ours.do('add', { name: 'later', opts: { delay: 150 } });
    const flaky = await ours.do('add', { name: 'flaky', opts: { attempts: 3, backoff: { type: 'exponential', delay: 20 } } });
    const order = [];
    worker(t, name, async (job) => {
      order.push(job.name);
      if (job.name === 'flaky' && job.attemptsMade < 2) throw new Error(`attempt ${job.attemptsMade}`);
    });
    await until('all done', async () => (await ours.do('counts')).completed === 5);
    assert.deepEqual(order.slice(0, 4), ['plain', 'flaky', 'high', 'low']);
    assert.equal(order.filter((each) => each === 'flaky').length, 3);
    const done = await ours.do('job', { id: flaky });
    assert.equal(done.attemptsMade, 3);
    assert.equal(done.failedReason, 'attempt 1');
    assert.equal(done.stacktrace.length, 2);
  });

  test('a job of ours that was lost goes to a Node worker', async (t) => {
    const { name, ours } = await fresh(t);
    const id = await ours.do('add', { name: 'orphan' });
    await ours.do('take', { lock: 200 });
    await ours.kill();
    const done = [];
    worker(t, name, async (job) => { done.push(job.id); }, { stalledInterval: 150 });
    await until('Node has done it', () => done.length > 0);
    assert.deepEqual(done, [id]);
  });

  test('a lock that we extend keeps a job from Node workers', async (t) => {
    const { name, ours } = await fresh(t);
    const id = await ours.do('add', { name: 'ours' });
    await ours.do('take', { lock: 400 });
    const stolen = [];
    worker(t, name, async (job) => { stolen.push(job.id); }, { stalledInterval: 100 });
    for (let i = 0; i < 10; ++i) {
      await sleep(100);
      assert.deepEqual(await ours.do('extend', { id, lock: 400 }), []);
    }
    assert.deepEqual(stolen, []);
    await ours.do('complete', { id, value: null });
  });

  test('one at a time in the whole group, Node and us', async (t) => {
    const { name, queue, ours } = await fresh(t);
    await ours.do('concurrency', { most: 1 });
    assert.equal(await queue.getGlobalConcurrency(), 1);
    await ours.do('add', { name: 'first' });
    await ours.do('add', { name: 'second' });
    await ours.do('take');
    const done = [];
    worker(t, name, async (job) => { done.push(job.name); }, { concurrency: 5, drainDelay: 1 });
    await sleep(300);
    assert.deepEqual(done, []);
    await ours.do('complete', { id: '1', value: null });
    await until('Node takes the next', () => done.length === 1);
  });

  test('our pause holds Node workers, and our resume wakes them', async (t) => {
    const { name, ours } = await fresh(t);
    await ours.do('pause');
    await ours.do('add', { name: 'held' });
    const done = [];
    const its = worker(t, name, async (job) => { done.push(job.name); }, { drainDelay: 60 });
    await its.waitUntilReady();
    await sleep(200);
    assert.deepEqual(done, []);
    await ours.do('resume');
    await until('Node works again', () => done.length === 1);
  });

  test('Node sees our workers by name', async (t) => {
    const { queue, ours } = await fresh(t);
    await ours.do('wait', { ms: 50 });
    assert.deepEqual((await queue.getWorkers()).map((each) => each.rawname.split(':w:')[1]), ['lockstep']);
    assert.deepEqual(await ours.do('workers'), ['lockstep']);
  });

  test('Node reads and carries on a scheduler of ours, and gives it back', async (t) => {
    const { name, queue, ours } = await fresh(t);
    const wanted = { id: 'sync', pattern: '*/2 * * * * *', tz: 'Europe/Berlin', name: 'salesforce-sync', data: { scope: 'all' },
      opts: { removeOnComplete: { count: 20 }, removeOnFail: { count: 50 } } };
    const first = await ours.do('schedule', wanted);
    const [seen] = await queue.getJobSchedulers();
    assert.equal(seen.key, 'sync');
    assert.equal(seen.name, 'salesforce-sync');
    assert.equal(seen.pattern, wanted.pattern);
    assert.equal(seen.tz, 'Europe/Berlin');
    assert.equal(seen.iterationCount, 1);
    assert.deepEqual(seen.template, { data: { scope: 'all' }, opts: wanted.opts });
    assert.equal(first, `repeat:sync:${seen.next}`);
    const its = worker(t, name, async (job) => job.data);
    await until('Node advanced it twice', async () => (await queue.getJobScheduler('sync')).iterationCount >= 3);
    await its.close();
    assert.deepEqual(its.errors, []);
    assert.deepEqual((await queue.getCompleted())[0].returnvalue, { scope: 'all' });
    // Ours takes the chain over from where Node left it.
    const run = await ours.next();
    assert.equal(run.scheduler, 'sync');
    assert.deepEqual(run.opts.removeOnComplete, { count: 20 });
    const next = await ours.do('advance', { id: run.id });
    assert.equal(next, `repeat:sync:${(await queue.getJobScheduler('sync')).next}`);
    await ours.do('complete', { id: run.id, value: null });
    assert.equal(await ours.do('ensure', wanted), false);  // Nothing to change.
    worker(t, name, async () => {});
    await until('Node goes on', async () => (await queue.getJobScheduler('sync')).iterationCount >= 5);
  });

  test('we read and carry on a scheduler of Node\'s', async (t) => {
    const { name, queue, ours } = await fresh(t);
    await queue.upsertJobScheduler('beat', { every: 300 }, { name: 'tick', data: { n: 1 }, opts: { removeOnComplete: 5 } });
    await queue.upsertJobScheduler('cron', { pattern: '*/1 * * * * *' }, { name: 'tock' });
    const schedulers = await ours.do('schedulers');
    assert.deepEqual(schedulers.map(({ id, pattern, every }) => [id, pattern, every]).sort(),
      [['beat', '', 300], ['cron', '*/1 * * * * *', 0]]);
    const seen = new Set();
    for (let i = 0; i < 6; ++i) {
      const run = await ours.next();
      seen.add(run.name);
      const next = await ours.do('advance', { id: run.id });
      assert.match(next, new RegExp(`^repeat:${run.scheduler}:\\d{13}$`));
      assert.equal(await ours.do('advance', { id: run.id }), '');
      await ours.do('complete', { id: run.id, value: null });
      assert.equal(run.nextRun, '');
    }
    assert.deepEqual([...seen].sort(), ['tick', 'tock']);
    const its = worker(t, name, async () => {});
    const before = (await queue.getJobScheduler('beat')).iterationCount;
    await until('Node goes on', async () => (await queue.getJobScheduler('beat')).iterationCount > before + 2);
    assert.deepEqual(its.errors, []);
    await its.close();
    await ours.do('unschedule', { id: 'beat' });
    assert.deepEqual((await queue.getJobSchedulers()).map((each) => each.key), ['cron']);
  });

  test('a scheduler that Node made is touched only where it differs from what we want', async (t) => {
    const { queue, ours } = await fresh(t);
    const wanted = { id: 'sync', pattern: '*/15 * * * *', tz: 'UTC', name: 'salesforce-sync', data: { scope: 'all' },
      opts: { removeOnComplete: { count: 20 }, removeOnFail: { count: 50 } } };
    const { name, data, opts } = wanted;
    await queue.upsertJobScheduler('sync', { pattern: '*/15 * * * *', tz: 'UTC' }, { name, data, opts });
    const [before] = await queue.getDelayed();
    assert.equal(await ours.do('ensure', wanted), false);
    assert.equal((await queue.getDelayed())[0].timestamp, before.timestamp);
    await queue.upsertJobScheduler('sync', { pattern: '0 3 * * *', tz: 'UTC' }, { name, data, opts });
    assert.equal(await ours.do('ensure', wanted), true);
    assert.equal((await queue.getJobScheduler('sync')).pattern, '*/15 * * * *');
    assert.equal((await queue.getDelayed()).length, 1);
    for (const changed of [{ tz: 'Europe/Berlin' }, { data: { scope: 'some' } }, { opts: { removeOnComplete: { count: 1 } } }])
      assert.equal(await ours.do('ensure', { ...wanted, ...changed }), true, JSON.stringify(changed));
  });

  /// Everything a queue holds, without what differs from run to run.
  async function keyspace(name) {
    const client = new Client(redis.connection);
    const all = {};
    const times = new Map();
    const plain = (text) => String(text).replace(/\b\d{13}\b/g, (time) => {
      if (!times.has(time)) times.set(time, 'TIME');
      return 'TIME';
    });
    for (const key of (await client.keys(`bull:${name}:*`)).sort()) {
      const short = plain(key.slice(`bull:${name}:`.length));
      const type = await client.type(key);
      if (type === 'hash') {
        const hash = await client.hgetall(key);
        for (const field of ['opts', 'data', 'stacktrace']) {
          if (!hash[field]) continue;
          hash[field] = JSON.parse(hash[field]);
          if (field === 'stacktrace') hash[field] = hash[field].length;
          if (field === 'opts') {
            delete hash.opts.attempts;  // Node writes its default.
            if (hash.opts.repeat) delete hash.opts.repeat.offset;
            // Set from the clock of the moment.
            for (const changing of ['delay', 'timestamp', 'prevMillis']) if (changing in hash.opts) hash.opts[changing] = 'N';
            if (hash.opts.jobId) hash.opts.jobId = plain(hash.opts.jobId);
          }
        }
        for (const field of Object.keys(hash)) {
          if (typeof hash[field] === 'string') hash[field] = plain(hash[field]);
          if (field === 'delay' && hash.opts?.repeat) hash[field] = 'N';
          // BullMQ takes the time twice: what is left of a delay may be a moment less.
          else if (field === 'delay') hash[field] = `${Math.round(hash[field] / 1000)} s`;
          if (field === 'version') hash[field] = 'any';
          if (field === 'pb') delete hash[field];
        }
        delete hash.offset;  // Node writes 0 for patterns.
        all[short] = hash;
      } else if (type === 'list') {
        all[short] = (await client.lrange(key, 0, -1)).map(plain);
      } else if (type === 'zset') {
        const parts = await client.zrange(key, 0, -1, 'WITHSCORES');
        all[short] = parts.map((part, at) => (at % 2 === 0 ? plain(part)
          : short === 'delayed' ? `at ${plain(Math.floor(part / 4096))} + ${part % 4096}` : plain(Math.floor(part))));
      } else if (type === 'stream') {
        all[short] = (await client.xrange(key, '-', '+')).map(([, fields]) => fields.map(plain).join(' '));
      } else if (type === 'string') {
        all[short] = plain(await client.get(key));
      } else {
        all[short] = (await client.smembers(key)).map(plain);
      }
    }
    client.disconnect();
    return all;
  }

  /// What Node's classes do, with the calls of Ours.
  class Node {
    constructor(name) {
      this.queue = new Queue(name, { connection: redis.connection });
      this.worker = new Worker(name, null, { connection: redis.connection, autorun: false, name: 'lockstep' });
      this.jobs = {};
    }
    async do(op, f = {}) {
      const job = this.jobs[f.id];
      switch (op) {
        case 'add': return (await this.queue.add(f.name, f.data ?? {}, f.opts ?? {})).id;
        case 'take': {
          const taken = await this.worker.getNextJob('driver', { block: false });
          if (taken) this.jobs[taken.id] = taken;
          return { job: taken };
        }
        case 'complete': return job.moveToCompleted(f.value, 'driver', false);
        case 'fail': case 'retry': {
          const error = new Error(f.reason);
          error.stack = `at ${f.reason}`;
          return job.moveToFailed(error, 'driver', false);
        }
        case 'postpone': return job.moveToDelayed(Date.now() + f.delay, 'driver');
        case 'progress': return job.updateProgress(f.value);
        case 'log': return job.log(f.row);
        case 'pause': return this.queue.pause();
        case 'resume': return this.queue.resume();
        case 'promote': return (await this.queue.getJob(f.id)).promote();
        case 'retryFinished': return (await this.queue.getJob(f.id)).retry('failed');
        case 'remove': return (await this.queue.getJob(f.id)).remove();
        case 'schedule': return this.queue.upsertJobScheduler(f.id, { pattern: f.pattern, every: f.every, tz: f.tz },
          { name: f.name, data: f.data, opts: f.opts });
        case 'unschedule': return this.queue.removeJobScheduler(f.id);
        case 'drain': return this.queue.drain();
        default: throw new Error(op);
      }
    }
    async close() {
      await this.worker.close(true);
      await this.queue.close();
    }
  }

  const scenarios = {
    'every kind of job that waits': async (q) => {
      await q.do('add', { name: 'plain', data: { a: 'ü/"', n: 1.5 } });
      await q.do('add', { name: 'options', data: [], opts: { attempts: 0, backoff: 300, removeOnComplete: { count: 20, age: 5 },
        removeOnFail: { count: 50 }, keepLogs: 3, stackTraceLimit: 2, sizeLimit: 5000 } });
      await q.do('add', { name: 'low', opts: { priority: 7 } });
      await q.do('add', { name: 'urgent', opts: { priority: 1 } });
      await q.do('add', { name: 'front', opts: { lifo: true } });
      await q.do('add', { name: 'own', opts: { jobId: 'own-id' } });
      await q.do('add', { name: 'own again', opts: { jobId: 'own-id' } });
      await q.do('add', { name: 'once', opts: { deduplication: { id: 'd' } } });
      await q.do('add', { name: 'twice', opts: { deduplication: { id: 'd' } } });
    },
    'a job that is done': async (q) => {
      await q.do('add', { name: 'job', opts: { removeOnComplete: { count: 3 } } });
      const { job } = await q.do('take');
      await q.do('progress', { id: job.id, value: { step: 1 } });
      await q.do('log', { id: job.id, row: 'row' });
      await q.do('complete', { id: job.id, value: { status: 'completed' } });
    },
    'a job that fails': async (q) => {
      await q.do('add', { name: 'job' });
      const { job } = await q.do('take');
      await q.do('fail', { id: job.id, reason: 'no luck' });
    },
    'a job that is tried again and then put off': async (q) => {
      await q.do('add', { name: 'job', opts: { attempts: 2 } });
      const { job } = await q.do('take');
      await q.do('retry', { id: job.id, reason: 'once', delay: 0 });
      await q.do('take');
      await q.do('postpone', { id: job.id, delay: 50_000 });
    },
    'a failed job that waits again': async (q) => {
      await q.do('add', { name: 'job' });
      const { job } = await q.do('take');
      await q.do('fail', { id: job.id, reason: 'no luck' });
      await q.do('retryFinished', { id: job.id });
    },
    'a queue that is paused and resumed': async (q) => {
      await q.do('add', { name: 'one' });
      await q.do('pause');
      await q.do('add', { name: 'two' });
      await q.do('resume');
      await q.do('add', { name: 'three' });
      await q.do('pause');
    },
    'delayed jobs, one promoted and one removed': async (q) => {
      await q.do('add', { name: 'one', opts: { delay: 50_000 } });
      await q.do('add', { name: 'two', opts: { delay: 60_000, priority: 3 } });
      await q.do('add', { name: 'three', opts: { delay: 70_000 } });
      await q.do('promote', { id: '1' });
      await q.do('promote', { id: '2' });
      await q.do('remove', { id: '3' });
    },
    'a scheduler by pattern': async (q) => {
      await q.do('schedule', { id: 'sync', pattern: '0 0 1 1 *', tz: 'UTC', name: 'salesforce-sync', data: { a: 1 },
        opts: { removeOnComplete: { count: 20 }, priority: 2 } });
    },
    'a scheduler by interval': async (q) => {
      await q.do('schedule', { id: 'beat', every: 100_000, name: 'tick', data: {}, opts: {} });
    },
    'a scheduler that is gone': async (q) => {
      await q.do('schedule', { id: 'sync', pattern: '0 0 1 1 *', tz: 'UTC', name: 'sync', data: {}, opts: {} });
      await q.do('unschedule', { id: 'sync' });
    },
    'a drained queue': async (q) => {
      for (let i = 0; i < 3; ++i) await q.do('add', { name: `job ${i}`, opts: { priority: i } });
      await q.do('drain');
    },
  };
  for (const [what, scenario] of Object.entries(scenarios))
    test(`both leave the same keys: ${what}`, async (t) => {
      const { name: oursName, ours } = await fresh(t);
      await scenario(ours);
      const nodeName = `node-keys-${++number}`;
      const node = new Node(nodeName);
      await node.queue.waitUntilReady();
      await scenario(node);
      await node.close();
      const [its, expected] = [await keyspace(oursName), await keyspace(nodeName)];
      assert.ok(Object.keys(expected).length > 1);
      for (const metric of ['metrics:completed', 'metrics:failed']) delete its[metric];  // Node keeps them on demand.
      assert.deepEqual(its, expected);
    });
});
