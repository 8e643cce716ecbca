// Sections 8, 13 and 14: replication and Bulk API 2.0.
import { setTimeout as sleep } from 'node:timers/promises';
import { NotAsked, mark, version } from './org.mjs';

const seen = ({ status, code, message }) => `${status} ${code ?? ''} ${message ?? ''}`.trim();

async function wait(org, path) {
  for (let tries = 0; tries < 300; ++tries) {
    const { body } = await org.call('GET', path);
    if (['JobComplete', 'Failed', 'Aborted'].includes(body.state)) return body;
    await sleep(tries < 10 ? 200 : 2000);
  }
  throw new Error(`${path} did not end within ten minutes`);
}

const open = async (org, more) => {
  const { status, body } = await org.call('POST', 'jobs/ingest', { body: { object: 'Contact', operation: 'insert', ...more } });
  if (status !== 200) throw new Error(`creating a job answered ${status} ${JSON.stringify(body)}`);
  return `jobs/ingest/${body.id}`;
};
const upload = (org, job, csv) => org.call('PUT', `${job}/batches`, { body: csv, headers: { 'content-type': 'text/csv' } });

/// Runs an ingest job to its end; the job and its results as text.
async function ingest(org, more, csv) {
  const job = await open(org, more);
  await upload(org, job, csv);
  await org.call('PATCH', job, { body: { state: 'UploadComplete' } });
  const ended = await wait(org, job);
  const results = async (which) => (await org.call('GET', `${job}/${which}`, { headers: { accept: 'text/csv' } })).text;
  const [good, bad] = [await results('successfulResults/'), await results('failedResults/')];
  for (const [, id] of good.matchAll(/^"(003\w{15})","true"/gm)) org.made.push(`Contact/${id}`);
  return { job: ended, good, bad };
}

async function query(org, soql) {
  const { status, body, code } = await org.call('POST', 'jobs/query', { body: { operation: 'query', query: soql } });
  if (status !== 200) throw new Error(`the query job answered ${status} ${code}`);
  return `jobs/query/${body.id}`;
}

