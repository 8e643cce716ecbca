// Sections 2 and 3: OAuth, and what every call has in common.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { clientCredentials, loginUrl, mark, oauth, want } from './org.mjs';

const said = ({ status, body }) => `${status} ${body.error ?? ''}: ${body.error_description ?? ''}`;

export const checks = [
  ['2.1', 'code_challenge_method=S256 may be sent to the authorize page', async () => {
    const challenge = createHash('sha256').update(randomBytes(48).toString('base64url')).digest('base64url');
    const query = new URLSearchParams({ response_type: 'code', client_id: want('SALESFORCE_CLIENT_ID'), state: 'x',
      redirect_uri: want('SALESFORCE_REDIRECT_URI'), code_challenge: challenge, code_challenge_method: 'S256' });
    const answer = await fetch(`${loginUrl()}/services/oauth2/authorize?${query}`, { redirect: 'manual' });
    const location = answer.headers.get('location') ?? '';
    return [answer.status < 400 && !location.includes('error='), `${answer.status} ${location.slice(0, 80)}`];
  }],
  ['2.1', 'client id and secret may come by HTTP Basic', async () => {
    const { client_id, client_secret, grant_type } = clientCredentials();
    const answer = await oauth('token', { grant_type }, { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` });
    return [answer.status === 200, said(answer)];
  }],
  ['2.1', 'signature is the HMAC-SHA256 of id and issued_at under the client secret', async () => {
    const { body } = await oauth('token', clientCredentials());
    const expected = createHmac('sha256', want('SALESFORCE_CLIENT_SECRET')).update(body.id + body.issued_at).digest('base64');
    return [body.signature === expected, body.signature];
  }],
  ['2.4', 'client credentials give no refresh token', async () => {
    const { body } = await oauth('token', clientCredentials());
    return [body.access_token !== undefined && body.refresh_token === undefined, Object.keys(body).join(' ')];
  }],
  ['2.5', 'a revoked access token is dead at once, and revoking answers 200 and nothing', async (org) => {
    const { body } = await oauth('token', clientCredentials());
    const revoked = await oauth('revoke', { token: body.access_token });
    const after = await fetch(`${org.url}/services/data/v62.0/limits`, { headers: { authorization: `Bearer ${body.access_token}` } });
    return [revoked.status === 200 && revoked.text === '' && after.status === 401, `${revoked.status} "${revoked.text}", then ${after.status}`];
  }],
  ['2.5', 'the identity URL answers a bad token 403 Bad_OAuth_Token', async () => {
    const { body } = await oauth('token', clientCredentials());
    const answer = await fetch(body.id, { headers: { authorization: 'Bearer 00Dnonsense' } });
    const text = await answer.text();
    return [answer.status === 403 && text.trim() === 'Bad_OAuth_Token', `${answer.status} ${text.slice(0, 60)}`];
  }],
  ['2.5', 'userinfo names the user as the identity URL does', async (org) => {
    const answer = await org.call('GET', '/services/oauth2/userinfo');
    const { sub, user_id, organization_id, preferred_username, email, active } = answer.body;
    return [answer.status === 200 && sub?.endsWith(`/${user_id}`) && [organization_id, preferred_username, email, active].every((each) => each !== undefined),
      `${answer.status} ${Object.keys(answer.body).join(' ')}`];
  }],
  ['1', 'introspect tells an application of its token', async (org) => {
    const { client_id, client_secret } = clientCredentials();
    const answer = await oauth('introspect', { client_id, client_secret, token: org.token, token_type_hint: 'access_token' });
    return [answer.status === 200 && typeof answer.body.active === 'boolean', said(answer)];
  }],
  ['2.6', 'an unknown client is 400 invalid_client_id: client identifier invalid', async () => {
    const answer = await oauth('token', { ...clientCredentials(), client_id: 'nonsense' });
    return [said(answer) === '400 invalid_client_id: client identifier invalid', said(answer)];
  }],
  ['2.6', 'an unknown code is 400 invalid_grant: invalid authorization code', async () => {
    const { client_id, client_secret } = clientCredentials();
    const answer = await oauth('token', { grant_type: 'authorization_code', code: 'nonsense', client_id, client_secret, redirect_uri: want('SALESFORCE_REDIRECT_URI') });
    return [said(answer) === '400 invalid_grant: invalid authorization code', said(answer)];
  }],
  ['2.6', 'an unknown grant type is 400 unsupported_grant_type', async () => {
    const answer = await oauth('token', { ...clientCredentials(), grant_type: 'magic' });
    return [answer.status === 400 && answer.body.error === 'unsupported_grant_type', said(answer)];
  }],
  ['3', 'the scheme OAuth is taken for Bearer', async (org) => {
    const answer = await org.call('GET', 'limits', { headers: { authorization: `OAuth ${org.token}` } });
    return [answer.status === 200, `${answer.status} ${answer.code ?? ''}`];
  }],
  ['3', 'another scheme is 401 INVALID_AUTH_HEADER', async (org) => {
    const answer = await org.call('GET', 'limits', { headers: { authorization: `Digest ${org.token}` } });
    return [answer.status === 401 && answer.code === 'INVALID_AUTH_HEADER', `${answer.status} ${answer.code} ${answer.message}`];
  }],
  ['3', 'a request body may be packed with gzip', async (org) => {
    const answer = await org.call('POST', 'sobjects/Contact', {
      body: gzipSync(JSON.stringify({ LastName: mark })), headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } });
    if (answer.status === 201) org.made.push(`Contact/${answer.body.id}`);
    return [answer.status === 201, `${answer.status} ${answer.code ?? ''}`];
  }],
  ['3', 'Sforce-Limit-Info begins with api-usage=used/limit', async (org) => {
    const header = (await org.call('GET', 'limits')).headers.get('sforce-limit-info');
    return [/^api-usage=\d+\/\d+/.test(header ?? ''), header];
  }],
  ['4', 'GET /services/data needs no session', async (org) => {
    const answer = await fetch(`${org.url}/services/data`);
    return [answer.status === 200, `status ${answer.status}`];
  }],
  ['1', 'two slashes before a path count as one', async (org) => {
    const answer = await fetch(`${org.url}//services/data`);
    return [answer.status === 200, `status ${answer.status}`];
  }],
  ['5', 'a PATCH may be sent as POST with _HttpMethod=PATCH', async (org) => {
    const id = await org.contact();
    const answer = await org.call('POST', `sobjects/Contact/${id}?_HttpMethod=PATCH`, { body: { Title: 'x' } });
    return [answer.status === 204, `${answer.status} ${answer.code ?? ''}`];
  }],
];
