// Sections 6, 9 and 16: what several calls do to each other, and what becomes of a query while records change.
import { mark, NotAsked } from './org.mjs';

const seen = ({ status, code, message }) => `${status} ${code ?? ''} ${message ?? ''}`.trim();

const rows_of_two_pages = 230;  // The smallest page has 200 records.

async function contacts(org, count, fields) {
  const ids = [];
  for (let from = 0; from < count; from += 200) {
    const records = Array.from({ length: Math.min(200, count - from) }, () => ({ attributes: { type: 'Contact' }, LastName: mark, ...fields }));
    const { status, body } = await org.call('POST', 'composite/sobjects', { body: { allOrNone: true, records } });
    if (status !== 200 || !body.every((each) => each.success)) throw new Error(`could not create contacts: ${JSON.stringify(body).slice(0, 200)}`);
    ids.push(...body.map(({ id }) => id));
    org.made.push(...body.map(({ id }) => `Contact/${id}`));
  }
  return ids;
}

const firstPage = (org, which) => org.call('GET', `query?q=${encodeURIComponent(
  `SELECT Id, Title FROM Contact WHERE LastName = '${mark}' AND Department = '${which}' ORDER BY Id`)}`, { headers: { 'sforce-query-options': 'batchSize=200' } });

/// The departments of contacts that this run has made enough of for two pages.
const filled = new Map();
async function twoPages(org, which) {
  if (!filled.has(which)) filled.set(which, await contacts(org, rows_of_two_pages, { Department: which, Title: 'before' }));
  return filled.get(which);
}

export const checks = [
  ['9', 'the rest of a query is read as it is then, without what was deleted', async (org) => {
    await twoPages(org, 'pages');
    const first = await firstPage(org, 'pages');
    const all = (await twoPages(org, 'pages')).toSorted();
    const read = new Set(first.body.records.map(({ Id }) => Id));
    const [changed, deleted] = all.filter((id) => !read.has(id));
    if (!first.body.nextRecordsUrl || !deleted) throw new Error('there was only one page');
    await org.call('PATCH', `sobjects/Contact/${changed}`, { body: { Title: 'after' } });
    await org.call('DELETE', `sobjects/Contact/${deleted}`);
    const second = await org.call('GET', first.body.nextRecordsUrl);
    const found = second.body.records.find(({ Id }) => Id === changed);
    return [found?.Title === 'after' && second.body.records.every(({ Id }) => Id !== deleted) && second.body.done,
      `${second.status}: changed ${found?.Title}, deleted ${second.body.records?.some(({ Id }) => Id === deleted) ? 'there' : 'gone'}`];
  }],
  ['9', 'a page can be read twice', async (org) => {
    await twoPages(org, 'pages');
    const { body } = await firstPage(org, 'pages');
    const [once, twice] = [await org.call('GET', body.nextRecordsUrl), await org.call('GET', body.nextRecordsUrl)];
    return [once.status === 200 && twice.status === 200 && once.body.records.length === twice.body.records.length, `${seen(once)}, then ${seen(twice)}`];
  }],
  ['9', 'a user may have ten queries open', async (org) => {
    await twoPages(org, 'pages');
    const open = [];
    for (let at = 0; at < 10; ++at) open.push((await firstPage(org, 'pages')).body.nextRecordsUrl);
    const answers = [];
    for (const url of open) answers.push(await org.call('GET', url));
    const bad = answers.filter(({ status }) => status !== 200);
    return [bad.length === 0, `${bad.length} of ten: ${bad.length > 0 ? seen(bad[0]) : ''}`];
  }],
  ['6', 'two upserts of one new unique key at once make one record; the second updates it or is refused', async (org) => {
    const key = await org.keyField();
    for (let round = 0; round < 5; ++round) {
      const value = `${mark}-race-${round}`;
      const upsert = () => org.call('PATCH', `sobjects/Contact/${key}/${value}`, { body: { LastName: mark } });
      const answers = await Promise.all([upsert(), upsert(), upsert()]);
      const { body } = await org.query(`SELECT Id FROM Contact WHERE ${key} = '${value}'`);
      org.made.push(...body.records.map(({ Id }) => `Contact/${Id}`));
      const created = answers.filter(({ status }) => status === 201).length;
      const fair = answers.every(({ status, code }) => status === 201 || status === 200 || code === 'DUPLICATE_VALUE' || code === 'UNABLE_TO_LOCK_ROW');
      if (created !== 1 || body.totalSize !== 1 || !fair) return [false, `${body.totalSize} records of ${answers.map(seen).join('; ')}`];
    }
    return [true, ''];
  }],
  ['16', 'a locked record is 400 UNABLE_TO_LOCK_ROW: unable to obtain exclusive access to this record …', async (org) => {
    // Updates of the same records that wait for each other, until one has waited too long.
    const account = await org.create('Account', { Name: mark });
    const ids = await contacts(org, 200, { AccountId: account });
    const long = () => org.call('PATCH', 'composite/sobjects', { body: {
      records: ids.map((id) => ({ attributes: { type: 'Contact' }, id, Title: `${mark}-lock` })) } });
    const short = () => org.call('PATCH', `sobjects/Contact/${ids[100]}`, { body: { Title: 'short' } });
    for (let round = 0; round < 3; ++round) {
      const calls = Array.from({ length: 24 }, (_, at) => (at % 3 === 2 ? short() : long()));
      const refused = (await Promise.all(calls)).filter(({ status, text }) => status !== 200 && status !== 204 && text.includes('UNABLE_TO_LOCK_ROW'));
      if (refused.length === 0) continue;
      return [refused.every(({ status, code, message }) => status === 400 && code === 'UNABLE_TO_LOCK_ROW' && message.startsWith('unable to obtain exclusive access to this record')),
        seen(refused[0])];
    }
    throw new NotAsked('the org was too quick: no update met a lock');
  }],
];