export const checks = [
  ['8', 'a replication window shorter than a minute is INVALID_REPLICATION_DATE', async (org) => {
    const at = (seconds) => encodeURIComponent(new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString().replace('.000Z', '+00:00'));
    const answer = await org.call('GET', `sobjects/Contact/updated/?start=${at(0)}&end=${at(30)}`);
    return [answer.status === 400 && answer.code === 'INVALID_REPLICATION_DATE', seen(answer)];
  }],
  ['8', 'getDeleted covers fifteen days and getUpdated thirty', async (org) => {
    const ago = (days) => encodeURIComponent(new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19) + '+00:00');
    const codes = [];
    for (const [which, days] of [['deleted', 14], ['deleted', 17], ['updated', 29], ['updated', 32]]) {
      const { status, code } = await org.call('GET', `sobjects/Contact/${which}/?start=${ago(days)}&end=${ago(0)}`);
      codes.push(status === 200 ? 'ok' : code);
    }
    return [codes.join() === 'ok,INVALID_REPLICATION_DATE,ok,INVALID_REPLICATION_DATE', codes.join()];
  }],
  ['13', 'creating an ingest job answers 200 with the state Open', async (org) => {
    const answer = await org.call('POST', 'jobs/ingest', { body: { object: 'Contact', operation: 'insert' } });
    await org.call('PATCH', `jobs/ingest/${answer.body.id}`, { body: { state: 'Aborted' } });
    return [answer.status === 200 && answer.body.state === 'Open', `${answer.status} ${answer.body.state}`];
  }],
  ['13', 'a second upload to a job is refused', async (org) => {
    const job = await open(org, {});
    const first = await upload(org, job, 'LastName\nx\n');
    const second = await upload(org, job, 'LastName\ny\n');
    await org.call('PATCH', job, { body: { state: 'Aborted' } });
    return [first.status === 201 && second.status === 400, `${first.status}, then ${seen(second)}`];
  }],
  ['13', 'a header that is no field fails the job: InvalidBatch : Field name not found', async (org) => {
    const { job } = await ingest(org, {}, 'LastName,Nonsense__c\nx,y\n');
    return [job.state === 'Failed' && /^InvalidBatch : Field name not found : Nonsense__c/.test(job.errorMessage), `${job.state} ${job.errorMessage}`];
  }],
  ['13', 'sf__Error is CODE:message:fields --, and sf__Id of a failed insert is empty', async (org) => {
    const { bad } = await ingest(org, {}, `LastName,Title\n,${mark}\n`);
    const line = bad.split('\n')[1] ?? '';
    return [/^"","REQUIRED_FIELD_MISSING:Required fields are missing: \[LastName\]:LastName --"/.test(line), line];
  }],
  ['13', 'empty leaves a field and #N/A clears it', async (org) => {
    const id = await org.contact({ Title: 'T', Department: 'D' });
    await ingest(org, { operation: 'update' }, `Id,Title,Department\n${id},,#N/A\n`);
    const { Title, Department } = await org.read('Contact', id);
    return [Title === 'T' && Department === null, JSON.stringify([Title, Department])];
  }],
  ['13', 'a row with a quote in the wrong place fails alone', async (org) => {
    const { job, bad } = await ingest(org, {}, `LastName,Title\n"${mark}" ,x\n${mark},y\n`);
    return [job.state === 'JobComplete' && job.numberRecordsProcessed === 2 && job.numberRecordsFailed === 1, `${job.state} ${bad.split('\n')[1]}`];
  }],
  ['13', 'delete takes the column Id and no other', async (org) => {
    const { job } = await ingest(org, { operation: 'delete' }, `Id,LastName\n${await org.contact()},x\n`);
    return [job.state === 'Failed', `${job.state} ${job.errorMessage ?? ''}`];
  }],
  ['13', 'unprocessedrecords is spelt in small letters', async (org) => {
    const job = await open(org, {});
    await upload(org, job, 'LastName\nx\n');
    await org.call('PATCH', job, { body: { state: 'Aborted' } });
    const small = await org.call('GET', `${job}/unprocessedrecords/`, { headers: { accept: 'text/csv' } });
    return [small.status === 200, seen(small)];
  }],
  ['13', 'an unknown job is 404 NOT_FOUND', async (org) => {
    const answer = await org.call('GET', 'jobs/ingest/750000000000000AAA');
    return [answer.status === 404 && answer.code === 'NOT_FOUND', seen(answer)];
  }],
  ['14', 'results before the job is complete are refused with 400', async (org) => {
    const job = await query(org, 'SELECT Id FROM Contact');
    const early = await org.call('GET', `${job}/results`, { headers: { accept: 'text/csv' } });
    await wait(org, job);
    if (early.status === 200) throw new NotAsked('the job was faster');
    return [early.status === 400, seen(early)];
  }],
  ['14', 'an empty result is its header, no records and the locator null; stamps end in .000Z', async (org) => {
    const [none, one] = [await query(org, `SELECT Id, Title FROM Contact WHERE LastName = '${mark}-none'`),
      await query(org, `SELECT SystemModstamp FROM Contact WHERE Id = '${await org.contact()}'`)];
    await wait(org, none);
    await wait(org, one);
    const empty = await org.call('GET', `${none}/results`, { headers: { accept: 'text/csv' } });
    const { text } = await org.call('GET', `${one}/results`, { headers: { accept: 'text/csv' } });
    const holds = empty.text === '"Id","Title"\n' && empty.headers.get('sforce-numberofrecords') === '0' && empty.headers.get('sforce-locator') === 'null';
    return [holds && /^"SystemModstamp"\n"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z"\n$/.test(text), JSON.stringify([empty.text, text])];
  }],
  ['14', 'results read with another version of the API are refused with 409', async (org) => {
    const job = await query(org, 'SELECT Id FROM Contact LIMIT 1');
    await wait(org, job);
    const other = version === 'v61.0' ? 'v60.0' : 'v61.0';
    const answer = await org.call('GET', `/services/data/${other}/${job}/results`, { headers: { accept: 'text/csv' } });
    return [answer.status === 409, seen(answer)];
  }],
  ['14', 'aborting a job that is complete: 400 INVALIDJOBSTATE Aborting already Completed Job not allowed', async (org) => {
    const job = await query(org, 'SELECT Id FROM Contact LIMIT 1');
    await wait(org, job);
    const answer = await org.call('PATCH', job, { body: { state: 'Aborted' } });
    return [seen(answer) === '400 INVALIDJOBSTATE Aborting already Completed Job not allowed', seen(answer)];
  }],
];
