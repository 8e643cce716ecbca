// The Salesforce CLI against sfsim: few and rich calls, since each starts a process of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Sfsim, clientId } from '../simulator/sfsim.mjs';

const cli = new URL('node_modules/@salesforce/cli/bin/run.js', import.meta.url).pathname;
const user = 'integration@sfsim.example.com';
const folder = mkdtempSync(join(tmpdir(), 'salesforce-cli-'));
const file = (name, text) => {
  if (text !== undefined) writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/// Runs `sf … --json` in a home of its own; its answer, whatever its exit status.
async function sf(args, env = {}) {
  const child = spawn(process.execPath, [cli, ...args, '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, SF_DISABLE_TELEMETRY: 'true', SF_AUTOUPDATE_DISABLE: 'true',
      SF_SKIP_NEW_VERSION_CHECK: 'true', SF_USE_GENERIC_UNIX_KEYCHAIN: 'true', SF_DISABLE_LOG_FILE: 'true', ...env },
  });
  let out = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  try {
    return JSON.parse(out);
  } catch {
    throw new Error(`sf ${args.join(' ')} said: ${out}`);
  }
}

async function done(...args) {
  const answer = await sf(args);
  assert.equal(answer.status, 0, `sf ${args.join(' ')}: ${answer.message}`);
  return answer.result;
}

