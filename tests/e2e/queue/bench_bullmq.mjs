// BullMQ's own figures for what bench/queue.cc measures. Usage: node bench_bullmq.mjs PORT [JOBS]
import { Queue, Worker } from 'bullmq';

const [port, jobs = 20_000] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const name = 'bench-bullmq';
const options = { removeOnComplete: { count: 20 } };
const data = { integrationId: '6925a1c0ffee', trigger: 'manual' };

async function measure(what, work) {
  const cpu = process.cpuUsage(), started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000, { user, system } = process.cpuUsage(cpu);
  console.log(`bullmq:   ${what.padEnd(22)} ${`${jobs}`.padStart(7)} jobs ${(jobs / seconds).toFixed(0).padStart(8)} jobs/s `
    + `${((user + system) / 1e6).toFixed(2).padStart(6)} CPU s`);
}

const queue = new Queue(name, { connection });
await queue.waitUntilReady();
async function add() {
  for (let i = 0; i < jobs; ++i) await queue.add('salesforce-sync', data, options);
}
function work(concurrency) {
  return new Promise((resolve, reject) => {
    let done = 0;
    const worker = new Worker(name, async () => ({ status: 'completed' }), { connection, concurrency });
    worker.on('completed', () => { if (++done === jobs) worker.close().then(resolve, reject); });
    worker.on('error', reject);
  });
}
await measure('add, one by one', add);
await measure('work, one at a time', () => work(1));
for (let i = 0; i < jobs; i += 1000)
  await queue.addBulk(Array.from({ length: Math.min(1000, jobs - i) }, () => ({ name: 'salesforce-sync', data, opts: options })));
await measure('work, 50 at a time', () => work(50));
await queue.close();
