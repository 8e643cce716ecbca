import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { Sfsim, apiVersion, clientId, clientSecret } from './sfsim.mjs';

const username = 'olga@sfsim.example.com';
const password = 'sfsim-password';
const redirectUri = 'http://localhost:5000/api/integrations/salesforce/callback';

describe('jsforce signs in by every flow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sfsim-oauth-'));
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { privateKey: foreignKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let sim;

  before(async () => {
    const certificate = join(folder, 'app.pem');
    writeFileSync(certificate, publicKey.export({ type: 'spki', format: 'pem' }));
    sim = await Sfsim.start('--jwt-certificate', certificate);
  });
  after(async () => {
    await sim.stop();
    rmSync(folder, { recursive: true });
  });

  const oauth2 = (more = {}) => new jsforce.OAuth2({ loginUrl: sim.url, clientId, clientSecret, redirectUri, ...more });
  const connect = (app = oauth2()) => new jsforce.Connection({ oauth2: app, version: apiVersion });

  /// What a person does in a browser: reads the page, fills in the form, presses a button.
  async function browse(address, decision = 'allow', typed = password) {
    const page = await fetch(address, { redirect: 'manual' });
    assert.equal(page.status, 200);
    const html = await page.text();
    const action = /<form[^>]*action="([^"]*)"/.exec(html)[1].replaceAll('&amp;', '&');
    const answer = await fetch(new URL(action, sim.url), {
      method: 'POST', redirect: 'manual', body: new URLSearchParams({ username, password: typed, decision }),
    });
    if (answer.status !== 302) return { status: answer.status, html: await answer.text() };
    const location = new URL(answer.headers.get('location'));
    assert.equal(location.origin + location.pathname, redirectUri);
    return Object.fromEntries(location.searchParams);
  }

  test('web server flow with PKCE and state, then a refresh on 401', async () => {
    const app = oauth2({ useVerifier: true });
    const state = randomUUID();
    const address = app.getAuthorizationUrl({ scope: 'api refresh_token', state, code_challenge_method: 'S256' });
    assert.match(address, /code_challenge=/);
    const back = await browse(address);
    assert.equal(back.state, state);
    const org = connect(app);
    const who = await org.authorize(back.code);
    assert.match(who.id, /^005\w{15}$/);
    assert.equal((await org.identity()).username, username);
    assert.equal(org.instanceUrl, sim.url);
    const made = await org.sobject('Account').create({ Name: 'Made by Olga' });
    assert.equal((await org.sobject('Account').retrieve(made.id)).CreatedById, who.id);

    const first = org.accessToken;
    let renewed = 0;
    org.on('refresh', () => ++renewed);
    await sim.control('POST', 'expire-tokens');
    assert.equal((await org.query(`SELECT Id FROM Account WHERE Id = '${made.id}'`)).totalSize, 1);
    assert.equal(renewed, 1);
    assert.notEqual(org.accessToken, first);
  });

  test('a code works once, and only with its verifier', async () => {
    const app = oauth2({ useVerifier: true });
    const { code } = await browse(app.getAuthorizationUrl({}));
    await connect(app).authorize(code);
    await assert.rejects(connect(app).authorize(code), { name: 'invalid_grant' });

    const stolen = (await browse(app.getAuthorizationUrl({}))).code;
    await assert.rejects(connect(oauth2({ useVerifier: true })).authorize(stolen), { name: 'invalid_request' });
    const without = (await browse(app.getAuthorizationUrl({}))).code;
    await assert.rejects(connect(oauth2()).authorize(without), { name: 'invalid_grant' });
  });

  test('denial, a wrong password and a foreign address', async () => {
    const address = oauth2().getAuthorizationUrl({ state: 'x' });
    assert.deepEqual(await browse(address, 'deny'), { error: 'access_denied', error_description: 'end-user denied authorization', state: 'x' });
    assert.match((await browse(address, 'allow', 'guess')).html, /role="alert"/);
    const foreign = await fetch(oauth2({ redirectUri: 'https://evil.example/' }).getAuthorizationUrl({}), { redirect: 'manual' });
    assert.equal(foreign.status, 400);
    assert.match(await foreign.text(), /redirect_uri_mismatch/);
  });

  test('auto_approve consents by itself', async () => {
    const answer = await fetch(`${oauth2().getAuthorizationUrl({ login_hint: username })}&auto_approve=true`, { redirect: 'manual' });
    assert.equal(answer.status, 302);
    const org = connect();
    await org.authorize(new URL(answer.headers.get('location')).searchParams.get('code'));
    assert.equal((await org.identity()).username, username);
  });

  test('refresh tokens rotate, and an old one ends the consent', async () => {
    await sim.control('PUT', 'oauth', { rotate_refresh_tokens: true });
    try {
      const app = oauth2();
      const org = connect(app);
      await org.authorize((await browse(app.getAuthorizationUrl({}))).code);
      const old = org.refreshToken;
      const next = await app.refreshToken(old);
      assert.ok(next.refresh_token && next.refresh_token !== old);
      await assert.rejects(app.refreshToken(old), { name: 'invalid_grant' });
      await assert.rejects(app.refreshToken(next.refresh_token), { name: 'invalid_grant' });
    } finally {
      await sim.control('PUT', 'oauth', { rotate_refresh_tokens: false });
    }
  });

  test('username and password', async () => {
    const org = connect();
    const who = await org.login(username, password);
    assert.equal(who.organizationId, (await org.identity()).organization_id);
    assert.equal(org.refreshToken, undefined);
    await assert.rejects(connect().login(username, 'guess'), /authentication failure/);
  });

  test('an assertion signed with the key of the certificate', async () => {
    const sign = (key, claims = {}) => {
      const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const text = `${part({ alg: 'RS256' })}.${part({
        iss: clientId, sub: username, aud: 'https://login.salesforce.com', exp: Math.floor(Date.now() / 1000) + 180, ...claims })}`;
      return `${text}.${createSign('RSA-SHA256').update(text).sign(key).toString('base64url')}`;
    };
    const present = async (assertion) => {
      const org = connect();
      await org.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
      return org;
    };
    const org = await present(sign(privateKey));
    assert.equal((await org.identity()).username, username);
    await assert.rejects(present(sign(foreignKey)), /invalid assertion/);
    await assert.rejects(present(sign(privateKey, { exp: Math.floor(Date.now() / 1000) - 1 })), /expired/);
    await assert.rejects(present(sign(privateKey, { aud: 'https://example.com' })), /Audience validation failed/);
    await assert.rejects(present(sign(privateKey, { sub: 'nobody@example.com' })), /user hasn't approved this consumer/);
  });

  test('signing out revokes the tokens', async () => {
    const app = oauth2();
    const org = connect(app);
    await org.authorize((await browse(app.getAuthorizationUrl({}))).code);
    const { accessToken, refreshToken } = org;
    await org.logout(true);
    assert.equal((await sim.call('GET', 'limits', { token: accessToken })).status, 401);
    await assert.rejects(app.refreshToken(refreshToken), { name: 'invalid_grant' });
  });
});
