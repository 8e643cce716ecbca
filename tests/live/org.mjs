// The org that is asked: signing in, calls, and records that are deleted again in the end.
import process from 'node:process';

export const version = `v${process.env.SALESFORCE_API_VERSION ?? '62.0'}`;
export const mark = `lockstep-live-${Date.now().toString(36)}`;

/// Thrown by a check that cannot be made here; the message says what it would need.
export class NotAsked extends Error {}

export function fail(message) {
  console.error(message);
  process.exit(2);
}

export function need(name) {
  if (!process.env[name]) {
    fail(`${name} is not set. Set SALESFORCE_LOGIN_URL, SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET` +
      ' (client credentials, or with SALESFORCE_REFRESH_TOKEN), or SALESFORCE_INSTANCE_URL and SALESFORCE_ACCESS_TOKEN.');
  }
  return process.env[name];
}

/// What a check needs beyond that; it is not made without.
export function want(name) {
  if (!process.env[name]) throw new NotAsked(`set ${name}`);
  return process.env[name];
}

export const loginUrl = () => want('SALESFORCE_LOGIN_URL').replace(/\/$/, '');

/// A call of the token endpoint or its neighbours, with what came back as text and, where it is JSON, parsed.
export async function oauth(path, form, headers = {}) {
  const answer = await fetch(`${loginUrl()}/services/oauth2/${path}`, { method: 'POST', headers, body: new URLSearchParams(form) });
  const text = await answer.text();
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    // Left as text.
  }
  return { status: answer.status, text, body };
}

export const clientCredentials = () => ({
  grant_type: 'client_credentials', client_id: want('SALESFORCE_CLIENT_ID'), client_secret: want('SALESFORCE_CLIENT_SECRET'),
});

export async function signIn() {
  if (process.env.SALESFORCE_ACCESS_TOKEN) {
    return new Org(need('SALESFORCE_INSTANCE_URL').replace(/\/$/, ''), process.env.SALESFORCE_ACCESS_TOKEN);
  }
  const form = { client_id: need('SALESFORCE_CLIENT_ID'), client_secret: need('SALESFORCE_CLIENT_SECRET') };
  need('SALESFORCE_LOGIN_URL');
  if (process.env.SALESFORCE_REFRESH_TOKEN) {
    Object.assign(form, { grant_type: 'refresh_token', refresh_token: process.env.SALESFORCE_REFRESH_TOKEN });
  } else {
    form.grant_type = 'client_credentials';
  }
  const { status, body } = await oauth('token', form);
  if (status !== 200) fail(`sign-in failed: ${body.error}: ${body.error_description}`);
  if (body.refresh_token) process.env.SALESFORCE_REFRESH_TOKEN = body.refresh_token;
  return new Org(body.instance_url, body.access_token);
}

export class Org {
  constructor(url, token) {
    this.url = url;
    this.token = token;
    this.made = [];
  }

  /// `path` below /services/data/vXX.X/, or from the root if it begins with a slash.
  /// A session that has ended is renewed, as the pack may take longer than it lives.
  async call(method, path, options = {}) {
    const answer = await this.once(method, path, options);
    if (answer.code !== 'INVALID_SESSION_ID' || process.env.SALESFORCE_ACCESS_TOKEN) return answer;
    this.token = (await signIn()).token;
    return this.once(method, path, options);
  }

  async once(method, path, { body, headers = {} }) {
    const answer = await fetch(path.startsWith('/') ? this.url + path : `${this.url}/services/data/${version}/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    let parsed = null;
    try {
      parsed = text === '' ? null : JSON.parse(text);
    } catch {
      parsed = text;
    }
    return { status: answer.status, headers: answer.headers, body: parsed, text, code: parsed?.[0]?.errorCode, message: parsed?.[0]?.message };
  }

  query(soql, all = false) {
    return this.call('GET', `${all ? 'queryAll' : 'query'}?q=${encodeURIComponent(soql)}`);
  }

  async create(object, fields) {
    const answer = await this.call('POST', `sobjects/${object}`, { body: fields });
    if (answer.status !== 201) throw new Error(`could not create ${object}: ${JSON.stringify(answer.body)}`);
    this.made.push(`${object}/${answer.body.id}`);
    return answer.body.id;
  }

  contact(fields = {}) {
    return this.create('Contact', { LastName: mark, ...fields });
  }

  async read(object, id) {
    return (await this.call('GET', `sobjects/${object}/${id}`)).body;
  }

  /// The unique external id on Contact that the checks of upsert write to.
  async keyField() {
    const name = process.env.SALESFORCE_KEY_FIELD ?? 'Lockstep_Id__c';
    const { body } = await this.call('GET', 'sobjects/Contact/describe');
    const field = body.fields.find((each) => each.name === name);
    if (!field?.externalId || !field.unique) throw new NotAsked(`Contact needs a unique external id: SALESFORCE_KEY_FIELD, else ${name}`);
    return name;
  }

  /// The newest first, so that what refers to others goes before them.
  async deleteAll() {
    const ids = this.made.reverse().map((record) => record.split('/')[1]);
    for (let from = 0; from < ids.length;) {
      // At most ten runs of one type are taken by one call.
      let end = from, runs = 0, type = '';
      for (; end < ids.length && end < from + 200; ++end) {
        const prefix = ids[end].slice(0, 3);
        if (prefix !== type && ++runs > 10) break;
        type = prefix;
      }
      await this.call('DELETE', `composite/sobjects?ids=${ids.slice(from, end).join()}`);
      from = end;
    }
  }
}
