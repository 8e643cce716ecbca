// An org set up by the user: its own schema, its rules, its size.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { Sfsim, apiVersion } from './sfsim.mjs';

const connect = async (sim) => new jsforce.Connection({ instanceUrl: sim.url, accessToken: await sim.accessToken(), version: apiVersion });

describe('an org of the user\'s own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sfsim-'));
  let sim;
  let org;

  before(async () => {
    // The way a user gets a describe file: from an org, here with another field and name.
    const donor = await Sfsim.start();
    const account = await (await connect(donor)).sobject('Account').describe();
    await donor.stop();
    const field = (name) => account.fields.find((each) => each.name === name);
    const code = { ...field('Lockstep_Id__c'), name: 'Code__c', label: 'Code', length: 8, byteLength: 24, nillable: false };
    const widget = { ...account, name: 'Widget__c', label: 'Widget', labelPlural: 'Widgets', keyPrefix: 'a0W', custom: true, childRelationships: [],
      fields: [...['Id', 'IsDeleted', 'Name', 'OwnerId', 'CreatedDate', 'CreatedById', 'LastModifiedDate', 'LastModifiedById', 'SystemModstamp'].map(field), code] };
    writeFileSync(join(folder, 'Widget__c.json'), JSON.stringify({ status: 0, result: widget }));
    writeFileSync(join(folder, 'rules'), JSON.stringify({ validations: [
      { object: 'Contact', name: 'mail', condition: 'ISBLANK(Email)', message: 'No mail address', field: 'Email' }] }));
    sim = await Sfsim.start('--seed-rows', '5000', '--schema', folder, '--rules', join(folder, 'rules'), '--short-pages');
    org = await connect(sim);
  });
  after(async () => {
    await sim.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('has the object of a describe file, with its rules', async () => {
    const { id } = await org.sobject('Widget__c').create({ Name: 'First', Code__c: 'w-1' });
    assert.match(id, /^a0W/);
    await assert.rejects(org.sobject('Widget__c').create({ Name: 'None' }), (error) => error.errorCode === 'REQUIRED_FIELD_MISSING');
    await assert.rejects(org.sobject('Widget__c').create({ Name: 'Long', Code__c: 'w-1234567' }), (error) => error.errorCode === 'STRING_TOO_LONG');
    const upserted = await org.sobject('Widget__c').upsert({ Name: 'Second', Code__c: 'W-1' }, 'Code__c');
    assert.deepEqual([upserted.id, upserted.created], [id, false]);
    assert.ok((await org.describeGlobal()).sobjects.some((each) => each.name === 'Widget__c' && each.keyPrefix === 'a0W'));
  });

  test('refuses what a validation rule refuses', async () => {
    await assert.rejects(org.sobject('Contact').create({ LastName: 'x' }),
      (error) => error.errorCode === 'FIELD_CUSTOM_VALIDATION_EXCEPTION' && error.message === 'No mail address');
    assert.equal((await org.sobject('Contact').create({ LastName: 'x', Email: 'x@example.com' })).success, true);
  });

  test('gives pages that are shorter than asked for, and loses nothing', async () => {
    const sizes = new Set();
    const ids = new Set();
    let page = await org.query('SELECT Id FROM Contact WHERE LastName != null', { headers: { 'Sforce-Query-Options': 'batchSize=500' } });
    const total = page.totalSize;
    for (;;) {
      sizes.add(page.records.length);
      page.records.forEach((record) => ids.add(record.Id));
      if (page.done) break;
      page = await org.queryMore(page.nextRecordsUrl);
    }
    assert.equal(ids.size, total);
    assert.ok([...sizes].every((size) => size <= 500) && sizes.size > 2, `pages of ${[...sizes]}`);
  });

  test('makes a custom field that shows once it is granted', async () => {
    const made = await org.tooling.sobject('CustomField').create({ FullName: 'Contact.Score__c',
      Metadata: { type: 'Number', label: 'Score', precision: 10, scale: 2 } });
    assert.match(made.id, /^00N/);
    const write = () => org.sobject('Contact').create({ LastName: 'Scored', Email: 's@example.com', Score__c: 1.5 });
    await assert.rejects(write(), (error) => error.errorCode === 'INVALID_FIELD');
    const { records: [{ PermissionSetId }] } = await org.query(
      'SELECT PermissionSetId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true');
    await org.sobject('FieldPermissions').create({ ParentId: PermissionSetId, SobjectType: 'Contact', Field: 'Contact.Score__c', PermissionsRead: true, PermissionsEdit: true });
    const { id } = await write();
    assert.equal((await org.sobject('Contact').retrieve(id)).Score__c, 1.5);
  });

  test('a merge, a conversion and a late transaction happen on demand', async () => {
    const [winner, loser] = (await org.sobject('Account').create([{ Name: 'Winner' }, { Name: 'Loser' }])).map((each) => each.id);
    await sim.control('POST', 'as/olga@sfsim.example.com/merge', { master: winner, losers: [loser] });
    const gone = await org.query(`SELECT MasterRecordId FROM Account WHERE Id = '${loser}'`, { scanAll: true });
    assert.equal(gone.records[0].MasterRecordId, winner);
    const lead = await org.sobject('Lead').create({ LastName: 'Lee', Company: 'Lee Ltd', Email: 'lee@example.com' });
    const converted = await sim.control('POST', 'convert-lead', { lead: lead.id });
    assert.equal((await org.sobject('Contact').retrieve(converted.contactId)).AccountId, converted.accountId);
    const { transaction } = await sim.control('POST', 'late');
    const { id } = await sim.control('POST', `late/${transaction}`, { object: 'Account', values: { Name: 'Late' } });
    await assert.rejects(org.sobject('Account').retrieve(id), (error) => error.errorCode === 'NOT_FOUND');
    await sim.control('POST', `late/${transaction}/commit`);
    assert.equal((await org.sobject('Account').retrieve(id)).Name, 'Late');
  });
});

test('a million contacts fit in less than a gigabyte, read and written', async () => {
  const started = performance.now();
  const sim = await Sfsim.start('--seed-rows', '1000000');
  console.log(`# listens after ${Math.round(performance.now() - started)} ms`);
  const org = await connect(sim);
  assert.equal((await org.query('SELECT COUNT() FROM Contact')).totalSize, 1_000_000);
  const page = await org.query('SELECT Id, Email FROM Contact ORDER BY SystemModstamp DESC, Id LIMIT 2000');
  const written = await org.sobject('Contact').update(page.records.slice(0, 200).map(({ Id }) => ({ Id, Title: 'Changed' })));
  assert.ok(written.every((result) => result.success));
  assert.equal((await org.query(`SELECT Title FROM Contact WHERE Email = '${page.records[0].Email}'`)).records[0].Title, 'Changed');
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${sim.child.pid}/status`, 'utf8'))[1]) / 1024;
  console.log(`# ${Math.round(peak)} MiB at most`);
  assert.ok(peak < 1000, `${peak} MiB`);
  await sim.stop();
});
