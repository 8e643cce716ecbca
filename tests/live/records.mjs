// Sections 5, 6, 7, 11, 16, 19 and 24: single records, their values and their refusals.
import { mark, NotAsked } from './org.mjs';

const seen = ({ status, code, message }) => `${status} ${code ?? ''} ${message ?? ''}`.trim();

export const checks = [
  ['5', 'null clears a field, an absent key leaves it, "" is stored as null', async (org) => {
    const id = await org.contact({ FirstName: 'A', Title: 'T', Department: 'D' });
    await org.call('PATCH', `sobjects/Contact/${id}`, { body: { Title: null, Department: '' } });
    const { FirstName, Title, Department } = await org.read('Contact', id);
    return [FirstName === 'A' && Title === null && Department === null, JSON.stringify([FirstName, Title, Department])];
  }],
  ['5', 'text is cut at both ends', async (org) => {
    const { Title } = await org.read('Contact', await org.contact({ Title: '  in the middle  ' }));
    return [Title === 'in the middle', JSON.stringify(Title)];
  }],
  ['5', 'Id in the body of a PATCH is 400 INVALID_FIELD', async (org) => {
    const id = await org.contact();
    const answer = await org.call('PATCH', `sobjects/Contact/${id}`, { body: { Id: id, Title: 'x' } });
    return [answer.status === 400 && answer.code === 'INVALID_FIELD', seen(answer)];
  }],
  ['5', 'a record in the recycle bin answers 404 ENTITY_IS_DELETED: entity is deleted', async (org) => {
    const id = await org.contact();
    await org.call('DELETE', `sobjects/Contact/${id}`);
    const answer = await org.call('PATCH', `sobjects/Contact/${id}`, { body: { Title: 'x' } });
    return [seen(answer) === '404 ENTITY_IS_DELETED entity is deleted', seen(answer)];
  }],
  ['5', 'a lookup by external id in a body works for create', async (org) => {
    const email = `${mark}@example.com`;
    const manager = await org.contact({ Email: email });
    const { ReportsToId } = await org.read('Contact', await org.contact({ ReportsTo: { Email: email } }));
    return [ReportsToId === manager, ReportsToId];
  }],
  ['5', 'If-Unmodified-Since before the last change is 412', async (org) => {
    const id = await org.contact();
    const answer = await org.call('PATCH', `sobjects/Contact/${id}`, { body: { Title: 'x' }, headers: { 'if-unmodified-since': 'Tue, 10 Aug 2015 00:00:00 GMT' } });
    return [answer.status === 412, seen(answer)];
  }],
  ['6', 'updateOnly without a match creates nothing and is 404 NOT_FOUND', async (org) => {
    const answer = await org.call('PATCH', `sobjects/Contact/${await org.keyField()}/${mark}-none?updateOnly=true`, { body: { LastName: mark } });
    return [answer.status === 404 && answer.code === 'NOT_FOUND', seen(answer)];
  }],
  ['6', 'an external id matches without regard to case', async (org) => {
    const key = await org.keyField();
    const id = await org.contact({ [key]: `${mark}-case` });
    const answer = await org.call('PATCH', `sobjects/Contact/${key}/${mark.toUpperCase()}-CASE`, { body: { Title: 'x' } });
    return [answer.status === 200 && answer.body.id === id, seen(answer)];
  }],
  ['6', 'a deleted record does not match, nor does it keep its unique value', async (org) => {
    const key = await org.keyField();
    const first = await org.contact({ [key]: `${mark}-binned` });
    await org.call('DELETE', `sobjects/Contact/${first}`);
    const answer = await org.call('PATCH', `sobjects/Contact/${key}/${mark}-binned`, { body: { LastName: mark } });
    if (answer.status === 201) org.made.push(`Contact/${answer.body.id}`);
    return [answer.status === 201 && answer.body.id !== first, seen(answer)];
  }],
  ['7', 'a number with more digits than its scale is rounded', async (org) => {
    const id = await org.create('Opportunity', { Name: mark, StageName: 'Prospecting', CloseDate: '2030-01-31', Amount: 10.126 });
    const { Amount } = await org.read('Opportunity', id);
    return [Amount === 10.13, String(Amount)];
  }],
  ['11', 'a datetime of a record shows whole seconds as .000+0000', async (org) => {
    const { SystemModstamp } = await org.read('Contact', await org.contact());
    return [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$/.test(SystemModstamp), SystemModstamp];
  }],
  ['16', 'a text that is too long is 400 STRING_TOO_LONG', async (org) => {
    const answer = await org.call('POST', 'sobjects/Contact', { body: { LastName: mark, FirstName: 'x'.repeat(41) } });
    return [answer.status === 400 && answer.code === 'STRING_TOO_LONG', seen(answer)];
  }],
  ['16', 'a duplicate value names field and record: duplicate value found: X duplicates value on record with id: …', async (org) => {
    const key = await org.keyField();
    const id = await org.contact({ [key]: `${mark}-twice` });
    const answer = await org.call('POST', 'sobjects/Contact', { body: { LastName: mark, [key]: `${mark}-twice` } });
    const expected = new RegExp(`^duplicate value found: ${key} duplicates value on record with id: ${id.slice(0, 15)}`);
    return [answer.status === 400 && answer.code === 'DUPLICATE_VALUE' && expected.test(answer.message), seen(answer)];
  }],
  ['16', 'a reference to a record that does not exist is INVALID_CROSS_REFERENCE_KEY or MALFORMED_ID', async (org) => {
    const answer = await org.call('POST', 'sobjects/Contact', { body: { LastName: mark, AccountId: '001000000000000AAA' } });
    return [answer.status === 400 && /^(INVALID_CROSS_REFERENCE_KEY|MALFORMED_ID)$/.test(answer.code), seen(answer)];
  }],
  ['16', 'a body that is no JSON is 400 JSON_PARSER_ERROR', async (org) => {
    const answer = await org.call('POST', 'sobjects/Contact', { body: '{"LastName":', headers: { 'content-type': 'application/json' } });
    return [answer.status === 400 && answer.code === 'JSON_PARSER_ERROR', seen(answer)];
  }],
  ['19', 'writing the compound Name of a contact is INVALID_FIELD_FOR_INSERT_UPDATE', async (org) => {
    const answer = await org.call('POST', 'sobjects/Contact', { body: { LastName: mark, Name: 'A B' } });
    return [answer.status === 400 && answer.code === 'INVALID_FIELD_FOR_INSERT_UPDATE', seen(answer)];
  }],
  ['24', 'a lookup to a deleted record becomes null', async (org) => {
    const manager = await org.contact();
    const id = await org.contact({ ReportsToId: manager });
    await org.call('DELETE', `sobjects/Contact/${manager}`);
    const { ReportsToId } = await org.read('Contact', id);
    return [ReportsToId === null, String(ReportsToId)];
  }],
  ['24', 'clearing a lookup moves the stamp of its record', async (org) => {
    const manager = await org.contact();
    const id = await org.contact({ ReportsToId: manager });
    const before = (await org.read('Contact', id)).SystemModstamp;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await org.call('DELETE', `sobjects/Contact/${manager}`);
    const { SystemModstamp } = await org.read('Contact', id);
    return [SystemModstamp > before, `${before}, then ${SystemModstamp}`];
  }],
  ['5', 'If-Unmodified-Since that is no date is 400', async (org) => {
    const id = await org.contact();
    const answer = await org.call('PATCH', `sobjects/Contact/${id}`, { body: { Title: 'x' }, headers: { 'if-unmodified-since': 'yesterday' } });
    return [answer.status === 400, seen(answer)];
  }],
  ['7', 'describe answers 304 to If-Modified-Since', async (org) => {
    const answer = await org.call('GET', 'sobjects/Contact/describe', { headers: { 'if-modified-since': new Date(Date.now() + 86_400_000).toUTCString() } });
    return [answer.status === 304, seen(answer)];
  }],
  ['16', 'a picklist value that is not allowed names the field: … bad value for restricted picklist field: …', async (org) => {
    const answer = await org.call('POST', 'sobjects/Contact', { body: { LastName: mark, MailingGeocodeAccuracy: 'Nonsense' } });
    return [answer.status === 400 && answer.code === 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST' && /bad value for restricted picklist field: Nonsense/.test(answer.message), seen(answer)];
  }],
  ['16', 'a value of the wrong JSON type is 400 JSON_PARSER_ERROR', async (org) => {
    const answer = await org.call('POST', 'sobjects/Account', { body: { Name: mark, NumberOfEmployees: 'many' } });
    return [answer.status === 400 && answer.code === 'JSON_PARSER_ERROR', seen(answer)];
  }],
  ['24', 'deleting an account deletes its contacts', async (org) => {
    const account = await org.create('Account', { Name: mark });
    const id = await org.contact({ AccountId: account });
    await org.call('DELETE', `sobjects/Account/${account}`);
    const { body } = await org.query(`SELECT IsDeleted FROM Contact WHERE Id = '${id}'`, true);
    return [body.records[0]?.IsDeleted === true, JSON.stringify(body.records[0])];
  }],
  ['4', 'recordCount names an object, or leaves it out when it has no records', async (org) => {
    await org.contact();
    const { status, body } = await org.call('GET', 'limits/recordCount?sObjects=Contact');
    const holds = status === 200 && body.sObjects.every(({ name, count }) => name === 'Contact' && Number.isInteger(count));
    return [holds && body.sObjects.length <= 1, JSON.stringify(body)];
  }],
  ['4', 'limits tells Max and Remaining of calls, Bulk batches, Bulk queries, event deliveries and storage', async (org) => {
    const { body } = await org.call('GET', 'limits');
    const missing = ['DailyApiRequests', 'DailyBulkApiBatches', 'DailyBulkV2QueryJobs', 'DailyDeliveredPlatformEvents', 'DataStorageMB']
      .filter((name) => !(body[name]?.Max >= body[name]?.Remaining));
    return [missing.length === 0, `without ${missing.join(', ')}`];
  }],
  ['5', 'a lookup by external id in a body works in collections', async (org) => {
    const email = `${mark}-boss@example.com`;
    const manager = await org.contact({ Email: email });
    const { body } = await org.call('POST', 'composite/sobjects', { body: { records: [{ attributes: { type: 'Contact' }, LastName: mark, ReportsTo: { Email: email } }] } });
    if (!body[0].success) return [false, JSON.stringify(body[0])];
    org.made.push(`Contact/${body[0].id}`);
    const { ReportsToId } = await org.read('Contact', body[0].id);
    return [ReportsToId === manager, ReportsToId];
  }],
  ['11', "the values of a multipicklist come back in the picklist's own order", async (org) => {
    for (const object of ['Contact', 'Account', 'Opportunity', 'Task']) {
      const { fields } = (await org.call('GET', `sobjects/${object}/describe`)).body;
      const field = fields.find((each) => each.type === 'multipicklist' && each.createable && each.picklistValues.filter((value) => value.active).length > 1);
      if (!field) continue;
      const [first, second] = field.picklistValues.filter((value) => value.active).map(({ value }) => value);
      const needed = { Contact: { LastName: mark }, Account: { Name: mark }, Task: { Subject: mark },
        Opportunity: { Name: mark, StageName: 'Prospecting', CloseDate: '2030-01-31' } }[object];
      const stored = (await org.read(object, await org.create(object, { ...needed, [field.name]: `${second};${first}` })))[field.name];
      return [stored === `${first};${second}`, `${second};${first} became ${stored}`];
    }
    throw new NotAsked('needs a multi-select picklist with two values on Contact, Account, Opportunity or Activity');
  }],
  ['19', 'a task is Not Started and Normal unless it says otherwise', async (org) => {
    const { Status, Priority } = await org.read('Task', await org.create('Task', { Subject: mark }));
    return [Status === 'Not Started' && Priority === 'Normal', `${Status}, ${Priority}`];
  }],
  ['19', 'the end of an event follows from its start and duration', async (org) => {
    const { EndDateTime, ActivityDateTime } = await org.read('Event', await org.create('Event', { Subject: mark, StartDateTime: '2030-01-31T10:00:00Z', DurationInMinutes: 30 }));
    return [EndDateTime === '2030-01-31T10:30:00.000+0000' && ActivityDateTime === '2030-01-31T10:00:00.000+0000', `${ActivityDateTime} to ${EndDateTime}`];
  }],
  ['19', 'the stage of an opportunity gives IsClosed, IsWon, Probability and with Amount ExpectedRevenue', async (org) => {
    const { IsClosed, IsWon, Probability, ExpectedRevenue } = await org.read('Opportunity',
      await org.create('Opportunity', { Name: mark, StageName: 'Closed Won', CloseDate: '2030-01-31', Amount: 50 }));
    return [IsClosed && IsWon && Probability === 100 && ExpectedRevenue === 50, JSON.stringify({ IsClosed, IsWon, Probability, ExpectedRevenue })];
  }],
];
