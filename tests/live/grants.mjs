// Sections 2.1 to 2.5: how long tokens live, rotated and revoked ones, and assertions.
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientCredentials, loginUrl, NotAsked, oauth, version, want } from './org.mjs';

const said = ({ status, body }) => `${status} ${body.error ?? ''}: ${body.error_description ?? ''}`;

const spares = (process.env.SALESFORCE_SPARE_REFRESH_TOKENS ?? '').split(/\s+/).filter(Boolean);
function spare() {
  if (spares.length === 0) throw new NotAsked('set SALESFORCE_SPARE_REFRESH_TOKENS to two refresh tokens, which will be dead afterwards');
  return spares.shift();
}
const refresh = (token) => {
  const { client_id, client_secret } = clientCredentials();
  return oauth('token', { grant_type: 'refresh_token', refresh_token: token, client_id, client_secret });
};

/// What a call with this access token is answered: 200, or a status and a code.
async function used(org, token) {
  const answer = await fetch(`${org.url}/services/data/${version}/limits`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status === 200 ? '200' : `${answer.status} ${(await answer.json())[0]?.errorCode}`;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);
function assert(exp) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const aud = process.env.SALESFORCE_JWT_AUDIENCE ?? 'https://login.salesforce.com';
  const text = `${part({ alg: 'RS256' })}.${part({ iss: want('SALESFORCE_CLIENT_ID'), sub: want('SALESFORCE_JWT_USERNAME'), aud, exp })}`;
  const signature = createSign('RSA-SHA256').update(text).sign(readFileSync(want('SALESFORCE_JWT_KEY_FILE')), 'base64url');
  return oauth('token', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${text}.${signature}` });
}

export const checks = [
  ['2.1', 'an access token ends at its exp, however much it is used, with INVALID_SESSION_ID', async (org) => {
    const { client_id, client_secret } = clientCredentials();
    const { access_token: token } = (await oauth('token', clientCredentials())).body;
    const { exp } = (await oauth('introspect', { client_id, client_secret, token, token_type_hint: 'access_token' })).body;
    if (exp === undefined) throw new Error('introspect tells no exp');
    const life = exp - nowSeconds();
    if (life + 5 > Number(process.env.SALESFORCE_PATIENCE_S ?? 0)) throw new NotAsked(`takes ${life + 5} seconds; set SALESFORCE_PATIENCE_S to allow it`);
    for (let step = 0; step < 4; ++step) {
      if (await used(org, token) !== '200') return [false, `dead before its exp, ${exp - nowSeconds()} s early`];
      await sleep(Math.max(0, exp - nowSeconds() - 1) * 1000 / (4 - step));
    }
    await sleep(Math.max(0, exp + 2 - nowSeconds()) * 1000);
    const after = await used(org, token);
    return [after === '401 INVALID_SESSION_ID', after];
  }],
  ['2.2', 'a rotated refresh token is dead, and using it again ends the whole grant', async (org) => {
    const old = spare();
    const first = await refresh(old);
    if (first.status !== 200) return [false, said(first)];
    if (!first.body.refresh_token) throw new NotAsked('the application does not rotate refresh tokens');
    const [again, successor] = [await refresh(old), await refresh(first.body.refresh_token)];
    const session = await used(org, first.body.access_token);
    return [[again, successor].every(({ status, body }) => status === 400 && body.error === 'invalid_grant') && session === '401 INVALID_SESSION_ID',
      `${said(again)}; its successor ${said(successor)}; its session ${session}`];
  }],
  ['2.5', 'revoking a refresh token ends its access tokens', async (org) => {
    const token = spare();
    const { status, body } = await refresh(token);
    if (status !== 200) return [false, said({ status, body })];
    const newest = body.refresh_token ?? token;
    const before = await used(org, body.access_token);
    const revoked = await oauth('revoke', { token: newest });
    const [after, dead] = [await used(org, body.access_token), await refresh(newest)];
    return [before === '200' && revoked.status === 200 && after === '401 INVALID_SESSION_ID' && dead.body.error === 'invalid_grant',
      `${before}, revoked ${revoked.status}, then ${after}; ${said(dead)}`];
  }],
  ['2.3', 'an assertion may live three minutes, as ours do', async () => {
    const answer = await assert(nowSeconds() + 180);
    return [answer.status === 200 && answer.body.refresh_token === undefined, said(answer)];
  }],
  ['2.3', 'an assertion may live longer than that, up to the milliseconds that the Salesforce CLI sends for seconds', async () => {
    const answers = [await assert(nowSeconds() + 86_400), await assert(Date.now() + 300)];
    return [answers.every(({ status }) => status === 200), answers.map(said).join('; ')];
  }],
  ['2.3', 'an assertion that is over is 400 invalid_grant', async () => {
    const answer = await assert(nowSeconds() - 600);
    return [answer.status === 400 && answer.body.error === 'invalid_grant', said(answer)];
  }],
  ['2.6', 'a redirect address that is not registered is told as redirect_uri_mismatch, and nothing is sent there', async () => {
    const query = new URLSearchParams({ response_type: 'code', client_id: want('SALESFORCE_CLIENT_ID'), redirect_uri: 'https://lockstep.invalid/nowhere' });
    const answer = await fetch(`${loginUrl()}/services/oauth2/authorize?${query}`, { redirect: 'manual' });
    const location = answer.headers.get('location') ?? '';
    return [!location.startsWith('https://lockstep.invalid') && /redirect_uri_mismatch/.test(location + await answer.text()), `${answer.status} ${location}`];
  }],
];
