/**
 * `npm run soak -- --minutes 10`: one broker at about half load, mixed QoS 0, 1 and 2, retained messages, clients and sessions that come
 * and go. Prints the memory as it goes and a verdict; exit code 1 when memory grew or a message was lost, doubled or reordered.
 *
 * Flags: --minutes N (default 10) · --rate N (messages a second, default 15000) · --visits N (clients a second that come and go, default 150)
 */
import { parseArgs } from 'node:util';
import { runSoak } from './soak.ts';

const SAMPLE_EVERY_S = 10;

const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '15000' }, visits: { type: 'string', default: '150' } },
});
const seconds = Number(flags.minutes) * 60;
const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

const result = await runSoak({
  seconds,
  perSecond: Number(flags.rate),
  visitsPerSecond: Number(flags.visits),
  samples: Math.max(10, Math.round(seconds / SAMPLE_EVERY_S)),
  onSample: ({ seconds: at, heapBytes, rssBytes, delivered }) =>
    console.log(`${at.toFixed(0).padStart(5)} s  heap ${megabytes(heapBytes)}  RSS ${megabytes(rssBytes)}  delivered ${delivered.toLocaleString('en')}`),
});
const { flat, heapGrowthBytes, rssGrowthBytes, delivered, lost, disorder, visits } = result;
console.log(`${delivered.toLocaleString('en')} messages delivered, ${lost} lost, ${disorder} doubled or reordered; ${visits.toLocaleString('en')} clients came and went.`);
console.log(`${flat ? 'Flat' : 'NOT FLAT'}: heap ${megabytes(heapGrowthBytes)}, RSS ${megabytes(rssGrowthBytes)} more at the end than after warm-up.`);
if (!flat || lost !== 0 || disorder !== 0) process.exitCode = 1;
