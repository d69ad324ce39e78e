/**
 * The guard rail that needs a judge on the same machine: what the broker uses for a message that comes alone, against what a C server
 * uses that does nothing but read and send it (hot-path.md sections 2 and 12). The two take turns, and the best turn of each counts:
 * what else the machine does only ever adds.
 */
import { BUSBAR, ECHO, type BrokerKind } from './brokers.ts';
import { ECHO_LOAD, ECHO_RIVAL, type Load } from './loads.ts';
import { measure, type Measured, type Times } from './measure.ts';
import type { Row } from './report.ts';

/** How many times the CPU of the C server a message may cost. */
export const ECHO_MOST_TIMES = 2;
/**
 * The same on a core that others use too. Their work empties the caches, and of those the broker has more to lose; this tells no more
 * than that a message costs several system calls, or is encoded again.
 */
export const ECHO_MOST_TIMES_SHARED = 4;
/** In a closed loop one of the two sides is always busy: where neither had its core for so large a share, somebody else had it. */
const OWN_CORE = 0.85;
/** Less would measure the compiler. */
const WARMUP_MESSAGES = 20_000;

export interface EchoRail {
  /** CPU per message, µs: of the best rounds on cores of their own, or, if there was none, of the best rounds. */
  readonly echoMicros: number;
  readonly brokerMicros: number;
  readonly shared: boolean;
  readonly times: number;
  readonly mostTimes: number;
}

/** Ends early once the broker has shown that it can. Rejects when either could not be measured. */
export async function measureEchoRail(mostRounds: number, times: Times): Promise<EchoRail> {
  const rounds: { readonly echo: Measured; readonly broker: Measured }[] = [];
  for (;;) {
    rounds.push({ echo: await measured(ECHO, ECHO_LOAD, times), broker: await measured(BUSBAR, ECHO_RIVAL, times) });
    const own = rounds.filter(({ echo, broker }) => hadItsCore(echo) && hadItsCore(broker));
    const shared = own.length === 0;
    const counted = shared ? rounds : own;
    const [echoMicros, brokerMicros] = (['echo', 'broker'] as const).map((side) => Math.min(...counted.map((round) => round[side].microsPerUnit))) as [number, number];
    const ratio = brokerMicros / echoMicros;
    if (ratio <= ECHO_MOST_TIMES || rounds.length >= mostRounds) {
      return { echoMicros, brokerMicros, shared, times: ratio, mostTimes: shared ? ECHO_MOST_TIMES_SHARED : ECHO_MOST_TIMES };
    }
  }
}

const hadItsCore = ({ brokerCpu, generatorCpu }: Measured): boolean => Math.max(brokerCpu, generatorCpu) >= OWN_CORE;

async function measured(kind: BrokerKind, load: Load, times: Times): Promise<Measured> {
  const outcome = await measure(kind, load, { ...times, warmupUnits: WARMUP_MESSAGES });
  if (!outcome.ok) throw new Error(`${kind.name}: ${outcome.reason}`);
  const { lost, disorder } = outcome.measured;
  if (lost > 0 || disorder > 0) throw new Error(`${kind.name}: ${lost} messages lost, ${disorder} doubled or reordered`);
  return outcome.measured;
}

export const ECHO_HEAD = ['Against a C echo server', 'busbar', 'echo server', 'times its CPU'];

export function echoRow({ echoMicros, brokerMicros, shared, times, mostTimes }: EchoRail): Row {
  const passed = times <= mostTimes;
  const verdict = `${times.toFixed(2)}× ${passed ? 'ok' : '**missed**'} (at most ${mostTimes}×${shared ? ', on a core shared with others' : ''})`;
  return { cells: [ECHO_RIVAL.name, `${brokerMicros.toFixed(2)} µs`, `${echoMicros.toFixed(2)} µs`, verdict], passed };
}
