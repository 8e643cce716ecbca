// A Bull Board that a team already has, from npm, over a queue that only Lockstep works on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express from 'express';
import { Queue } from 'bullmq';
import { Ours, Redis, until } from './support.mjs';

const name = 'salesforce-sync';

describe('Bull Board from npm over our queue', () => {
  let redis, queue, ours, server, base;

  before(async () => {
    redis = await Redis.start();
    queue = new Queue(name, { connection: redis.connection });
    const board = new ExpressAdapter();
    board.setBasePath('/admin/queues');
    createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter: board });
    server = express().use('/admin/queues', board.getRouter()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${server.address().port}/admin/queues`;
    ours = new Ours(redis.url, name);
  });
  after(async () => {
    await ours.close();
    await queue.close();
    server.close();
    server.closeAllConnections();
    await redis.stop();
  });

  async function call(method, path) {
    const response = await fetch(`${base}/api${path}`, { method });
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
    return response.status === 204 ? null : response.json();
  }
  /// The board's page of one state.
  async function page(status) {
    const { queues } = await call('GET', `/queues?activeQueue=${name}&status=${status}&page=1&jobsPerPage=10`);
    return queues[0];
  }

  test('lists our jobs by state, with what we noted on them', async () => {
    const id = await ours.do('add', { name, data: { integrationId: 'a1' }, opts: { attempts: 2 } });
    await ours.next();
    await ours.do('progress', { id, value: { object: 'contact', done: 40 } });
    await ours.do('log', { id, row: 'contacts: 40 pulled' });
    const active = await page('active');
    assert.deepEqual(active.jobs.map((job) => [job.id, job.progress, job.processedBy]),
      [[id, { object: 'contact', done: 40 }, 'lockstep']]);
    await ours.do('retry', { id, reason: 'INVALID_SESSION_ID', delay: 60_000 });
    const delayed = await page('delayed');
    assert.equal(delayed.counts.delayed, 1);
    assert.equal(delayed.jobs[0].attempts, 1);
    assert.deepEqual(await call('GET', `/queues/${name}/${id}/logs`), ['contacts: 40 pulled']);
    // Promoted on the board, it comes to us at once and fails for good.
    await call('PUT', `/queues/${name}/${id}/promote`);
    assert.equal((await ours.next()).id, id);
    await ours.do('fail', { id, reason: 'INVALID_GRANT' });
    const failed = (await page('failed')).jobs[0];
    assert.equal(failed.failedReason, 'INVALID_GRANT');
    assert.deepEqual(failed.stacktrace, ['at INVALID_GRANT', 'at INVALID_SESSION_ID']);
    assert.equal(failed.isFailed, true);
    assert.deepEqual(failed.data, { integrationId: 'a1' });
  });

  test('retries a job that we failed, and shows it done', async () => {
    const { id } = (await page('failed')).jobs[0];
    await call('PUT', `/queues/${name}/${id}/retry`);
    assert.equal((await ours.next()).id, id);
    await ours.do('complete', { id, value: { status: 'completed', successful: 12 } });
    const done = await call('GET', `/queues/${name}/${id}`);
    assert.equal(done.status, 'completed');
    assert.deepEqual(done.job.returnValue, { status: 'completed', successful: 12 });
    assert.equal((await page('failed')).counts.failed, 0);
  });

  test('pauses and resumes us, and adds jobs that we take', async () => {
    await call('PUT', `/queues/${name}/pause`);
    const response = await fetch(`${base}/api/queues/${name}/add`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, data: { integrationId: 'b2' }, options: { removeOnComplete: { count: 20 } } }),
    });
    assert.equal(response.status, 200);
    assert.equal((await ours.do('take')).job, undefined);
    assert.equal((await page('latest')).isPaused, true);
    await call('PUT', `/queues/${name}/resume`);
    const job = await ours.next();
    assert.deepEqual(job.data, { integrationId: 'b2' });
    await ours.do('complete', { id: job.id, value: null });
  });

  test('shows our scheduler and removes it', async () => {
    const run = await ours.do('schedule', { id: 'sync', pattern: '*/15 * * * *', tz: 'UTC', name, data: {},
      opts: { removeOnComplete: { count: 20 }, removeOnFail: { count: 50 } } });
    const { schedulers } = await call('GET', `/job-schedulers?queueName=${name}`);
    assert.deepEqual(schedulers.map(({ id, pattern, tz, nextRunJobId }) => [id, pattern, tz, nextRunJobId]),
      [['sync', '*/15 * * * *', 'UTC', run]]);
    await call('PUT', `/queues/${name}/job-schedulers/sync/remove`);
    assert.deepEqual(await ours.do('schedulers'), []);
  });

  test('keeps the last 20 done and the last 50 failed of what we end', async () => {
    const opts = { removeOnComplete: { count: 20 }, removeOnFail: { count: 50 } };
    for (let i = 0; i < 60; ++i) {
      for (const end of ['complete', 'fail']) {
        const id = await ours.do('add', { name, opts });
        await ours.do('take');
        await ours.do(end, { id, value: null, reason: 'no' });
      }
    }
    const { counts } = await page('latest');
    assert.deepEqual([counts.completed, counts.failed], [20, 50]);
  });

  test('counts our workers', async () => {
    const listening = ours.do('wait', { ms: 2000 });
    await until('the board sees a worker', async () => (await page('latest')).hasWorkers === true);
    const { workers } = await call('GET', `/queues/${name}/workers`);
    assert.deepEqual(workers.map((worker) => worker.name), ['lockstep']);
    await ours.do('add', { name });  // Ends the wait.
    await listening;
  });
});
