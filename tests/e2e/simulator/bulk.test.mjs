import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { Sfsim, apiVersion } from './sfsim.mjs';

const seeded = 3000;

describe('Bulk API 2.0 by jsforce', () => {
  let sim;
  let org;

  before(async () => {
    sim = await Sfsim.start('--seed-rows', String(seeded), '--bulk-delay-ms', '50');
    org = new jsforce.Connection({ instanceUrl: sim.url, accessToken: await sim.accessToken(), version: apiVersion });
    org.bulk2.pollInterval = 50;
    org.bulk2.pollTimeout = 60_000;
  });
  after(() => sim.stop());

  const load = (options) => org.bulk2.loadAndWaitForResults({ object: 'Contact', pollInterval: 50, pollTimeout: 60_000, ...options });

  test('inserts records and says which failed and why', async () => {
    const input = Array.from({ length: 500 }, (_, at) => ({ LastName: at === 7 ? '' : `Load "${at}",\nJr`, Email: at === 9 ? 'no address' : `load${at}@example.com` }));
    const results = await load({ operation: 'insert', input });
    assert.equal(results.successfulResults.length, 498);
    assert.equal(results.failedResults.length, 2);
    assert.equal(results.unprocessedRecords.length, 0);
    for (const row of results.successfulResults) {
      assert.match(row.sf__Id, /^003[0-9A-Za-z]{15}$/);
      assert.equal(row.sf__Created, 'true');
      assert.match(row.LastName, /^Load "\d+",\nJr$/);
    }
    const errors = results.failedResults.map((row) => row.sf__Error.split(':')[0]).sort();
    assert.deepEqual(errors, ['INVALID_EMAIL_ADDRESS', 'REQUIRED_FIELD_MISSING']);
    const found = await org.query("SELECT LastName FROM Contact WHERE Email = 'load42@example.com'");
    assert.equal(found.records[0].LastName, 'Load "42",\nJr');
  });

  test('upserts by an external id, with parents by theirs, then updates and deletes', async () => {
    await load({ object: 'Account', operation: 'upsert', externalIdFieldName: 'Lockstep_Id__c', input: [{ Lockstep_Id__c: 'acct', Name: 'Parents' }] });
    const rows = [1, 2, 3].map((at) => ({ Lockstep_Id__c: `key${at}`, LastName: `Child ${at}`, 'Account.Lockstep_Id__c': at === 3 ? 'nobody' : 'acct' }));
    const upsert = () => load({ operation: 'upsert', externalIdFieldName: 'Lockstep_Id__c', input: rows });
    const first = await upsert();
    assert.deepEqual(first.successfulResults.map((row) => row.sf__Created), ['true', 'true']);
    assert.match(first.failedResults[0].sf__Error, /nobody/);
    const second = await upsert();
    assert.deepEqual(second.successfulResults.map((row) => row.sf__Created), ['false', 'false']);
    const ids = second.successfulResults.map((row) => row.sf__Id);
    await load({ operation: 'update', input: ids.map((Id) => ({ Id, Title: 'Updated', Phone: '#N/A' })) });
    const { records } = await org.query("SELECT Title, Account.Name FROM Contact WHERE Lockstep_Id__c LIKE 'key%'");
    assert.deepEqual(records.map((record) => `${record.Title} ${record.Account.Name}`), ['Updated Parents', 'Updated Parents']);
    const gone = await load({ operation: 'delete', input: ids.map((Id) => ({ Id })) });
    assert.equal(gone.successfulResults.length, 2);
    assert.equal((await org.query("SELECT Id FROM Contact WHERE Lockstep_Id__c LIKE 'key%'")).totalSize, 0);
  });

  test('an unknown column fails the job', async () => {
    const job = org.bulk2.createJob({ object: 'Contact', operation: 'insert' });
    const failed = new Promise((resolve) => job.on('error', resolve));
    await job.open();
    await job.uploadData([{ LastName: 'x', Nonsense__c: 'y' }]);
    await job.close();
    await assert.rejects(job.poll(50, 30_000), /InvalidBatch : Field name not found : Nonsense__c/);
    await failed;
    assert.equal((await job.check()).state, 'Failed');
  });

  test('an open job can be aborted and then deleted', async () => {
    const job = org.bulk2.createJob({ object: 'Contact', operation: 'insert' });
    await job.open();
    assert.equal((await job.check()).state, 'Open');
    await job.abort();
    assert.equal((await job.check()).state, 'Aborted');
    await job.delete();
    job.on('error', () => {});
    await assert.rejects(job.check(), /NOT_FOUND|does not exist/);
  });

  // jsforce reads one page only: it ends its stream behind the first.
  test('queries every record once', async () => {
    const stream = await org.bulk2.query("SELECT Id, LastName, Account.Name FROM Contact WHERE Email LIKE '%example%' OR Email = null OR Email != null");
    const ids = new Set();
    await new Promise((resolve, reject) => {
      stream.on('record', (record) => {
        assert.match(record.Id, /^003[0-9A-Za-z]{15}$/);
        assert.ok('Account.Name' in record);
        ids.add(record.Id);
      });
      stream.on('end', resolve);
      stream.on('error', reject);
    });
    assert.ok(ids.size >= seeded, `${ids.size} of ${seeded}`);
    const { totalSize } = await org.query('SELECT COUNT() FROM Contact');
    assert.equal(ids.size, totalSize);
  });

  test('answers a raw caller as the documents say: gzip, locators, page by page', async () => {
    const token = await sim.accessToken();
    const raw = (path, init = {}) => fetch(`${sim.url}/services/data/v${apiVersion}/${path}`, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers } });
    const created = await raw('jobs/query', { method: 'POST', body: JSON.stringify({ operation: 'query', query: 'SELECT Id FROM Account', columnDelimiter: 'PIPE', lineEnding: 'CRLF' }) });
    assert.equal(created.status, 200);
    const { id } = await created.json();
    let state;
    do {
      state = (await (await raw(`jobs/query/${id}`)).json()).state;
    } while (state !== 'JobComplete');
    const page = await raw(`jobs/query/${id}/results?maxRecords=2`, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(page.headers.get('content-encoding'), 'gzip');
    assert.match(page.headers.get('content-type'), /^text\/csv/);
    assert.equal(page.headers.get('sforce-numberofrecords'), '2');
    const text = await page.text();
    assert.match(text, /^"Id"\r\n"001\w{15}"\r\n"001\w{15}"\r\n$/);
    const next = await raw(`jobs/query/${id}/results?locator=${page.headers.get('sforce-locator')}&maxRecords=1`);
    assert.doesNotMatch(text, new RegExp((await next.text()).split('\r\n')[1].replaceAll('"', '')));
  });

  test('what a query finds is updated and deleted, by collections or by Bulk as the client likes', async () => {
    const made = await org.sobject('Contact').create(
      Array.from({ length: 230 }, (_, at) => ({ LastName: `Found${at % 10}`, Email: `found${at}@example.com` })), { allowRecursive: true });
    assert.ok(made.every(({ success }) => success));
    const found = (last) => org.sobject('Contact').find({ LastName: { $like: last } }, ['Id']);
    const byBulk = { allowBulk: true, bulkThreshold: 0, bulkApiVersion: 2 };
    const updated = [await found('Found1').update({ Title: 'one' }), await found('Found%').update({ Department: 'all' }, byBulk)];
    assert.deepEqual(updated.map((each) => each.filter(({ success }) => success).length), [23, 230]);
    assert.equal(await org.sobject('Contact').count({ Title: 'one', Department: 'all' }), 23);
    const deleted = [await found('Found1').destroy(), await found('Found%').destroy(byBulk)];
    assert.deepEqual(deleted.map((each) => each.filter(({ success }) => success).length), [23, 207]);
    assert.equal(await org.sobject('Contact').count({ Department: 'all' }), 0);
  });

  test('Bulk API 1.0 is refused by name, and not as a session that has ended', async () => {
    const answer = await fetch(`${sim.url}/services/async/62.0/job`, { method: 'POST', headers: { 'x-sfdc-session': await sim.accessToken() }, body: '{}' });
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).exceptionCode, 'FeatureNotEnabled');
  });
});
