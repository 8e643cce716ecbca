// Prints cron patterns, instants and what cron-parser, the library that BullMQ asks, makes of them: one case a line,
// pattern, zone, instant and the next time (ms, "never" or "refused") separated by tabs.
// Usage: node cron_cases.mjs COUNT SEED
import { createRequire } from 'node:module';

const { parseExpression } = createRequire(import.meta.url)('cron-parser');

/// splitmix64 cut to 32 bits: equal seeds give equal cases.
let state = BigInt(process.argv[3]);
function next() {
  state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
  let z = state;
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return Number((z ^ (z >> 31n)) & 0xffffffffn);
}
const below = (bound) => next() % bound;
const between = (low, high) => low + below(high - low + 1);
const pick = (list) => list[below(list.length)];

const months = ['JAN', 'feb', 'Mar', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'mon', 'Tue', 'WED', 'THU', 'FRI', 'SAT'];

function element(low, high) {
  const first = between(low, high);
  const last = between(first, high);
  switch (below(6)) {
    case 0: return '*';
    case 1: return `*/${between(1, high)}`;
    case 2: return `${first}-${last}`;
    case 3: return `${first}-${last}/${between(1, 7)}`;
    case 4: return `${first}/${between(1, high)}`;
    default: return `${first}`;
  }
}
const list = (low, high) => Array.from({ length: pick([1, 1, 1, 2, 3]) }, () => element(low, high)).join(',');

function day() {
  return pick([() => '*', () => '*', () => 'L', () => '?', () => `${between(1, 31)},L`, () => list(1, 31)])();
}
function weekday() {
  return pick([
    () => '*', () => '*', () => '*', () => '?', () => list(0, 7), () => `${pick(weekdays)}`,
    () => `${between(0, 6)}#${between(1, 5)}`, () => `${between(0, 7)}L`, () => 'MON-FRI',
  ])();
}
const month = () => pick([() => '*', () => '*', () => '*', () => list(1, 12), () => pick(months)])();

/// Patterns as people write them, and patterns as nobody would.
function pattern() {
  const fields = [
    pick([() => list(0, 59), () => `${between(0, 59)}`, () => '*/15', () => '0', () => '30'])(),
    pick([() => list(0, 23), () => `${between(0, 4)}`, () => '*', () => `${between(0, 3)},${between(0, 23)}`])(),
    day(), month(), weekday(),
  ];
  if (below(5) === 0) fields.unshift(pick([() => list(0, 59), () => '0', () => '*/20'])());
  return below(50) === 0 ? pick(['@yearly', '@monthly', '@weekly', '@daily', '@hourly']) : fields.join(' ');
}

/// Zones of every kind: none, whole and half hours, shifts at midnight, of half an hour, on the southern side, gone.
const zones = [
  'UTC', 'Europe/Berlin', 'Europe/London', 'Europe/Dublin', 'America/New_York', 'America/Los_Angeles',
  'America/Sao_Paulo', 'America/Havana', 'America/St_Johns', 'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Tokyo',
  'Asia/Beirut', 'Africa/Cairo', 'Australia/Lord_Howe', 'Australia/Sydney', 'Pacific/Auckland', 'Pacific/Chatham',
  'Pacific/Apia', 'America/Santiago', 'Atlantic/Azores',
];

const first = Date.UTC(2000, 0, 1), last = Date.UTC(2035, 0, 1), aDay = 24 * 3600e3;

/// The days on which a zone's clock changes.
const changes = new Map();
function changesOf(zone) {
  if (!changes.has(zone)) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hour: 'numeric', hourCycle: 'h23', minute: 'numeric' });
    const found = [];
    for (let day = first, before = format.format(day); day < last; day += aDay) {
      const after = format.format(day + aDay);
      if (after !== before) found.push(day);
      before = after;
    }
    changes.set(zone, found);
  }
  return changes.get(zone);
}

/// Half of the instants lie within two days of a change of the zone's clock, where there is one.
function instant(zone) {
  const near = below(2) === 0 ? changesOf(zone) : [];
  const day = near.length > 0 ? pick(near) - aDay : first + below((last - first) / aDay) * aDay;
  return day + below(2 * aDay / 1000) * 1000 + pick([0, 1, 500, 27_500, 59_999]);
}

/// What BullMQ does at every advance: parse afresh, ask once.
function nextOf(text, zone, from) {
  const expression = parseExpression(text, { currentDate: new Date(from), tz: zone });
  try {
    return expression.next().getTime();
  } catch {
    return 'never';
  }
}

for (let made = 0; made < Number(process.argv[2]);) {
  const text = pattern(), zone = pick(zones), from = instant(zone);
  const times = [];
  try {
    let moment = from;
    for (let i = 0; i < 1 && moment !== 'never'; ++i) times.push((moment = nextOf(text, zone, moment)));
  } catch {
    times.length = 0;
    times.push('refused');
  }
  console.log([text, zone, from, ...times].join('\t'));
  ++made;
}
