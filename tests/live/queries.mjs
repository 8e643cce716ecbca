// Sections 9, 10 and 12: SOQL, its pages, and the composite family.
import { mark, version } from './org.mjs';

export const checks = [
  ['9', 'a parent lookup that is null shows as null', async (org) => {
    const { body } = await org.query(`SELECT Id, Account.Name FROM Contact WHERE Id = '${await org.contact()}'`);
    return [body.records[0].Account === null, JSON.stringify(body.records[0].Account)];
  }],
  ['9', 'a child relationship without rows shows as null', async (org) => {
    const { body } = await org.query(`SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Id = '${await org.create('Account', { Name: mark })}'`);
    return [body.records[0].Contacts === null, JSON.stringify(body.records[0].Contacts)];
  }],
  ['9', 'an unknown query locator is 400 INVALID_QUERY_LOCATOR: invalid query locator', async (org) => {
    const { status, code, message } = await org.call('GET', 'query/01gD0000002HU6KIAW-2000');
    return [`${status} ${code} ${message}` === '400 INVALID_QUERY_LOCATOR invalid query locator', `${status} ${code} ${message}`];
  }],
  ['10', 'a fraction in a datetime literal is accepted', async (org) => {
    const answer = await org.query('SELECT Id FROM Contact WHERE SystemModstamp > 2030-01-01T00:00:00.000Z LIMIT 1');
    return [answer.status === 200, `${answer.status} ${answer.code ?? ''}`];
  }],
  ['10', "!= 'x' and NOT IN also return records whose field is null", async (org) => {
    const id = await org.contact();
    const unequal = await org.query(`SELECT Id FROM Contact WHERE Id = '${id}' AND Title != 'x'`);
    const not_in = await org.query(`SELECT Id FROM Contact WHERE Id = '${id}' AND Title NOT IN ('x')`);
    return [unequal.body.totalSize === 1 && not_in.body.totalSize === 1, `${unequal.body.totalSize}, ${not_in.body.totalSize}`];
  }],
  ['10', 'ids compare in the order in which they sort', async (org) => {
    for (let at = 0; at < 3; ++at) await org.contact();
    const { body } = await org.query('SELECT Id FROM Contact ORDER BY Id LIMIT 50');
    const ids = body.records.map((record) => record.Id);
    const after = await org.query(`SELECT Id FROM Contact WHERE Id > '${ids[0]}' ORDER BY Id LIMIT 49`);
    const same = ids.length >= 3 && after.body.records.length === ids.length - 1 && after.body.records.every((record, at) => record.Id === ids[at + 1]);
    return [same, same ? 'same order' : 'another order'];
  }],
  ['10', 'keyset paging: equal stamps go on by Id within one condition', async (org) => {
    const id = await org.contact();
    const { SystemModstamp } = await org.read('Contact', id);
    const stamp = SystemModstamp.replace('.000+0000', 'Z');
    const { body } = await org.query(`SELECT Id FROM Contact WHERE (SystemModstamp > ${stamp} OR (SystemModstamp = ${stamp} AND Id >= '${id}')) ORDER BY SystemModstamp, Id LIMIT 1`);
    return [body.records?.[0]?.Id === id, JSON.stringify(body.records?.[0] ?? body)];
  }],
  ['10', 'AND and OR without parentheses are MALFORMED_QUERY', async (org) => {
    const { status, code } = await org.query("SELECT Id FROM Contact WHERE Title = 'a' OR Title = 'b' AND Title = 'c'");
    return [status === 400 && code === 'MALFORMED_QUERY', `${status} ${code}`];
  }],
  ['10', 'a polymorphic parent is of the type Name', async (org) => {
    const task = await org.create('Task', { Subject: mark, WhoId: await org.contact() });
    const { body } = await org.query(`SELECT Who.Name FROM Task WHERE Id = '${task}'`);
    return [body.records[0].Who.attributes.type === 'Name', JSON.stringify(body.records[0].Who.attributes)];
  }],
  ['10', 'NOT beside AND needs parentheses', async (org) => {
    const bare = await org.query("SELECT Id FROM Contact WHERE NOT LastName = 'x' AND Title = 'y' LIMIT 1");
    const wrapped = await org.query("SELECT Id FROM Contact WHERE (NOT LastName = 'x') AND Title = 'y' LIMIT 1");
    return [bare.code === 'MALFORMED_QUERY' && wrapped.status === 200, `${bare.code}, ${wrapped.status}`];
  }],
  ['10', 'WITH SECURITY_ENFORCED, FOR UPDATE and ALL ROWS belong to Apex', async (org) => {
    const seen = [];
    for (const clause of ['WITH SECURITY_ENFORCED', 'FOR UPDATE', 'ALL ROWS']) seen.push((await org.query(`SELECT Id FROM Contact ${clause}`)).code);
    return [seen.every((code) => code === 'MALFORMED_QUERY'), seen.join(', ')];
  }],
  ['10', 'a grouped field cannot be aggregated but by COUNT', async (org) => {
    const max = await org.query('SELECT LeadSource, MAX(LeadSource) FROM Contact GROUP BY LeadSource');
    const count = await org.query('SELECT LeadSource, COUNT(LeadSource) FROM Contact GROUP BY LeadSource');
    return [max.code === 'MALFORMED_QUERY' && count.status === 200, `${max.code}, ${count.status}`];
  }],
  ['10', 'GROUP BY takes texts of both letter cases for one', async (org) => {
    for (const Department of ['lockstep', 'LOCKSTEP']) await org.contact({ Department });
    const { body } = await org.query(`SELECT Department FROM Contact WHERE LastName = '${mark}' AND Department = 'lockstep' GROUP BY Department`);
    return [body.totalSize === 1, String(body.totalSize)];
  }],
  ['12.1', 'a reference to a failed subrequest is 400 PROCESSING_HALTED', async (org) => {
    const url = `/services/data/${version}/sobjects/Contact`;
    const { body } = await org.call('POST', 'composite', { body: { compositeRequest: [
      { method: 'POST', url, referenceId: 'a', body: { FirstName: 'no last name' } },
      { method: 'GET', url: `${url}/@{a.id}`, referenceId: 'b' },
    ] } });
    const second = body.compositeResponse[1];
    return [second.httpStatusCode === 400 && second.body[0].errorCode === 'PROCESSING_HALTED', `${second.httpStatusCode} ${second.body[0].errorCode}`];
  }],
  ['12.1', 'a subrequest keeps its own If-Unmodified-Since', async (org) => {
    const id = await org.contact();
    const { body } = await org.call('POST', 'composite', { body: { compositeRequest: [
      { method: 'PATCH', url: `/services/data/${version}/sobjects/Contact/${id}`, referenceId: 'a', body: { Title: 'x' },
        httpHeaders: { 'If-Unmodified-Since': 'Tue, 10 Aug 2015 00:00:00 GMT' } },
    ] } });
    return [body.compositeResponse?.[0].httpStatusCode === 412, JSON.stringify(body.compositeResponse?.[0] ?? body)];
  }],
  ['12.1', 'five queries and five collections cannot share one request', async (org) => {
    const sub = (at) => ({ method: 'GET', url: `/services/data/${version}/query?q=SELECT+Id+FROM+User+LIMIT+1`, referenceId: `q${at}` });
    const five = await org.call('POST', 'composite', { body: { compositeRequest: [1, 2, 3, 4, 5].map(sub) } });
    const six = await org.call('POST', 'composite', { body: { compositeRequest: [1, 2, 3, 4, 5, 6].map(sub) } });
    return [five.status === 200 && six.status === 400, `${five.status}, then ${six.status} ${six.code}`];
  }],
  ['10', 'SUM of whole numbers is whole', async (org) => {
    const id = await org.create('Account', { Name: mark, NumberOfEmployees: 5 });
    const { text } = await org.query(`SELECT SUM(NumberOfEmployees) FROM Account WHERE Id = '${id}'`);
    return [/"expr0":5[,}]/.test(text), text.slice(-80)];
  }],
  ['12', 'too many subrequests are 400 LIMIT_EXCEEDED', async (org) => {
    const compositeRequest = Array.from({ length: 26 }, (_, at) => ({ method: 'GET', url: `/services/data/${version}/limits`, referenceId: `r${at}` }));
    const answer = await org.call('POST', 'composite', { body: { compositeRequest } });
    return [answer.status === 400 && answer.code === 'LIMIT_EXCEEDED', `${answer.status} ${answer.code}`];
  }],
  ['12.1', 'a subrequest may not set Accept, Authorization or Content-Type', async (org) => {
    const compositeRequest = [{ method: 'GET', url: `/services/data/${version}/limits`, referenceId: 'r', httpHeaders: { Accept: 'application/json' } }];
    const answer = await org.call('POST', 'composite', { body: { compositeRequest } });
    return [answer.status === 400, `${answer.status} ${answer.code ?? ''}`];
  }],
  ['12.3', 'results of a batch have statusCode and result', async (org) => {
    const { status, body } = await org.call('POST', 'composite/batch', { body: { batchRequests: [
      { method: 'GET', url: `${version}/query?q=SELECT+Id+FROM+User+LIMIT+1` }, { method: 'GET', url: `${version}/sobjects/Nonsense` }] } });
    const holds = status === 200 && body.hasErrors === true && body.results[0].statusCode === 200 && body.results[0].result.done === true && body.results[1].statusCode === 404;
    return [holds, `${status} ${JSON.stringify(body).slice(0, 120)}`];
  }],
  ['12.4', 'a tree answers 201, or 400 with the reason and nothing made', async (org) => {
    const plant = (Email) => org.call('POST', 'composite/tree/Contact', { body: { records: [{ attributes: { type: 'Contact', referenceId: 'r1' }, LastName: mark, Email }] } });
    const [good, bad] = [await plant('a@example.com'), await plant('123')];
    if (good.status === 201) org.made.push(`Contact/${good.body.results[0].id}`);
    return [good.status === 201 && bad.status === 400 && bad.body.results?.[0].errors[0].statusCode === 'INVALID_EMAIL_ADDRESS', `${good.status}, ${bad.status} ${bad.text.slice(0, 120)}`];
  }],
  ['12.2', 'retrieve takes up to 2,000 ids', async (org) => {
    const retrieve = (count) => org.call('POST', 'composite/sobjects/Contact', { body: { ids: Array(count).fill('003000000000000AAA'), fields: ['Id'] } });
    const [most, more] = [await retrieve(2000), await retrieve(2001)];
    return [most.status === 200 && more.status === 400, `${most.status}, then ${more.status} ${more.code ?? ''}`];
  }],
  ['12.2', 'retrieve by POST answers null for unknown ids, in the order asked for', async (org) => {
    const id = await org.contact();
    const { status, body } = await org.call('POST', 'composite/sobjects/Contact', { body: { ids: ['003000000000000AAA', id], fields: ['Id'] } });
    return [status === 200 && body[0] === null && body[1]?.Id === id, `${status} ${JSON.stringify(body)}`];
  }],
  ['12.2', 'one id twice in an update: the second is DUPLICATE_VALUE', async (org) => {
    const record = { attributes: { type: 'Contact' }, id: await org.contact(), Title: 'x' };
    const { body } = await org.call('PATCH', 'composite/sobjects', { body: { records: [record, record] } });
    return [body[1]?.success === false && body[1].errors[0].statusCode === 'DUPLICATE_VALUE', JSON.stringify(body[1])];
  }],
  ['12.2', 'one key twice in an upsert: the second is DUPLICATE_VALUE', async (org) => {
    const key = await org.keyField();
    const record = { attributes: { type: 'Contact' }, LastName: mark, [key]: `${mark}-same` };
    const { body } = await org.call('PATCH', `composite/sobjects/Contact/${key}`, { body: { records: [record, record] } });
    if (body[0]?.success) org.made.push(`Contact/${body[0].id}`);
    return [body[0]?.success === true && body[1]?.success === false && body[1].errors[0].statusCode === 'DUPLICATE_VALUE', JSON.stringify(body)];
  }],
];
