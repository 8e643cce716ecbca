// Many records or requests in one call, by jsforce where it has a method for it and as plain requests of it where not.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { Sfsim, apiVersion } from './sfsim.mjs';

const root = `/services/data/v${apiVersion}`;

describe('many in one call', () => {
  let sim;
  let org;

  before(async () => {
    sim = await Sfsim.start('--seed-rows', '50');
    org = new jsforce.Connection({ instanceUrl: sim.url, accessToken: await sim.accessToken(), version: apiVersion });
  });
  after(() => sim.stop());

  const count = async (object, where) => (await org.query(`SELECT COUNT() FROM ${object} WHERE ${where}`)).totalSize;
  const used = () => org.limitInfo.apiUsage.used;

  test('jsforce parts 450 records into collections of 200, in order', async () => {
    const names = Array.from({ length: 450 }, (_, at) => `Parted ${at}`);
    const before = (await org.limits(), used());
    const made = await org.sobject('Account').create(names.map((Name) => ({ Name })), { allowRecursive: true });
    assert.equal(used() - before, 3, 'three calls');
    assert.ok(made.every((result) => result.success));
    const read = await org.sobject('Account').retrieve(made.slice(0, 200).map((result) => result.id));
    assert.deepEqual(read.map((record) => record.Name), names.slice(0, 200));
    const changed = await org.sobject('Account').update(made.map((result, at) => ({ Id: result.id, Phone: String(at) })), { allowRecursive: true });
    assert.ok(changed.every((result) => result.success));
    assert.equal(await count('Account', "Name LIKE 'Parted %' AND Phone != null"), 450);
    const gone = await org.sobject('Account').destroy(made.map((result) => result.id), { allowRecursive: true });
    assert.equal(gone.filter((result) => result.success).length, 450);
  });

  test('an upsert of many says of each whether it was created', async () => {
    const upsert = (keys) => org.sobject('Contact').upsert(keys.map((key) => ({ LastName: 'Many', Lockstep_Id__c: key })), 'Lockstep_Id__c');
    assert.deepEqual((await upsert(['m-1', 'm-2'])).map((result) => result.created), [true, true]);
    const second = await upsert(['m-2', 'm-3', 'm-3']);
    assert.deepEqual(second.map((result) => result.success), [true, true, false]);
    assert.deepEqual(second.slice(0, 2).map((result) => result.created), [false, true]);
    assert.equal(await count('Contact', "LastName = 'Many'"), 3);
  });

  test('201 records or eleven chunks are refused as a whole', async () => {
    const create = (types) => org.request({ method: 'POST', url: `${root}/composite/sobjects`, headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ records: types.map((type) => ({ attributes: { type }, Name: 'Chunk', LastName: 'Chunk' })) }) });
    await assert.rejects(create(Array(201).fill('Account')));
    await assert.rejects(create(Array.from({ length: 11 }, (_, at) => (at % 2 ? 'Account' : 'Contact'))));
    assert.equal(await count('Account', "Name = 'Chunk'"), 0);
  });

  test('a batch costs as many calls as it has requests, and each stands alone', async () => {
    const before = (await org.limits(), used());
    const { hasErrors, results } = await org.requestPost(`${root}/composite/batch`, { batchRequests: [
      { method: 'POST', url: `v${apiVersion}/sobjects/Account`, richInput: { Name: 'Batch' } },
      { method: 'POST', url: `v${apiVersion}/sobjects/Account`, richInput: {} },
      { method: 'GET', url: `v${apiVersion}/query?q=${encodeURIComponent("SELECT Name FROM Account WHERE Name = 'Batch'")}` }] });
    assert.equal(used() - before, 3);
    assert.equal(hasErrors, true);
    assert.deepEqual(results.map((result) => result.statusCode), [201, 400, 200]);
    assert.equal(results[2].result.records[0].Name, 'Batch');
  });

  test('a tree grows children, or nothing', async () => {
    const tree = (Email) => ({ records: [{ attributes: { type: 'Account', referenceId: 'a1' }, Name: 'Tree',
      Contacts: { records: [{ attributes: { type: 'Contact', referenceId: 'c1' }, LastName: 'Leaf', Email }] } }] });
    await assert.rejects(org.requestPost(`${root}/composite/tree/Account`, tree('nonsense')));
    assert.equal(await count('Account', "Name = 'Tree'"), 0);
    const planted = await org.requestPost(`${root}/composite/tree/Account`, tree('leaf@example.com'));
    assert.deepEqual(planted.results.map((result) => result.referenceId), ['a1', 'c1']);
    assert.equal(await count('Contact', `Id = '${planted.results[1].id}' AND Account.Name = 'Tree'`), 1);
  });

  test('of two graphs the good one stays', async () => {
    const graph = (graphId, body) => ({ graphId, compositeRequest: [
      { method: 'POST', url: `${root}/sobjects/Account`, referenceId: 'a', body: { Name: `Graph ${graphId}` } },
      { method: 'POST', url: `${root}/sobjects/Contact`, referenceId: 'c', body: { AccountId: '@{a.id}', ...body } }] });
    const { graphs } = await org.requestPost(`${root}/composite/graph`, { graphs: [graph('1', { LastName: 'x' }), graph('2', {})] });
    assert.deepEqual(graphs.map((one) => one.isSuccessful), [true, false]);
    const [halted, cause] = graphs[1].graphResponse.compositeResponse;
    assert.deepEqual([halted.body[0].errorCode, cause.body[0].errorCode], ['PROCESSING_HALTED', 'REQUIRED_FIELD_MISSING']);
    assert.equal(await count('Account', "Name LIKE 'Graph %'"), 1);
  });

  test('updated and deleted list what happened in whole minutes', async () => {
    const [kept, gone] = await org.sobject('Account').create([{ Name: 'Replicated' }, { Name: 'Gone' }]);
    await org.sobject('Account').destroy(gone.id);
    await sim.control('PUT', 'clock', { advance_ms: 120_000 });
    const now = new Date((await sim.control('GET', 'clock')).now);
    const start = new Date(now.getTime() - 3_600_000);
    const updated = await org.sobject('Account').updated(start, now);
    assert.ok(updated.ids.includes(kept.id) && !updated.ids.includes(gone.id));
    assert.match(updated.latestDateCovered, /\.000\+0000$/);
    const deleted = await org.sobject('Account').deleted(start, now);
    assert.ok(deleted.deletedRecords.some((record) => record.id === gone.id));
    await assert.rejects(org.sobject('Account').deleted(new Date(now.getTime() - 16 * 86_400_000), now),
      (error) => error.errorCode === 'INVALID_REPLICATION_DATE');
  });
});
