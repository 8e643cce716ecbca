// A person signs in at /admin/queues with the one-time password, sees the job that failed because Salesforce was away,
// retries it, and sees it done. PROGRAMS names the folder of lockstep and sfsim.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const programs = process.env.PROGRAMS;
const folder = mkdtempSync(join(tmpdir(), 'board-'));
const viewerToken = 'a-viewers-token', operatorToken = 'an-operators-token';
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
let org, serve, browser, base, oneTime, env;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts a program and waits until what it says matches. */
function start(program, args, environment, pattern) {
  const child = spawn(join(programs, program), args, { cwd: folder, env: environment });
  let said = '';
  const ready = new Promise((resolve, reject) => {
    const hear = (bytes) => {
      said += bytes;
      if (pattern.test(said)) resolve(said);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code}: ${said}`)));
  });
  return { child, ready };
}

async function stop(child, signal = 'SIGTERM') {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

async function startOrg(port) {
  const started = start('sfsim', ['--port', String(port), '--seed-rows', '20'], process.env, /listening/);
  await started.ready;
  return started.child;
}

let orgPort;
before(async () => {
  orgPort = await freePort();
  org = await startOrg(orgPort);
  env = {
    ...process.env,
    SALESFORCE_CLIENT_ID: 'sfsim-client',
    SALESFORCE_CLIENT_SECRET: 'sfsim-secret',
    LOCKSTEP_SALESFORCE_LOGIN_URL: `http://127.0.0.1:${orgPort}`,
    LOCKSTEP_SERVER_LISTEN: '127.0.0.1:0',
    LOCKSTEP_SYNC_SCHEDULE: '0 0 1 1 *',
    LOCKSTEP_SECURITY_TOKENS: `viewer:screen:${sha256(viewerToken)},operator:deploy:${sha256(operatorToken)}`,
  };
  const connected = spawnSync(join(programs, 'lockstep'), ['connect', '--flow', 'client-credentials'], { cwd: folder, env });
  assert.equal(connected.status, 0, String(connected.stderr));
  const synced = spawnSync(join(programs, 'lockstep'), ['sync'], { cwd: folder, env });
  assert.equal(synced.status, 0, String(synced.stderr));
  const started = start('lockstep', ['serve'], env, /one-time\s+password\s+\S+\s/);
  const said = await started.ready;
  serve = started.child;
  base = said.match(/listening on (http:\S+)/)[1];
  oneTime = said.match(/one-time\s+password\s+(\S+)/)[1];
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});

after(async () => {
  await browser?.close();
  await stop(serve);
  await stop(org);
  rmSync(folder, { recursive: true, force: true });
});

/** A page that remembers what the browser complained about. */
async function open(context) {
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
  return page;
}

async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true });
}

/** Presses the button without a label whose tip says so. */
async function press(page, tip) {
  for (const button of await page.locator('button:has(svg)').all()) {
    if ((await button.innerText()).trim() !== '' || !(await button.isVisible())) continue;
    await button.hover();
    const shown = page.getByText(tip, { exact: true }).first();
    if (await shown.waitFor({ timeout: 700 }).then(() => true, () => false)) return button.click();
  }
  assert.fail(`no button says ${tip}`);
}

const syncNow = () =>
  fetch(`${base}/api/v1/runs`, { method: 'POST', headers: { Authorization: `Bearer ${operatorToken}` } });

test('sign in, see a failed job, retry it, see it done', async () => {
  const page = await open(await browser.newContext());
  page.setDefaultTimeout(15_000);
  await page.goto(`${base}/admin/queues/`);
  assert.match(page.url(), /\/sign-in/);
  await shot(page, 'sign-in');
  await page.fill('input[name=password]', oneTime);
  await page.fill('input[name=chosen]', 'correct horse battery staple');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${base}/admin/queues/`);
  await page.getByText('salesforce-sync').first().waitFor();
  await shot(page, 'overview');

  await stop(org);
  const asked = await syncNow();
  assert.equal(asked.status, 202);
  const { jobs: [{ job_id: id }] } = await asked.json();
  const jobAnswer = async () => {
    const answer = await page.request.get(`${base}/admin/queues/api/queues/salesforce-sync/${id}`);
    return answer.json();
  };
  const stateOf = async () => (await jobAnswer()).status;
  const waitFor = async (state) => {
    for (let i = 0; i < 1200 && (await stateOf()) !== state; i++) await new Promise((next) => setTimeout(next, 100));
    assert.equal(await stateOf(), state, JSON.stringify(await jobAnswer()));
  };
  await waitFor('failed');
  await page.goto(`${base}/admin/queues/queue/salesforce-sync?status=failed`);
  await page.getByText(`127.0.0.1`).first().waitFor();  // The reason names who did not answer.
  await shot(page, 'failed');

  org = await startOrg(orgPort);
  await press(page, 'Retry');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await waitFor('completed');
  await page.goto(`${base}/admin/queues/queue/salesforce-sync?status=completed`);
  await page.getByText('Clean all').waitFor();  // Which a viewer is not offered.
  await page.goto(`${base}/admin/queues/queue/salesforce-sync/${id}`);
  await page.getByText('integration_id').first().waitFor();
  await shot(page, 'done');
  assert.deepEqual(page.complaints, []);
});

test('a viewer sees the jobs and is offered no change', async () => {
  const page = await open(await browser.newContext());
  page.setDefaultTimeout(15_000);
  await page.goto(`${base}/admin/queues/queue/salesforce-sync?status=completed`);
  await page.fill('input[name=password]', viewerToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.goto(`${base}/admin/queues/queue/salesforce-sync?status=completed`);
  await page.getByText('salesforce-sync').first().waitFor();
  await page.getByText('integration_id').first().waitFor();  // Of the job that the other test saw done.
  await shot(page, 'viewer');
  assert.equal(await page.getByText('Clean all').count(), 0);
  const refused = await page.evaluate(() => fetch('/admin/queues/api/queues/pause', { method: 'PUT' }).then((a) => a.status));
  assert.equal(refused, 405);
});
