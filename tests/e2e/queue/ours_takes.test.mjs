// Jobs that BullMQ's producers add, taken and ended by us, as Queue and QueueEvents see it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import { Ours, Redis, sleep, until } from './support.mjs';

describe('our worker beside BullMQ', () => {
  let redis, queue, events, ours, number = 0;
  const seen = [];

  before(async () => { redis = await Redis.start(); });
  after(async () => { await redis.stop(); });

  /// A fresh queue, its events collected, and our side of it.
  async function fresh(t) {
    const name = `ours-takes-${++number}`;
    queue = new Queue(name, { connection: redis.connection });
    events = new QueueEvents(name, { connection: redis.connection, lastEventId: '0' });
    seen.length = 0;
    for (const event of ['added', 'waiting', 'active', 'progress', 'completed', 'failed', 'delayed', 'stalled', 'drained',
      'removed', 'paused', 'resumed', 'cleaned', 'retries-exhausted', 'duplicated', 'deduplicated'])
      events.on(event, (fields) => seen.push({ event, ...fields }));
    events.on('error', (error) => seen.push({ event: 'ERROR', error }));
    await events.waitUntilReady();
    await queue.waitUntilReady();
    ours = new Ours(redis.url, name);
    t.after(async () => {
      await ours.close().catch(() => {});
      await events.close();
      await queue.close();
    });
    return name;
  }
  const names = () => seen.map((one) => one.event);

  test('a job goes its way, with progress, log and a result that QueueEvents can read', async (t) => {
    await fresh(t);
    const job = await queue.add('salesforce-sync', { integrationId: 'a/b', list: [], text: 'ü' }, { priority: 0 });
    const taken = await ours.next();
    assert.equal(taken.id, job.id);
    assert.deepEqual(taken.data, { integrationId: 'a/b', list: [], text: 'ü' });
    assert.equal(await job.getState(), 'active');
    await ours.do('progress', { id: job.id, value: { object: 'Contact', records: 5 } });
    await ours.do('log', { id: job.id, row: 'Contact: 5 records read' });
    await ours.do('complete', { id: job.id, value: { status: 'completed', api_calls: 1 } });
    assert.deepEqual(await job.waitUntilFinished(events, 5000), { status: 'completed', api_calls: 1 });
    const done = await queue.getJob(job.id);
    assert.equal(await done.getState(), 'completed');
    assert.deepEqual(done.returnvalue, { status: 'completed', api_calls: 1 });
    assert.deepEqual(done.progress, { object: 'Contact', records: 5 });
    assert.equal(done.attemptsMade, 1);
    assert.equal(done.attemptsStarted, 1);
    assert.ok(done.finishedOn >= done.processedOn && done.processedOn >= done.timestamp);
    assert.deepEqual(await queue.getJobLogs(job.id), { logs: ['Contact: 5 records read'], count: 1 });
    await until('drained', () => names().includes('drained'));
    assert.deepEqual(names(), ['added', 'waiting', 'active', 'progress', 'completed', 'drained']);
    assert.equal(seen[2].prev, 'waiting');
    assert.equal(seen[4].prev, 'active');
  });

  test('a failure has its reason and trace, and a retry its back-off', async (t) => {
    await fresh(t);
    const job = await queue.add('flaky', {}, { attempts: 2, backoff: { type: 'fixed', delay: 80 } });
    await ours.next();
    await ours.do('retry', { id: job.id, reason: 'first', delay: 80 });
    assert.equal(await job.getState(), 'delayed');
    const again = await ours.next();
    assert.equal(again.attemptsMade, 1);
    assert.equal(again.attemptsStarted, 2);
    await ours.do('fail', { id: job.id, reason: 'second' });
    await assert.rejects(job.waitUntilFinished(events, 5000), /second/);
    const failed = await queue.getJob(job.id);
    assert.equal(failed.failedReason, 'second');
    assert.deepEqual(failed.stacktrace, ['at first', 'at second']);
    assert.equal(failed.attemptsMade, 2);
    await until('drained', () => names().includes('drained'));
    assert.deepEqual(names(), ['added', 'waiting', 'active', 'delayed', 'waiting', 'active', 'failed', 'retries-exhausted',
      'drained']);
    // BullMQ's own retry of a failed job brings it back to us.
    await failed.retry();
    assert.equal((await ours.next()).id, job.id);
    await ours.do('complete', { id: job.id, value: 1 });
    assert.equal(await failed.getState(), 'completed');
  });

  test('an old-style repeatable job of Node keeps coming', async (t) => {
    await fresh(t);
    await queue.add('salesforce-sync', { from: 'old' }, { repeat: { pattern: '*/1 * * * * *' } });
    const ids = [];
    for (let i = 0; i < 3; ++i) {
      const run = await ours.next();
      ids.push(run.id);
      assert.deepEqual(run.data, { from: 'old' });
      assert.match(await ours.do('advance', { id: run.id }), /^repeat:.+:\d{13}$/);
      await ours.do('complete', { id: run.id, value: null });
    }
    assert.equal(new Set(ids).size, 3);
    // And Node still finds and removes it.
    const [{ key }] = await queue.getRepeatableJobs();
    assert.equal(await queue.removeRepeatableByKey(key), true);
    assert.equal((await queue.getJobCounts('delayed')).delayed, 0);
  });

  test('priorities, delays and lifo of Node producers hold', async (t) => {
    await fresh(t);
    await queue.add('low', {}, { priority: 10 });
    await queue.add('high', {}, { priority: 1 });
    await queue.add('plain', {});
    await queue.add('front', {}, { lifo: true });
    await queue.add('later', {}, { delay: 100 });
    const order = [];
    for (let i = 0; i < 5; ++i) {
      const taken = await ours.next();
      order.push(taken.name);
      await ours.do('complete', { id: taken.id, value: null });
    }
    assert.deepEqual(order, ['front', 'plain', 'high', 'low', 'later']);
    assert.deepEqual((await queue.getJobCounts()).completed, 5);
  });

  test('retention and deduplication of Node producers hold', async (t) => {
    await fresh(t);
    for (let i = 0; i < 5; ++i) {
      await queue.add('kept', { i }, { removeOnComplete: { count: 2 } });
      const taken = await ours.next();
      await ours.do('complete', { id: taken.id, value: i });
      await sleep(2);
    }
    assert.equal(await queue.getCompletedCount(), 2);
    const gone = await queue.add('gone', {}, { removeOnComplete: true });
    await ours.next();
    await ours.do('complete', { id: gone.id, value: null });
    assert.equal(await queue.getJob(gone.id), undefined);
    const first = await queue.add('once', {}, { deduplication: { id: 'd' } });
    assert.equal((await queue.add('once', {}, { deduplication: { id: 'd' } })).id, first.id);
    await ours.next();
    await ours.do('complete', { id: first.id, value: null });
    assert.notEqual((await queue.add('once', {}, { deduplication: { id: 'd' } })).id, first.id);
  });

  test('the last of several deduplicated jobs follows the active one', async (t) => {
    await fresh(t);
    const options = { deduplication: { id: 'k', keepLastIfActive: true } };
    const first = await queue.add('sync', { n: 1 }, options);
    await ours.next();
    await queue.add('sync', { n: 2 }, options);
    await queue.add('sync', { n: 3 }, options);
    await ours.do('complete', { id: first.id, value: null });
    const next = await ours.next();
    assert.deepEqual(next.data, { n: 3 });
    await ours.do('complete', { id: next.id, value: null });
    assert.equal(await queue.getWaitingCount(), 0);
  });

  test('a job of a Node worker that was killed comes to us', async (t) => {
    const name = await fresh(t);
    const worker = new Worker(name, () => new Promise(() => {}), {
      connection: redis.connection, lockDuration: 300, stalledInterval: 200, lockRenewTime: 100_000,
    });
    worker.on('error', () => {});
    const job = await queue.add('orphan', {});
    await until('Node has it', async () => (await job.getState()) === 'active');
    await worker.close(true);  // Without waiting for the job.
    const stalled = await until('we find it', async () => {
      await sleep(100);
      const found = await ours.do('checkStalled', { interval: 200 });
      return found.length > 0 && found;
    });
    assert.deepEqual(stalled, [job.id]);
    const taken = await ours.next();
    assert.equal(taken.id, job.id);
    assert.equal(taken.stalled, 1);
    await until('the event', () => names().includes('stalled'));
    await ours.do('complete', { id: job.id, value: 'saved' });
  });

  test('a paused queue gives us nothing until it is resumed, whoever pauses it', async (t) => {
    await fresh(t);
    await queue.add('before', {});
    await queue.pause();
    await queue.add('during', {});
    assert.equal((await ours.do('take')).job, undefined);
    assert.deepEqual(await ours.do('counts').then((c) => [c.paused, c.waiting]), [2, 0]);
    await queue.resume();
    assert.equal((await ours.next()).name, 'before');
    await ours.do('pause');
    assert.equal(await queue.isPaused(), true);
    assert.equal(await queue.getJobCountByTypes('paused'), 1);
    await queue.add('later', {});
    await ours.do('resume');
    assert.equal(await queue.isPaused(), false);
    assert.deepEqual((await queue.getWaiting(0, -1)).map((job) => job.name), ['during', 'later']);
  });

  test('a child of a flow lets its parent go on', async (t) => {
    const name = await fresh(t);
    const flows = new FlowProducer({ connection: redis.connection });
    const flow = await flows.add({ name: 'parent', queueName: name, data: {}, children: [
      { name: 'child 1', queueName: name, data: {} }, { name: 'child 2', queueName: name, data: {} }] });
    t.after(() => flows.close());
    assert.equal(await flow.job.getState(), 'waiting-children');
    for (let i = 0; i < 2; ++i) {
      const child = await ours.next();
      assert.match(child.name, /^child/);
      await ours.do('complete', { id: child.id, value: { from: child.name } });
    }
    const parent = await ours.next();
    assert.equal(parent.id, flow.job.id);
    assert.deepEqual(Object.values(await flow.job.getChildrenValues()).map((value) => value.from).sort(),
      ['child 1', 'child 2']);
    await ours.do('complete', { id: parent.id, value: null });
  });

  test('a child that fails takes its parent with it where that is asked', async (t) => {
    const name = await fresh(t);
    const flows = new FlowProducer({ connection: redis.connection });
    t.after(() => flows.close());
    const flow = await flows.add({ name: 'parent', queueName: name, data: {}, children: [
      { name: 'child', queueName: name, data: {}, opts: { failParentOnFailure: true } }] });
    const child = await ours.next();
    await ours.do('fail', { id: child.id, reason: 'no' });
    const parent = await ours.next();
    assert.equal(parent.id, flow.job.id);
    assert.match(parent.deferredFailure, /^child .* failed$/);
    await ours.do('fail', { id: parent.id, reason: parent.deferredFailure });
    assert.equal(await flow.job.getState(), 'failed');
  });

  test("Queue's operations on what we left work", async (t) => {
    await fresh(t);
    for (let i = 0; i < 3; ++i) await queue.add(`job ${i}`, { i });
    const failing = await ours.next();
    await ours.do('fail', { id: failing.id, reason: 'bad' });
    const done = await ours.next();
    await ours.do('complete', { id: done.id, value: 1 });
    assert.deepEqual(await queue.getJobCounts('failed', 'completed', 'waiting'), { failed: 1, completed: 1, waiting: 1, paused: 0 });
    const metrics = await queue.getMetrics('completed');
    assert.equal(metrics.meta.count, 1);
    await queue.retryJobs({ state: 'failed' });
    assert.equal(await queue.getFailedCount(), 0);
    await queue.clean(0, 100, 'completed');
    assert.equal(await queue.getCompletedCount(), 0);
    await queue.drain();
    assert.equal(await queue.count(), 0);
    await queue.obliterate();
    assert.deepEqual(await ours.do('counts').then((c) => Object.values(c).every((n) => n === 0)), true);
    assert.ok(!names().includes('ERROR'), JSON.stringify(seen));
  });
});
