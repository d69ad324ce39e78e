/**
 * `npm run fuzz -- --seconds 60 --seed N`: hostile input against the pure broker (`--layer packets`, thousands of cases a second)
 * and against a node process (`--layer node`); half of the time each unless a layer is named. Failures are printed with the
 * command that replays them; `--batch N` replays one batch of the first layer, `--attack NAME` one attack of the second.
 */
import { parseArgs } from 'node:util';
import { attackNode, ATTACKS } from './attackNode.ts';
import { runCases } from './runCases.ts';

const BATCH = 200;
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    layer: { type: 'string', default: 'both' },
    batch: { type: 'string' },
    attack: { type: 'string' },
  },
});

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${flag} is a whole number, not ${text}`);
  return value;
}

async function main(): Promise<number> {
  const { layer } = values;
  if (!['both', 'packets', 'node'].includes(layer)) throw new Error('--layer is packets, node or both');
  if (values.attack !== undefined && !(values.attack in ATTACKS)) throw new Error(`--attack is one of ${Object.keys(ATTACKS).join(', ')}`);
  const seed = wholeNumber('seed', values.seed);
  const seconds = wholeNumber('seconds', values.seconds) / (layer === 'both' ? 2 : 1);
  let failed = 0;
  if (layer !== 'node') {
    const from = values.batch === undefined ? 0 : wholeNumber('batch', values.batch);
    const count = values.batch === undefined ? Number.MAX_SAFE_INTEGER : BATCH;
    const { cases, problems } = runCases({ seed, from, count, untilMs: performance.now() + seconds * 1_000 });
    for (const problem of problems) console.log(problem);
    console.log(`packets: seed ${seed}, ${cases} cases, ${problems.length} problems`);
    failed += problems.length;
  }
  if (layer !== 'packets') {
    const { problems, rounds, slowestMs, peakGrowthMb } = await attackNode(seed, seconds, values.attack);
    for (const problem of problems) console.log(problem);
    console.log(`node: seed ${seed}, ${problems.length} problems; canary: ${rounds} rounds, slowest ${slowestMs.toFixed(0)} ms; memory grew by ${peakGrowthMb} MB at most`);
    failed += problems.length;
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
