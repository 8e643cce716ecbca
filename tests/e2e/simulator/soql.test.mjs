import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { Sfsim, apiVersion } from './sfsim.mjs';

const seeded = 3000;

describe('jsforce asks sfsim in SOQL', () => {
  let sim;
  let org;
  let acme;
  let people;

  before(async () => {
    sim = await Sfsim.start('--seed-rows', String(seeded));
    org = new jsforce.Connection({ instanceUrl: sim.url, accessToken: await sim.accessToken(), version: apiVersion });
    acme = (await org.sobject('Account').create({ Name: 'Acme Query Works', Industry: 'Energy', AnnualRevenue: 2500000.5 })).id;
    const records = [
      { FirstName: 'Ann', LastName: "O'Query", Email: 'ann@query.example', Birthdate: '1990-01-31', AccountId: acme, LeadSource: 'Web' },
      { FirstName: 'Bob', LastName: 'Query', DoNotCall: true, AccountId: acme, LeadSource: 'Other' },
      { LastName: 'Query 100%', LeadSource: 'Web' },
    ];
    const results = await org.sobject('Contact').create(records);
    assert.ok(results.every((result) => result.success));
    people = results.map((result) => result.id);
  });

  after(async () => assert.equal(await sim.stop(), 0));

  const column = (answer, field) => answer.records.map((record) => record[field]);
  const lastNames = async (where) => column(await org.query(`SELECT LastName FROM Contact WHERE ${where} ORDER BY LastName`), 'LastName');
  const refused = async (soql, code, message) =>
    assert.rejects(org.query(soql), (error) => {
      assert.equal(error.errorCode, code, `${soql}: ${error.message}`);
      assert.match(error.message, message);
      return true;
    });

  test('filters with every operator, whatever the letter case', async () => {
    const mine = "LastName LIKE '%query%'";
    assert.deepEqual(await lastNames(mine), ["O'Query", 'Query', 'Query 100%']);
    assert.deepEqual(await lastNames("LastName = 'o\\'QUERY'"), ["O'Query"]);
    assert.deepEqual(await lastNames("LastName LIKE 'query 100\\%'"), ['Query 100%']);
    assert.deepEqual(await lastNames(`${mine} AND FirstName = null`), ['Query 100%']);
    assert.deepEqual(await lastNames(`${mine} AND FirstName != 'Ann'`), ['Query', 'Query 100%']);
    assert.deepEqual(await lastNames(`${mine} AND (NOT LeadSource IN ('Web'))`), ['Query']);
    assert.deepEqual(await lastNames(`${mine} AND LeadSource NOT IN ('Web', null)`), ['Query']);
    assert.deepEqual(await lastNames(`${mine} AND DoNotCall = TRUE`), ['Query']);
    assert.deepEqual(await lastNames(`${mine} AND Birthdate >= 1990-01-31 AND Birthdate < 1990-02-01`), ["O'Query"]);
    assert.deepEqual(await lastNames(`${mine} AND CreatedDate = TODAY AND CreatedDate > LAST_N_DAYS:1`), []);
    assert.deepEqual(await lastNames(`${mine} AND CreatedDate >= LAST_N_DAYS:1`), ["O'Query", 'Query', 'Query 100%']);
    assert.deepEqual(await lastNames(`Id IN ('${people[0]}', '${people[1].slice(0, 15)}')`), ["O'Query", 'Query']);
    assert.deepEqual(await lastNames(`(Account.AnnualRevenue > 2500000 AND Account.Industry = 'energy') AND ${mine}`), ["O'Query", 'Query']);
  });

  test("jsforce's own query builder gets what it asks for", async () => {
    const found = await org.sobject('Contact').find({ AccountId: acme, LastName: { $like: '%Query' } }, ['Id', 'Account.Name'])
      .sort({ LastName: -1 }).limit(1);
    assert.equal(found.length, 1);
    assert.equal(found[0].Id, people[1]);
    assert.equal(found[0].Account.Name, 'Acme Query Works');
    const count = await org.sobject('Contact').count({ AccountId: acme });
    assert.equal(count, 2);
    const ordered = await org.sobject('Contact').find({ AccountId: acme }).select('LastName').sort('LastName', 'ASC').skip(1);
    assert.deepEqual(ordered.map((record) => record.LastName), ['Query']);
  });

  test('nests the children of a record, and null where there are none', async () => {
    const answer = await org.query(
      `SELECT Name, (SELECT Id, LastName FROM Contacts WHERE DoNotCall = false ORDER BY LastName LIMIT 5), (SELECT Id FROM Opportunities)
       FROM Account WHERE Id = '${acme}'`);
    const [account] = answer.records;
    assert.equal(account.Contacts.totalSize, 1);
    assert.equal(account.Contacts.done, true);
    assert.equal(account.Contacts.records[0].LastName, "O'Query");
    assert.equal(account.Contacts.records[0].attributes.type, 'Contact');
    assert.equal(account.Opportunities, null);
    const included = await org.sobject('Account').find({ Id: acme }, 'Id').include('Contacts').select('LastName').orderby('LastName', 'DESC').end();
    assert.deepEqual(column(included[0].Contacts, 'LastName'), ['Query', "O'Query"]);
  });

  test('meets every child once over all pages of their parents', async () => {
    const contacts = new Set();
    let accounts = 0;
    let page = await org.query('SELECT Id, (SELECT Id FROM Contacts) FROM Account', { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
    let pages = 1;
    while (true) {
      for (const account of page.records) {
        accounts += 1;
        for (const contact of account.Contacts?.records ?? []) {
          assert.ok(!contacts.has(contact.Id));
          contacts.add(contact.Id);
        }
      }
      if (page.done) break;
      page = await org.queryMore(page.nextRecordsUrl);
      pages += 1;
    }
    assert.ok(pages > 5, `children count towards a page: ${pages} pages`);
    assert.equal(accounts, (await org.query('SELECT COUNT() FROM Account')).totalSize);
    assert.equal(contacts.size, (await org.query('SELECT COUNT() FROM Contact WHERE AccountId != null')).totalSize);
  });

  test('aggregates, with and without groups', async () => {
    const total = await org.query(`SELECT COUNT(Id), COUNT(FirstName) named, MIN(Birthdate) FROM Contact WHERE AccountId = '${acme}'`);
    assert.equal(total.totalSize, 1);
    assert.deepEqual(total.records[0], { attributes: { type: 'AggregateResult' }, expr0: 2, named: 2, expr1: '1990-01-31' });
    const grouped = await org.query(
      "SELECT LeadSource, COUNT(Id) n FROM Contact WHERE LastName LIKE '%query%' GROUP BY LeadSource HAVING COUNT(Id) > 0 ORDER BY COUNT(Id) DESC");
    assert.deepEqual(grouped.records.map(({ LeadSource, n }) => [LeadSource, n]), [['Web', 2], ['Other', 1]]);
    const stages = await org.query('SELECT StageName, SUM(Amount) total, AVG(Probability) FROM Opportunity GROUP BY StageName');
    const each = await org.query('SELECT Amount FROM Opportunity', { autoFetch: true });
    const sum = (values) => Math.round(values.reduce((a, b) => a + b, 0) * 100) / 100;
    assert.equal(sum(column(stages, 'total')), sum(column(each, 'Amount')));
    const years = await org.query('SELECT CALENDAR_YEAR(CreatedDate) y, COUNT(Id) n FROM Contact GROUP BY CALENDAR_YEAR(CreatedDate)');
    assert.equal(sum(column(years, 'n')), seeded + 3);
    assert.ok(years.records.every((row) => Number.isInteger(row.y)));
    const rolled = await org.query("SELECT LeadSource, GROUPING(LeadSource) g, COUNT(Id) n FROM Contact WHERE LastName LIKE '%query%' GROUP BY ROLLUP(LeadSource)");
    assert.equal(rolled.records.find((row) => row.g === 1).n, 3);
  });

  test('joins by sub-selects and refuses those the org does not take', async () => {
    assert.deepEqual(await lastNames("AccountId IN (SELECT Id FROM Account WHERE Name = 'Acme Query Works')"), ["O'Query", 'Query']);
    const without = await org.query(`SELECT Id FROM Account WHERE Id = '${acme}' AND Id NOT IN (SELECT AccountId FROM Opportunity)`);
    assert.equal(without.totalSize, 1);
    await refused('SELECT Id FROM Contact WHERE Id IN (SELECT Id FROM Contact)', 'MALFORMED_QUERY', /should not be on the same object type/);
    await refused("SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)", 'MALFORMED_QUERY', /not allowed with the 'OR' operator/);
    await refused('SELECT Id FROM Account WHERE Id IN (SELECT WhatId FROM Task)', 'MALFORMED_QUERY', /Entity 'Task' is not supported/);
    await refused('SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact LIMIT 1)', 'MALFORMED_QUERY', /LIMIT/);
  });

  test('sees polymorphic parents by Name and by TYPEOF', async () => {
    const task = await org.sobject('Task').create({ Subject: 'Call about a query', WhoId: people[0], WhatId: acme });
    const { records: [named] } = await org.query(`SELECT Who.Name, What.Type, What.Name FROM Task WHERE Id = '${task.id}' AND What.Type = 'Account'`);
    assert.equal(named.Who.Name, "Ann O'Query");
    assert.equal(named.What.Type, 'Account');
    const { records: [typed] } = await org.query(`SELECT TYPEOF What WHEN Account THEN Industry ELSE Name END FROM Task WHERE Id = '${task.id}'`);
    assert.equal(typed.What.Industry, 'Energy');
    assert.equal(typed.What.attributes.url, `/services/data/v${apiVersion}/sobjects/Account/${acme}`);
  });

  test('expands FIELDS() within its bounds', async () => {
    const all = await org.query('SELECT FIELDS(ALL) FROM Contact LIMIT 200');
    assert.equal(all.records.length, 200);
    const described = await org.sobject('Contact').describe();
    assert.deepEqual(Object.keys(all.records[0]).filter((key) => key !== 'attributes').sort(), described.fields.map((field) => field.name).sort());
    await refused('SELECT FIELDS(ALL) FROM Contact', 'MALFORMED_QUERY', /must have a LIMIT of at most 200/);
    await refused('SELECT Id, FIELDS(STANDARD) FROM Contact', 'INVALID_FIELD', /duplicate field selected: Id/);
  });

  test('names the place of a mistake', async () => {
    await refused('SELECT Id, Foo FROM Contact', 'INVALID_FIELD', /^\nSELECT Id, Foo FROM Contact\n {11}\^\nERROR at Row:1:Column:12\nNo such column 'Foo' on entity 'Contact'\. /);
    await refused('SELECT Id\nFROM Foo', 'INVALID_TYPE', /^\nFROM Foo\n {5}\^\nERROR at Row:2:Column:6\nsObject type 'Foo' is not supported\. /);
    await refused('SELECT Id FROM Contact WHERE', 'MALFORMED_QUERY', /unexpected token: '<EOF>'/);
    await refused("SELECT Id FROM Contact WHERE LastName = 'a' AND FirstName = 'b' OR Email = 'c'", 'MALFORMED_QUERY', /unexpected token: 'OR'/);
    await refused("SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'", 'INVALID_FIELD', /must be of type dateTime and should not be enclosed in quotes/);
    await refused('SELECT Id FROM Contact WHERE LastName = 1', 'INVALID_FIELD', /must be of type string and should be enclosed in quotes/);
    await refused("SELECT Id FROM Contact WHERE Id = 'nonsense'", 'INVALID_QUERY_FILTER_OPERATOR', /invalid ID field: nonsense/);
    await refused("SELECT Id FROM Contact WHERE Description LIKE '%x%'", 'INVALID_FIELD', /can not be filtered in a query call/);
    await refused('SELECT Id, (SELECT Id FROM Kontakte) FROM Account', 'INVALID_TYPE', /Didn't understand relationship 'Kontakte' in FROM part of query call/);
    await refused('SELECT Name, COUNT(Id) FROM Account', 'MALFORMED_QUERY', /Field must be grouped or aggregated: Name/);
    await refused('SELECT Id FROM Contact OFFSET 2001', 'NUMBER_OUTSIDE_VALID_RANGE', /Maximum SOQL offset allowed is 2000/);
    await refused('SELECT Id FROM Contact WHERE LastName = :name', 'MALFORMED_QUERY', /Bind variables only allowed in Apex code/);
  });

  test('closes a locator it does not know', async () => {
    await assert.rejects(org.queryMore('01g000000000000AAA-2000'), (error) => error.errorCode === 'INVALID_QUERY_LOCATOR');
  });

  test('has no order that nobody asked for', async () => {
    const ids = column(await org.query('SELECT Id FROM Contact LIMIT 2000'), 'Id');
    assert.notDeepEqual(ids, [...ids].sort());
    const stamps = column(await org.query('SELECT SystemModstamp FROM Contact LIMIT 2000'), 'SystemModstamp');
    assert.notDeepEqual(stamps, [...stamps].sort());
  });
});
