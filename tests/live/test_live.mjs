// Asks a real org, or sfsim, what the wire reference could not confirm, one statement at a time.
//
// Prints "confirmed" or "differs" with what was seen. Ends with 0 when all were confirmed, 1 when something differs,
// 2 when it could not sign in. Every record it creates it deletes again.
import process from 'node:process';

const version = `v${process.env.SALESFORCE_API_VERSION ?? '62.0'}`;
const mark = `lockstep-live-${Date.now().toString(36)}`;

async function signIn() {
  if (process.env.SALESFORCE_ACCESS_TOKEN) {
    return { url: need('SALESFORCE_INSTANCE_URL'), token: process.env.SALESFORCE_ACCESS_TOKEN };
  }
  const login = need('SALESFORCE_LOGIN_URL').replace(/\/$/, '');
  const form = { client_id: need('SALESFORCE_CLIENT_ID'), client_secret: need('SALESFORCE_CLIENT_SECRET') };
  if (process.env.SALESFORCE_REFRESH_TOKEN) {
    Object.assign(form, { grant_type: 'refresh_token', refresh_token: process.env.SALESFORCE_REFRESH_TOKEN });
  } else {
    form.grant_type = 'client_credentials';
  }
  const answer = await fetch(`${login}/services/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
  const body = await answer.json();
  if (!answer.ok) fail(`sign-in failed: ${body.error}: ${body.error_description}`);
  return { url: body.instance_url, token: body.access_token };
}

function need(name) {
  if (!process.env[name]) {
    fail(`${name} is not set. Set SALESFORCE_LOGIN_URL, SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET` +
      ' (client credentials, or with SALESFORCE_REFRESH_TOKEN), or SALESFORCE_INSTANCE_URL and SALESFORCE_ACCESS_TOKEN.');
  }
  return process.env[name];
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

const org = await signIn();
const made = [];

async function call(method, path, { body, headers = {} } = {}) {
  const answer = await fetch(path.startsWith('/') ? org.url + path : `${org.url}/services/data/${version}/${path}`, {
    method,
    headers: { authorization: `Bearer ${org.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  let parsed = null;
  try {
    parsed = text === '' ? null : JSON.parse(text);
  } catch {
    parsed = text;
  }
  return { status: answer.status, headers: answer.headers, body: parsed, code: parsed?.[0]?.errorCode, message: parsed?.[0]?.message };
}

const query = (soql, all = false) => call('GET', `${all ? 'queryAll' : 'query'}?q=${encodeURIComponent(soql)}`);

async function create(object, fields) {
  const answer = await call('POST', `sobjects/${object}`, { body: fields });
  if (answer.status !== 201) throw new Error(`could not create ${object}: ${JSON.stringify(answer.body)}`);
  made.push(`${object}/${answer.body.id}`);
  return answer.body.id;
}

const contact = (fields = {}) => create('Contact', { LastName: mark, ...fields });

// Each check returns what was seen as text and whether that is what we rely on.
const checks = [
  ['section 4', 'GET /services/data needs no session', async () => {
    const answer = await fetch(`${org.url}/services/data`);
    return [answer.status === 200, `status ${answer.status}`];
  }],
  ['section 5', 'null clears a field, an absent key leaves it, "" is stored as null', async () => {
    const id = await contact({ FirstName: 'A', Title: 'T', Department: 'D' });
    await call('PATCH', `sobjects/Contact/${id}`, { body: { Title: null, Department: '' } });
    const { body } = await call('GET', `sobjects/Contact/${id}`);
    return [body.FirstName === 'A' && body.Title === null && body.Department === null,
      JSON.stringify([body.FirstName, body.Title, body.Department])];
  }],
  ['section 5', 'Id in the body of a PATCH is 400 INVALID_FIELD', async () => {
    const id = await contact();
    const answer = await call('PATCH', `sobjects/Contact/${id}`, { body: { Id: id, Title: 'x' } });
    return [answer.status === 400 && answer.code === 'INVALID_FIELD', `${answer.status} ${answer.code}`];
  }],
  ['section 5', 'a record in the recycle bin answers 404 ENTITY_IS_DELETED', async () => {
    const id = await contact();
    await call('DELETE', `sobjects/Contact/${id}`);
    const answer = await call('PATCH', `sobjects/Contact/${id}`, { body: { Title: 'x' } });
    return [answer.status === 404 && answer.code === 'ENTITY_IS_DELETED', `${answer.status} ${answer.code}`];
  }],
  ['section 9', 'a parent lookup that is null shows as null', async () => {
    const id = await contact();
    const { body } = await query(`SELECT Id, Account.Name FROM Contact WHERE Id = '${id}'`);
    return [body.records[0].Account === null, JSON.stringify(body.records[0].Account)];
  }],
  ['section 9', 'a child relationship without rows shows as null', async () => {
    const id = await create('Account', { Name: mark });
    const { body } = await query(`SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Id = '${id}'`);
    return [body.records[0].Contacts === null, JSON.stringify(body.records[0].Contacts)];
  }],
  ['section 9', 'an unknown query locator is 400 INVALID_QUERY_LOCATOR', async () => {
    const answer = await call('GET', 'query/01gD0000002HU6KIAW-2000');
    return [answer.status === 400 && answer.code === 'INVALID_QUERY_LOCATOR', `${answer.status} ${answer.code}`];
  }],
  ['section 10', 'a fraction in a datetime literal is accepted', async () => {
    const answer = await query('SELECT Id FROM Contact WHERE SystemModstamp > 2030-01-01T00:00:00.000Z LIMIT 1');
    return [answer.status === 200, `${answer.status} ${answer.code ?? ''}`];
  }],
  ['section 10', "!= 'x' and NOT IN also return records whose field is null", async () => {
    const id = await contact();
    const unequal = await query(`SELECT Id FROM Contact WHERE Id = '${id}' AND Title != 'x'`);
    const not_in = await query(`SELECT Id FROM Contact WHERE Id = '${id}' AND Title NOT IN ('x')`);
    return [unequal.body.totalSize === 1 && not_in.body.totalSize === 1, `${unequal.body.totalSize}, ${not_in.body.totalSize}`];
  }],
  ['section 10', 'ids compare in the order in which they sort', async () => {
    const { body } = await query('SELECT Id FROM Contact ORDER BY Id LIMIT 50');
    const ids = body.records.map((record) => record.Id);
    if (ids.length < 2) return [true, 'fewer than two contacts'];
    const after = await query(`SELECT Id FROM Contact WHERE Id > '${ids[0]}' ORDER BY Id LIMIT 49`);
    const same = after.body.records.every((record, at) => record.Id === ids[at + 1]);
    return [same, same ? 'same order' : 'another order'];
  }],
  ['section 10', 'a polymorphic parent is of the type Name', async () => {
    const id = await contact();
    const task = await create('Task', { Subject: mark, WhoId: id });
    const { body } = await query(`SELECT Who.Name FROM Task WHERE Id = '${task}'`);
    return [body.records[0].Who.attributes.type === 'Name', JSON.stringify(body.records[0].Who.attributes)];
  }],
  ['section 10', 'NOT beside AND needs parentheses', async () => {
    const bare = await query("SELECT Id FROM Contact WHERE NOT LastName = 'x' AND Title = 'y' LIMIT 1");
    const wrapped = await query("SELECT Id FROM Contact WHERE (NOT LastName = 'x') AND Title = 'y' LIMIT 1");
    return [bare.code === 'MALFORMED_QUERY' && wrapped.status === 200, `${bare.code}, ${wrapped.status}`];
  }],
  ['section 10', 'WITH SECURITY_ENFORCED, FOR UPDATE and ALL ROWS belong to Apex', async () => {
    const seen = [];
    for (const clause of ['WITH SECURITY_ENFORCED', 'FOR UPDATE', 'ALL ROWS']) seen.push((await query(`SELECT Id FROM Contact ${clause}`)).code);
    return [seen.every((code) => code === 'MALFORMED_QUERY'), seen.join(', ')];
  }],
  ['section 10', 'a grouped field cannot be aggregated but by COUNT', async () => {
    const max = await query('SELECT LeadSource, MAX(LeadSource) FROM Contact GROUP BY LeadSource');
    const count = await query('SELECT LeadSource, COUNT(LeadSource) FROM Contact GROUP BY LeadSource');
    return [max.code === 'MALFORMED_QUERY' && count.status === 200, `${max.code}, ${count.status}`];
  }],
  ['section 10', 'GROUP BY takes texts of both letter cases for one', async () => {
    for (const Department of ['lockstep', 'LOCKSTEP']) await contact({ Department });
    const { body } = await query(`SELECT Department FROM Contact WHERE LastName = '${mark}' AND Department = 'lockstep' GROUP BY Department`);
    return [body.totalSize === 1, String(body.totalSize)];
  }],
  ['section 16', 'a text that is too long is 400 STRING_TOO_LONG', async () => {
    const answer = await call('POST', 'sobjects/Contact', { body: { LastName: mark, FirstName: 'x'.repeat(41) } });
    return [answer.status === 400 && answer.code === 'STRING_TOO_LONG', `${answer.status} ${answer.code} ${answer.message}`];
  }],
  ['section 16', 'a reference to a record that does not exist is INVALID_CROSS_REFERENCE_KEY or MALFORMED_ID', async () => {
    const answer = await call('POST', 'sobjects/Contact', { body: { LastName: mark, AccountId: '001000000000000AAA' } });
    return [answer.status === 400 && /^(INVALID_CROSS_REFERENCE_KEY|MALFORMED_ID)$/.test(answer.code), `${answer.status} ${answer.code}`];
  }],
  ['section 19', 'writing the compound Name of a contact is INVALID_FIELD_FOR_INSERT_UPDATE', async () => {
    const answer = await call('POST', 'sobjects/Contact', { body: { LastName: mark, Name: 'A B' } });
    return [answer.status === 400 && answer.code === 'INVALID_FIELD_FOR_INSERT_UPDATE', `${answer.status} ${answer.code}`];
  }],
  ['section 12.1', 'a reference to a failed subrequest is 400 PROCESSING_HALTED', async () => {
    const url = `/services/data/${version}/sobjects/Contact`;
    const { body } = await call('POST', 'composite', { body: { compositeRequest: [
      { method: 'POST', url, referenceId: 'a', body: { FirstName: 'no last name' } },
      { method: 'GET', url: `${url}/@{a.id}`, referenceId: 'b' },
    ] } });
    const second = body.compositeResponse[1];
    return [second.httpStatusCode === 400 && second.body[0].errorCode === 'PROCESSING_HALTED', `${second.httpStatusCode} ${second.body[0].errorCode}`];
  }],
  ['section 12.2', 'retrieve by POST answers null for unknown ids, in the order asked for', async () => {
    const id = await contact();
    const { status, body } = await call('POST', 'composite/sobjects/Contact', { body: { ids: ['003000000000000AAA', id], fields: ['Id'] } });
    return [status === 200 && body[0] === null && body[1]?.Id === id, `${status} ${JSON.stringify(body)}`];
  }],
  ['section 12.2', 'one id twice in an update: the second is DUPLICATE_VALUE', async () => {
    const id = await contact();
    const record = { attributes: { type: 'Contact' }, id, Title: 'x' };
    const { body } = await call('PATCH', 'composite/sobjects', { body: { records: [record, record] } });
    return [body[1]?.success === false && body[1].errors[0].statusCode === 'DUPLICATE_VALUE', JSON.stringify(body[1])];
  }],
  ['section 5', 'a lookup by external id in a body works for create', async () => {
    const email = `${mark}@example.com`;
    const manager = await contact({ Email: email });
    const id = await contact({ ReportsTo: { Email: email } });
    const { body } = await call('GET', `sobjects/Contact/${id}?fields=ReportsToId`);
    return [body.ReportsToId === manager, body.ReportsToId];
  }],
];

let differ = 0;
try {
  for (const [section, statement, check] of checks) {
    let holds = false;
    let seen = '';
    try {
      [holds, seen] = await check();
    } catch (error) {
      seen = String(error.message ?? error);
    }
    differ += holds ? 0 : 1;
    console.log(`${holds ? 'confirmed' : 'differs  '}  ${section}: ${statement}${holds ? '' : ` (seen: ${seen})`}`);
  }
} finally {
  for (const record of made.reverse()) await call('DELETE', `sobjects/${record}`);
}
console.log(`${checks.length - differ} passed, ${differ} failed`);
process.exitCode = differ === 0 ? 0 : 1;