describe('the Salesforce CLI', () => {
  let sim;

  before(async () => {
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
    file('private.pem', keys.privateKey);
    sim = await Sfsim.start('--seed-rows', '2500', '--jwt-certificate', file('public.pem', keys.publicKey));
  });
  after(async () => {
    await sim.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const kinds = async () => (await sim.control('GET', 'stats')).by_kind;
  const count = async (soql) => (await sim.call('GET', `query?q=${encodeURIComponent(soql)}`)).body.totalSize;

  test('signs in by JWT bearer, shows the org and uses its newest version', async () => {
    await done('org', 'login', 'jwt', '--client-id', clientId, '--jwt-key-file', file('private.pem'), '--username', user,
      '--instance-url', sim.url, '--alias', 'sim', '--set-default');
    const org = await done('org', 'display');
    assert.equal(org.connectedStatus, 'Connected');
    assert.equal(org.username, user);
    assert.match(org.id, /^00D[0-9A-Za-z]{15}$/);
    assert.equal(org.apiVersion, '67.0');
  });

  test('signs in by an access token too', async () => {
    const HOME = mkdtempSync(join(folder, 'home-'));
    const answer = await sf(['org', 'login', 'access-token', '--instance-url', sim.url, '--no-prompt'],
      { HOME, SF_ACCESS_TOKEN: await sim.accessToken() });
    assert.equal(answer.status, 0, answer.message);
    assert.equal(answer.result.username, user);
    const wrong = await sf(['org', 'login', 'access-token', '--instance-url', sim.url, '--no-prompt'],
      { HOME: mkdtempSync(join(folder, 'home-')), SF_ACCESS_TOKEN: '00DSF0000000001!AQwrong' });
    assert.notEqual(wrong.status, 0);
  });

  test('describes an object', async () => {
    const { name, keyPrefix, fields, recordTypeInfos } = await done('sobject', 'describe', '--sobject', 'Contact');
    assert.deepEqual([name, keyPrefix], ['Contact', '003']);
    const owner = fields.find((field) => field.name === 'OwnerId');
    assert.deepEqual([owner.type, owner.referenceTo, owner.relationshipName], ['reference', ['User'], 'Owner']);
    assert.ok(recordTypeInfos.some((info) => info.recordTypeId === '012000000000000AAA' && info.master));
    assert.ok(!fields.some((field) => field.name === 'Company'));
  });

  test('queries all pages, with parents and children', async () => {
    const all = await done('data', 'query', '--query', 'SELECT Id, Name, Account.Name FROM Contact ORDER BY Id');
    assert.equal(all.totalSize, 2500);
    assert.equal(new Set(all.records.map((record) => record.Id)).size, 2500);
    const [account] = (await done('data', 'query', '--query',
      'SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Id IN (SELECT AccountId FROM Contact) LIMIT 1')).records;
    assert.ok(account.Contacts.records.length > 0);
    const wrong = await sf(['data', 'query', '--query', 'SELECT Nope FROM Contact']);
    assert.equal(wrong.name, 'INVALID_FIELD');
    assert.match(wrong.message, /No such column 'Nope'/);
  });

  test('renews a session that has ended', async () => {
    await sim.control('POST', 'expire-tokens');
    assert.equal((await done('data', 'query', '--query', 'SELECT COUNT() FROM Contact')).totalSize, 2500);
  });

  test('creates, finds, changes and deletes a record', async () => {
    const { id } = await done('data', 'create', 'record', '--sobject', 'Account', '--values', "Name='Cli Inc' Phone=1");
    await done('data', 'update', 'record', '--sobject', 'Account', '--where', "Name='Cli Inc'", '--values', 'Phone=2');
    const record = await done('data', 'get', 'record', '--sobject', 'Account', '--record-id', id);
    assert.deepEqual([record.Id, record.Phone], [id, '2']);
    await done('data', 'delete', 'record', '--sobject', 'Account', '--record-id', id);
    assert.equal(await count(`SELECT COUNT() FROM Account WHERE Id = '${id}'`), 0);
    const refused = await sf(['data', 'create', 'record', '--sobject', 'Contact', '--values', 'FirstName=x']);
    assert.equal(refused.name, 'REQUIRED_FIELD_MISSING');
  });

  test('imports, upserts, exports and deletes by Bulk API 2.0', async () => {
    const rows = (from, to, row) => Array.from({ length: to - from }, (_, at) => row(from + at));
    const wait = ['--wait', '2'];
    const csv = ['LastName,Email,Lockstep_Id__c', ...rows(0, 300, (at) => `"Bulk ""${at}"", x",b${at}@example.com,cli-${at}`)].join('\n');
    const imported = await done('data', 'import', 'bulk', '--sobject', 'Contact', '--file', file('new.csv', `${csv}\n`), ...wait);
    assert.equal(Number(imported.successfulRecords), 300);
    assert.equal(await count("SELECT COUNT() FROM Contact WHERE LastName = 'Bulk \"7\", x'"), 1);

    const upsert = ['LastName,Title,Lockstep_Id__c', ...rows(290, 310, (at) => `Up ${at},Upserted,cli-${at}`), ',Upserted,cli-bad'].join('\n');
    const upserted = await sf(['data', 'upsert', 'bulk', '--sobject', 'Contact', '--external-id', 'Lockstep_Id__c', '--file', file('up.csv', `${upsert}\n`), ...wait]);
    assert.equal(upserted.name, 'FailedRecordDetailsError', 'one row is refused');
    assert.equal(upserted.data.state, 'JobComplete');
    const results = await done('data', 'bulk', 'results', '--job-id', upserted.data.jobId);
    assert.deepEqual([results.processedRecords, results.failedRecords], [21, 1]);
    assert.match(readFileSync(join(folder, results.failedFilePath), 'utf8'), /^"sf__Id","sf__Error",LastName.*\n"","REQUIRED_FIELD_MISSING:/);
    assert.equal(readFileSync(join(folder, results.successFilePath), 'utf8').match(/,"true",/g).length, 10);

    const exported = await done('data', 'export', 'bulk', '--query', "SELECT Id, Title, Account.Name FROM Contact WHERE Lockstep_Id__c LIKE 'cli-%'",
      '--output-file', file('out.csv'), ...wait);
    assert.equal(exported.totalSize, 310);
    const lines = readFileSync(file('out.csv'), 'utf8').trimEnd().split('\n');
    assert.equal(lines[0], '"Id","Title","Account.Name"');
    assert.equal(lines.filter((line) => line.includes('"Upserted"')).length, 20);

    const ids = lines.map((line) => line.split(',')[0]).join('\n');
    const deleted = await done('data', 'delete', 'bulk', '--sobject', 'Contact', '--file', file('gone.csv', `${ids}\n`), ...wait);
    assert.deepEqual([deleted.jobInfo.state, deleted.jobInfo.numberRecordsFailed], ['JobComplete', 0]);
    assert.equal(await count("SELECT COUNT() FROM Contact WHERE Lockstep_Id__c LIKE 'cli-%'"), 0);
    assert.ok((await kinds()).bulk_ingest > 0, 'by Bulk and not by rows');
  });
});
