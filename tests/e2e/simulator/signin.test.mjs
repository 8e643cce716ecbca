import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { Sfsim, apiVersion, clientId, clientSecret, refreshToken } from './sfsim.mjs';

describe('signing in', () => {
  let sim;

  before(async () => {
    sim = await Sfsim.start();
  });
  after(() => sim.stop());

  const token = (fields) => fetch(`${sim.url}/services/oauth2/token`, { method: 'POST', body: new URLSearchParams(fields) });

  test('jsforce renews an expired session and repeats the call', async () => {
    const org = new jsforce.Connection({
      instanceUrl: sim.url,
      oauth2: { loginUrl: sim.url, clientId, clientSecret, redirectUri: 'http://localhost/callback' },
      accessToken: '00Dexpired!token',
      refreshToken,
      version: apiVersion,
    });
    let renewed = 0;
    org.on('refresh', () => ++renewed);
    const answer = await org.query('SELECT Id FROM User');
    assert.ok(answer.totalSize > 0);
    assert.equal(renewed, 1);
  });

  test('says invalid_grant and invalid_client with status 400', async () => {
    const grant = await token({ grant_type: 'refresh_token', refresh_token: 'nonsense', client_id: clientId, client_secret: clientSecret });
    assert.equal(grant.status, 400);
    assert.equal((await grant.json()).error, 'invalid_grant');
    const client = await token({ grant_type: 'client_credentials', client_id: clientId, client_secret: 'wrong' });
    assert.equal(client.status, 400);
    assert.match((await client.json()).error, /^invalid_client/);
  });

  test('client credentials are taken from an Authorization header too', async () => {
    const answer = await fetch(`${sim.url}/services/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    assert.equal(answer.status, 200);
    assert.match((await answer.json()).access_token, /^00D\w{12}!/);
  });

  test('a session without or with a wrong token gets 401 in an array', async () => {
    const answer = await sim.call('GET', 'sobjects', { token: 'nonsense' });
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]);
  });

  test('the token answer has the shape clients rely on', async () => {
    const answer = await (await token({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret })).json();
    assert.equal(answer.token_type, 'Bearer');
    assert.equal(answer.instance_url, sim.url);
    assert.match(answer.id, /\/id\/00D\w{15}\/005\w{15}$/);
    assert.match(answer.issued_at, /^\d{13}$/);
    assert.equal(answer.refresh_token, undefined);
  });

  test('a token lives as long as --token-lifetime-s says', async () => {
    const brief = await Sfsim.start('--token-lifetime-s', '1');
    try {
      const short = await brief.accessToken();
      assert.equal((await brief.call('GET', 'limits', { token: short })).status, 200);
      await new Promise((resolve) => setTimeout(resolve, 2200));
      assert.equal((await brief.call('GET', 'limits', { token: short })).status, 401);
    } finally {
      await brief.stop();
    }
  });

  test('the list of versions needs no session and costs nothing', async () => {
    const answer = await fetch(`${sim.url}/services/data`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('sforce-limit-info'), null);
    assert.ok((await answer.json()).some((version) => version.version === apiVersion));
  });
});
