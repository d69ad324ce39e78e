/**
 * `npm run ledger -- --minutes 2`: real nodes, 200 persistent subscribers and 50 publishers of QoS 1 and 2 while nodes are killed, stand still or
 * are restarted, then the books: which acknowledged message did not arrive, which arrived twice, which in another order. Exit code 1 unless
 * nothing was lost, turned round or repeated without a reason.
 *
 * Flags: --minutes N (default 2) · --nodes N (3) · --subscribers N (200) · --publishers N (50) · --mosquitto N (4) · --rate N (messages a second of
 *        each publisher, 4) · --faults kill,wipe,pause,cut,split,roll,drain,drop (default kill,wipe) · --seed N · --set key=value (repeatable)
 */
import { parseArgs } from 'node:util';
import { runLedger } from './ledger.ts';
import { LEDGER_FAULTS, type LedgerFault } from './ledgerFaults.ts';

const SHOWN = 20;

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    nodes: { type: 'string', default: '3' },
    subscribers: { type: 'string', default: '200' },
    publishers: { type: 'string', default: '50' },
    mosquitto: { type: 'string', default: '4' },
    rate: { type: 'string', default: '4' },
    faults: { type: 'string', default: 'kill,wipe' },
    seed: { type: 'string', default: '1' },
    set: { type: 'string', multiple: true, default: [] },
  },
});

function faultsOf(text: string): LedgerFault[] {
  return text.split(',').map((name) => {
    const fault = LEDGER_FAULTS.find((known) => known === name);
    if (fault === undefined) throw new Error(`--faults are of ${LEDGER_FAULTS.join(', ')}, not ${name}`);
    return fault;
  });
}

const startMs = performance.now();
const result = await runLedger({
  nodes: Number(flags.nodes),
  settings: flags.set,
  subscribers: Number(flags.subscribers),
  publishers: Number(flags.publishers),
  mosquitto: Number(flags.mosquitto),
  perSecond: Number(flags.rate),
  seconds: Number(flags.minutes) * 60,
  faults: faultsOf(flags.faults),
  seed: Number(flags.seed),
  say: (text) => console.log(`${((performance.now() - startMs) / 1_000).toFixed(1).padStart(7)} s  ${text}`),
});
const {
  published,
  acknowledged,
  owed,
  delivered,
  lost,
  outOfOrder,
  explainedRepeats,
  unexplainedRepeats,
  open,
  sessionsMissed,
  faults,
} = result;
for (const line of [
  ...open.slice(0, SHOWN),
  ...lost.slice(0, SHOWN),
  ...outOfOrder.slice(0, SHOWN),
  ...unexplainedRepeats.slice(0, SHOWN),
])
  console.log(line);
console.log(
  `${faults} faults; ${published} published, ${acknowledged} acknowledged, ${open.length} unanswered; ${owed} owed, ${delivered} delivered.`,
);
console.log(
  `lost ${lost.length}, out of order ${outOfOrder.length}, unexplained repeats ${unexplainedRepeats.length}, explained ${explainedRepeats}, sessions not found ${sessionsMissed}`,
);
if (lost.length + outOfOrder.length + unexplainedRepeats.length + open.length + sessionsMissed > 0) process.exitCode = 1;
