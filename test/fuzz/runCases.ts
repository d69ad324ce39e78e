/** Runs cases in batches, each batch in a world of its own, and tells what went wrong with the command that replays it. */
import { drawCase, type FuzzCase } from './cases.ts';
import { Draw } from './draw.ts';
import type { FuzzPeer } from './fuzzPeer.ts';
import { FuzzWorld } from './fuzzWorld.ts';

const BATCH = 200;
const ROUND_TRIP_EVERY = 20;
/** One failure is found again a thousand times: enough is enough. */
const MAX_PROBLEMS = 10;

export interface FuzzReport {
  readonly cases: number;
  readonly problems: readonly string[];
}

export interface RunOptions {
  readonly seed: number;
  /** First case and how many; stops early at `untilMs` of performance.now(). */
  readonly from?: number;
  readonly count: number;
  readonly untilMs?: number;
}

export function runCases({ seed, from = 0, count, untilMs = Number.POSITIVE_INFINITY }: RunOptions): FuzzReport {
  const problems: string[] = [];
  let done = 0;
  for (let index = from - (from % BATCH); index < from + count && problems.length < MAX_PROBLEMS && performance.now() < untilMs; index += BATCH) {
    const size = Math.min(BATCH, from + count - index);
    for (const problem of runBatch(seed, index, size)) problems.push(`${problem}\n  replay: npm run fuzz -- --layer packets --seed ${seed} --batch ${index}`);
    done += size;
  }
  return { cases: done, problems };
}

/** One batch from its first case on; what a case leaves behind is what the next one meets. */
function runBatch(seed: number, first: number, size: number): string[] {
  const fuzz = new FuzzWorld();
  const problems: string[] = [];
  for (let index = first; index < first + size; index += 1) {
    const draw = Draw.ofCase(seed, index);
    const drawn = drawCase(draw);
    const found = runCase(fuzz, drawn, draw);
    if (index % ROUND_TRIP_EVERY === 0) found.push(...fuzz.roundTrip());
    for (const problem of found) problems.push(`case ${index} (${drawn.name}): ${problem}\n  bytes: ${shown(drawn)}`);
  }
  for (const problem of fuzz.clear()) problems.push(`after cases ${first}..${first + size - 1}: ${problem}`);
  return problems;
}

/** Feeds one case and returns what the node did wrong. */
export function runCase(fuzz: FuzzWorld, fuzzCase: FuzzCase, draw?: Draw): string[] {
  const peer = fuzz.accept();
  for (const chunk of fuzzCase.chunks) peer.feed(chunk);
  const problems = [...judge(peer, fuzzCase)];
  if (!peer.ended && draw?.chance(2) !== true) peer.vanish();
  fuzz.world.settle();
  if (draw?.chance(20) === true) fuzz.world.advance(draw.pick([1_000, 20_000, 100_000]));
  problems.push(...fuzz.check());
  return problems;
}

function judge(peer: FuzzPeer, { version, expected }: FuzzCase): string[] {
  const violation = peer.violations[0];
  const said = peer.lastCode;
  if (peer.ended && !peer.closed && peer.sent.at(-1)?.type === 'disconnect') return ['told the end and left the connection open'];
  if (violation !== undefined && peer.sent.at(-1)?.type === 'disconnect' && said !== disconnectCode(violation.reasonCode)) return [`said ${said} for a violation with ${violation.reasonCode}: ${violation.message}`];
  if (expected === undefined) return [];
  const outcome = peer.ended ? `ended with ${said ?? 'no code'}${violation === undefined ? '' : ` (${violation.message})`}` : 'open';
  if (expected.reasonCode === 'open') return peer.ended ? [`expected to stay open, but ${outcome}`] : [];
  const toldCode = version === 5 ? expected.reasonCode : undefined;
  if (!peer.ended || said !== toldCode) return [`expected the end with ${toldCode ?? 'no code'}, but ${outcome}`];
  return violation !== undefined && violation.reasonCode !== expected.reasonCode ? [`expected the rule with ${expected.reasonCode}, but ${outcome}`] : [];
}

/** A second CONNECT is a protocol error: DISCONNECT has none of the codes that only CONNACK may carry (section 3.14.2.1). */
function disconnectCode(reasonCode: number): number {
  return reasonCode === 0x84 || reasonCode === 0x85 ? 0x82 : reasonCode;
}

function shown({ chunks }: FuzzCase): string {
  const bytes = Buffer.concat(chunks);
  const hex = bytes.subarray(0, 400).toString('hex');
  return `${hex}${bytes.length > 400 ? `… (${bytes.length} bytes)` : ''}, chunks of ${chunks.slice(0, 20).map((chunk) => chunk.length).join(' ')}`;
}
