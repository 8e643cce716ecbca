import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Sfsim } from './sfsim.mjs';

describe('faults on demand', () => {
  let sim;
  let token;

  before(async () => {
    sim = await Sfsim.start();
    token = await sim.accessToken();
  });
  afterEach(() => fetch(`${sim.url}/__sim/faults`, { method: 'DELETE' }));
  after(() => sim.stop());

  const create = (Name) => sim.call('POST', 'sobjects/Account', { token, body: { Name } });
  const count = async (Name) => (await sim.call('GET', `query?q=${encodeURIComponent(`SELECT Id FROM Account WHERE Name = '${Name}'`)}`, { token })).body.totalSize;

  test('503 as often as the rule says, then as before', async () => {
    await sim.faults({ rules: [{ effect: 'unavailable', method: 'POST', path: '/sobjects', count: 1 }] });
    const refused = await create('Later');
    assert.equal(refused.status, 503);
    assert.equal(refused.body[0].errorCode, 'SERVER_UNAVAILABLE');
    assert.equal((await create('Later')).status, 201);
  });

  test('a cut before the write leaves nothing, a cut after it leaves the record', async () => {
    await sim.faults({ rules: [{ effect: 'cut_before', path: '/sobjects', count: 1 }] });
    await assert.rejects(create('CutBefore'), TypeError);
    assert.equal(await count('CutBefore'), 0);
    await sim.faults({ rules: [{ effect: 'cut_after', path: '/sobjects', count: 1 }] });
    await assert.rejects(create('CutAfter'), TypeError);
    assert.equal(await count('CutAfter'), 1);
  });

  test('rows that cannot be locked fail alone', async () => {
    await sim.faults({ seed: 7, rules: [{ effect: 'lock_rows', object: 'Account', share: 0.5 }] });
    const records = Array.from({ length: 100 }, (_, at) => ({ attributes: { type: 'Account' }, Name: `Locked ${at}` }));
    const { status, body } = await sim.call('POST', 'composite/sobjects', { token, body: { records } });
    assert.equal(status, 200);
    const locked = body.filter((result) => !result.success);
    assert.ok(locked.length > 20 && locked.length < 80, `${locked.length} of 100 were locked`);
    assert.ok(locked.every((result) => result.errors[0].statusCode === 'UNABLE_TO_LOCK_ROW'));
  });

  test('500 with HTML, 403 for the limit, slow answers', async () => {
    await sim.faults({ rules: [{ effect: 'request_limit', count: 1 }] });
    const limited = await create('Limited');
    assert.equal(limited.status, 403);
    assert.equal(limited.body[0].errorCode, 'REQUEST_LIMIT_EXCEEDED');
    await sim.faults({ rules: [{ effect: 'html_500', count: 1 }] });
    const html = await fetch(`${sim.url}/services/data/v62.0/limits`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(html.status, 500);
    assert.match(html.headers.get('content-type'), /^text\/html/);
    await sim.faults({ rules: [{ effect: 'latency', latency_ms: 300 }] });
    const start = performance.now();
    await sim.call('GET', 'limits', { token });
    assert.ok(performance.now() - start >= 290);
  });

  test('a token can expire at any call', async () => {
    await sim.faults({ rules: [{ effect: 'expire_token', count: 1 }] });
    assert.equal((await sim.call('GET', 'limits', { token })).status, 401);
    assert.equal((await sim.call('GET', 'limits', { token })).status, 401, 'the token stays dead');
    token = await sim.accessToken();
    assert.equal((await sim.call('GET', 'limits', { token })).status, 200);
  });

  test('two calls in flight on one parent: the second cannot lock it', async () => {
    const parent = (await create('Locked')).body.id;
    const child = (LastName) => sim.call('POST', 'sobjects/Contact', { token, body: { LastName, AccountId: parent } });
    await sim.faults({ rules: [{ effect: 'latency', latency_ms: 400, path: '/sobjects/Contact' }] });
    const answers = await Promise.all([child('One'), child('Two')]);
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 400]);
    assert.equal(answers.find((answer) => answer.status === 400).body[0].errorCode, 'UNABLE_TO_LOCK_ROW');
    assert.equal((await child('Three')).status, 201, 'the lock went with the call');
  });

  test('too many long calls at once are refused until they end', async () => {
    await sim.control('PUT', 'limits', { long_calls: 2, long_call_after_ms: 100 });
    await sim.faults({ rules: [{ effect: 'latency', latency_ms: 1500, path: '/describe' }] });
    const long = [1, 2].map(() => sim.call('GET', 'sobjects/Account/describe', { token }));
    await new Promise((resolve) => setTimeout(resolve, 400));
    const refused = await sim.call('GET', 'limits', { token });
    assert.equal(refused.status, 403);
    assert.deepEqual(refused.body, [{ message: 'ConcurrentPerOrgLongTxn Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }]);
    assert.deepEqual((await Promise.all(long)).map((answer) => answer.status), [200, 200]);
    assert.equal((await sim.call('GET', 'limits', { token })).status, 200);
    await sim.control('PUT', 'limits', { long_calls: 25, long_call_after_ms: 20_000 });
  });

  test('a rule that cannot be read is refused and the old rules stay', async () => {
    await assert.rejects(sim.faults({ rules: [{ effect: 'explode' }] }), /unknown effect/);
    assert.equal((await create('Fine')).status, 201);
  });
});
