import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { Sfsim, apiVersion } from './sfsim.mjs';

const seeded = 5000;

describe('jsforce against sfsim', () => {
  let sim;
  let org;

  before(async () => {
    sim = await Sfsim.start('--seed-rows', String(seeded));
    org = new jsforce.Connection({ instanceUrl: sim.url, accessToken: await sim.accessToken(), version: apiVersion });
  });

  after(async () => {
    assert.equal(await sim.stop(), 0, 'SIGTERM ends the simulator with status 0');
  });

  test('follows all pages of a query and meets every record once', async () => {
    const ids = new Set();
    let last = '';
    let named = 0;
    const query = org.query('SELECT Id, LastName, Account.Name FROM Contact ORDER BY Id', { autoFetch: true, maxFetch: 10000 });
    query.on('record', (record) => {
      assert.match(record.Id, /^003[0-9A-Za-z]{15}$/);
      assert.equal(record.attributes.type, 'Contact');
      if (record.Account !== null) {
        assert.equal(record.Account.attributes.type, 'Account');
        named += typeof record.Account.Name === 'string' ? 1 : 0;
      }
      assert.ok(last < record.Id, 'records come in the order asked for');
      last = record.Id;
      ids.add(record.Id);
    });
    await query.run();
    assert.equal(ids.size, seeded);
    assert.ok(named > seeded / 2, 'most contacts belong to an account');
  });

  test('honours the page size of Sforce-Query-Options', async () => {
    const page = await org.query('SELECT Id FROM Contact', { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
    assert.equal(page.totalSize, seeded);
    assert.equal(page.done, false);
    assert.ok(page.records.length >= 1 && page.records.length <= 200);
    const next = await org.queryMore(page.nextRecordsUrl);
    assert.notEqual(next.records[0].Id, page.records[0].Id);
  });

  test('polls by SystemModstamp and Id without a gap or a repeat', async () => {
    const met = new Set();
    let from = "SystemModstamp >= 1999-01-01T00:00:00Z";
    for (let page = 0; page < 100; ++page) {
      const answer = await org.query(
        `SELECT Id, SystemModstamp FROM Contact WHERE ${from} ORDER BY SystemModstamp ASC, Id ASC LIMIT 700`);
      for (const record of answer.records) {
        assert.ok(!met.has(record.Id), 'no record comes twice');
        met.add(record.Id);
      }
      if (answer.records.length < 700) break;
      const tail = answer.records.at(-1);
      const stamp = tail.SystemModstamp.replace('.000+0000', 'Z');
      assert.match(stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'stamps are whole seconds');
      from = `((SystemModstamp = ${stamp} AND Id > '${tail.Id}') OR SystemModstamp > ${stamp})`;
    }
    assert.equal(met.size, seeded);
  });

  test('creates, reads, changes and deletes a record', async () => {
    const created = await org.sobject('Contact').create({ FirstName: '  Ada ', LastName: "O'Hara, \"Jr\"", Title: '' });
    assert.equal(created.success, true);
    const read = await org.sobject('Contact').retrieve(created.id);
    assert.equal(read.FirstName, 'Ada', 'text is trimmed');
    assert.equal(read.Title, null, 'an empty text is null');
    assert.equal(read.Name, "Ada O'Hara, \"Jr\"");
    assert.equal(read.IsDeleted, false);
    await org.sobject('Contact').update({ Id: created.id, Phone: '+49 30 1' });
    assert.equal((await org.sobject('Contact').retrieve(created.id)).Phone, '+49 30 1');
    await org.sobject('Contact').destroy(created.id);
    await assert.rejects(org.sobject('Contact').retrieve(created.id), (error) => error.errorCode === 'ENTITY_IS_DELETED' || error.errorCode === 'NOT_FOUND');
    const binned = await org.query(`SELECT Id, IsDeleted FROM Contact WHERE Id = '${created.id}'`, { scanAll: true });
    assert.equal(binned.records[0].IsDeleted, true);
    assert.equal((await org.query(`SELECT Id FROM Contact WHERE Id = '${created.id}'`)).totalSize, 0);
  });

  test('upserts by external id: created once, then updated', async () => {
    const write = (Title) => org.sobject('Contact').upsert({ LastName: 'Once', Title, Lockstep_Id__c: 'k-1' }, 'Lockstep_Id__c');
    const first = await write('a');
    const second = await write('b');
    assert.equal(first.created, true);
    assert.equal(second.created, false);
    assert.equal(second.id, first.id);
    const found = await org.query("SELECT Id, Title FROM Contact WHERE Lockstep_Id__c IN ('k-1', 'k-2')");
    assert.deepEqual(found.records.map((record) => record.Title), ['b']);
  });

  test('answers collections in the order of the request and lets good records through', async () => {
    const results = await org.sobject('Account').create([{ Name: 'C1' }, { Website: 'no name' }, { Name: 'C3' }]);
    assert.deepEqual(results.map((result) => result.success), [true, false, true]);
    assert.equal(results[1].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
    assert.deepEqual(results[1].errors[0].fields, ['Name']);
  });

  test('takes a whole collection back when allOrNone is set', async () => {
    const results = await org.sobject('Account').create([{ Name: 'AllOrNone' }, { Website: 'no name' }], { allOrNone: true });
    assert.equal(results[0].success, false);
    assert.equal(results[0].errors[0].statusCode, 'ALL_OR_NONE_OPERATION_ROLLED_BACK');
    assert.equal((await org.query("SELECT Id FROM Account WHERE Name = 'AllOrNone'")).totalSize, 0);
  });

  test('does not know Company on Contact', async () => {
    const described = await org.sobject('Contact').describe();
    const names = described.fields.map((field) => field.name);
    assert.ok(names.includes('AccountId') && names.includes('Lockstep_Id__c'));
    assert.ok(!names.includes('Company'));
    const key = described.fields.find((field) => field.name === 'Lockstep_Id__c');
    assert.equal(key.externalId && key.unique && key.idLookup, true);
    await assert.rejects(org.query('SELECT Id, Company FROM Contact'), (error) => {
      assert.equal(error.errorCode, 'INVALID_FIELD');
      assert.match(error.message, /No such column 'Company' on/);
      return true;
    });
    await assert.rejects(org.query('SELECT Id FORM Contact'), (error) => error.errorCode === 'MALFORMED_QUERY');
  });

  test('refuses a second record with a unique key', async () => {
    await org.sobject('Account').create({ Name: 'U1', Lockstep_Id__c: 'unique-1' });
    await assert.rejects(org.sobject('Account').create({ Name: 'U2', Lockstep_Id__c: 'UNIQUE-1' }), (error) => error.errorCode === 'DUPLICATE_VALUE');
  });

  test('runs a composite call with a reference, as one API call', async () => {
    const before = await sim.call('GET', 'limits');
    const answer = await sim.call('POST', 'composite', {
      body: {
        allOrNone: true,
        compositeRequest: [
          { method: 'POST', url: `/services/data/v${apiVersion}/sobjects/Account`, referenceId: 'a', body: { Name: 'Parent' } },
          { method: 'POST', url: `/services/data/v${apiVersion}/sobjects/Contact`, referenceId: 'c', body: { LastName: 'Child', AccountId: '@{a.id}' } },
        ],
      },
    });
    assert.equal(answer.status, 200);
    const [account, contact] = answer.body.compositeResponse;
    assert.equal(account.httpStatusCode, 201);
    assert.equal(contact.httpStatusCode, 201);
    const read = await org.sobject('Contact').retrieve(contact.body.id);
    assert.equal(read.AccountId, account.body.id);
    const used = (headers) => Number(/api-usage=(\d+)\//.exec(headers.get('sforce-limit-info'))[1]);
    assert.equal(used(answer.headers) - used(before.headers), 1);
  });

  test('rolls a composite call back when allOrNone is set and one request fails', async () => {
    const answer = await sim.call('POST', 'composite', {
      body: {
        allOrNone: true,
        compositeRequest: [
          { method: 'POST', url: `/services/data/v${apiVersion}/sobjects/Account`, referenceId: 'a', body: { Name: 'RolledBack' } },
          { method: 'POST', url: `/services/data/v${apiVersion}/sobjects/Contact`, referenceId: 'c', body: { FirstName: 'no last name' } },
        ],
      },
    });
    const [account, contact] = answer.body.compositeResponse;
    assert.equal(account.httpStatusCode, 400);
    assert.equal(account.body[0].errorCode, 'PROCESSING_HALTED');
    assert.equal(contact.body[0].errorCode, 'REQUIRED_FIELD_MISSING');
    assert.equal((await org.query("SELECT Id FROM Account WHERE Name = 'RolledBack'")).totalSize, 0);
  });

  test('refuses a write to a record that changed since', async () => {
    const { id } = await org.sobject('Account').create({ Name: 'Guarded' });
    const write = (when) => sim.call('PATCH', `sobjects/Account/${id}`, { body: { Phone: '1' }, headers: { 'If-Unmodified-Since': when.toUTCString() } });
    assert.equal((await write(new Date(Date.now() - 3_600_000))).status, 412);
    assert.equal((await write(new Date(Date.now() + 3_600_000))).status, 204);
  });

  test('retrieves many ids in one call, null for those it does not know', async () => {
    const ids = (await org.query('SELECT Id FROM Contact LIMIT 3')).records.map((record) => record.Id);
    const answer = await sim.call('POST', 'composite/sobjects/Contact', { body: { ids: [ids[2], '003000000000000AAA', ids[0]], fields: ['Id', 'LastName'] } });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body.map((record) => record?.Id ?? null), [ids[2], null, ids[0]]);
  });

  test('deletes a list of records, each with its own result', async () => {
    const made = await org.sobject('Account').create([{ Name: 'D1' }, { Name: 'D2' }]);
    const ids = made.map((result) => result.id);
    const results = await org.sobject('Account').destroy([ids[0], '001000000000000AAA', ids[1]]);
    assert.deepEqual(results.map((result) => result.success), [true, false, true]);
    assert.equal((await org.query(`SELECT Id FROM Account WHERE Id IN ('${ids.join("','")}')`)).totalSize, 0);
  });

  test('an upsert that may only update creates nothing', async () => {
    const answer = await sim.call('PATCH', 'sobjects/Account/Lockstep_Id__c/none?updateOnly=true', { body: { Name: 'None' } });
    assert.equal(answer.status, 404);
    assert.equal((await org.query("SELECT Id FROM Account WHERE Lockstep_Id__c = 'none'")).totalSize, 0);
  });

  test('reads the fields that were asked for', async () => {
    const { id } = await org.sobject('Account').create({ Name: 'Fields', Phone: '1' });
    const answer = await sim.call('GET', `sobjects/Account/${id}?fields=Name,Owner.Name`);
    assert.deepEqual(Object.keys(answer.body), ['attributes', 'Name', 'Owner']);
    assert.equal((await sim.call('GET', `sobjects/Account/${id}?fields=Nope`)).body[0].errorCode, 'INVALID_FIELD');
  });

  test('dumps every living record once', async () => {
    const text = await (await fetch(`${sim.url}/__sim/dump/Contact`)).text();
    const ids = text.trimEnd().split('\n').map((line) => JSON.parse(line).Id);
    const { totalSize } = await org.query('SELECT COUNT() FROM Contact');
    assert.equal(ids.length, totalSize);
    assert.equal(new Set(ids).size, totalSize);
  });
});
