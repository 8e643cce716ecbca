// Makes in a new sfsim what the pack cannot make in a real org, and prints it as NAME=value lines: refresh tokens that
// may be used up, and a multi-select picklist (whose values are not in the order of the alphabet) that its user sees.
import process from 'node:process';

const { SALESFORCE_LOGIN_URL: url, SALESFORCE_CLIENT_ID: client_id, SALESFORCE_CLIENT_SECRET: client_secret, SALESFORCE_REDIRECT_URI: redirect_uri } = process.env;

async function ask(path, options) {
  const answer = await fetch(url + path, options);
  if (!answer.ok && answer.status !== 302) throw new Error(`${path} answered ${answer.status} ${await answer.text()}`);
  return answer;
}
const token = async (form) => (await ask('/services/oauth2/token', { method: 'POST', body: new URLSearchParams({ client_id, client_secret, ...form }) })).json();

const spares = [];
for (let at = 0; at < 2; ++at) {
  const query = new URLSearchParams({ response_type: 'code', client_id, redirect_uri, auto_approve: 'true' });
  const answer = await ask(`/services/oauth2/authorize?${query}`, { redirect: 'manual' });
  const code = new URL(answer.headers.get('location')).searchParams.get('code');
  spares.push((await token({ grant_type: 'authorization_code', code, redirect_uri })).refresh_token);
}
console.log(`SALESFORCE_SPARE_REFRESH_TOKENS=${spares.join(' ')}`);

const { access_token } = await token({ grant_type: 'client_credentials' });
const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
const create = (path, body) => ask(`/services/data/v62.0/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
const value = ['North', 'East'].map((name) => ({ fullName: name, label: name, default: false }));
await create('tooling/sobjects/CustomField', { FullName: 'Contact.Regions__c', Metadata: {
  type: 'MultiselectPicklist', label: 'Regions', visibleLines: 3, valueSet: { restricted: true, valueSetDefinition: { sorted: false, value } } } });
const soql = "SELECT PermissionSetId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true LIMIT 1";
const { records } = await (await ask(`/services/data/v62.0/query?q=${encodeURIComponent(soql)}`, { headers })).json();
await create('sobjects/FieldPermissions', { ParentId: records[0].PermissionSetId, SobjectType: 'Contact', Field: 'Contact.Regions__c', PermissionsRead: true, PermissionsEdit: true });
