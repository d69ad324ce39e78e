/** Rows of the result table: figures, ratios, and whether what is asked was reached. */
import type { BrokerName } from './brokers.ts';
import { FLOOD_LEAST_PER_SECOND, FLOOD_MOST_BYTES, IDLE_AIM_BYTES, IDLE_MOST_BYTES, type Load, type Target } from './loads.ts';
import type { Measured, Outcome } from './measure.ts';

export type Outcomes = ReadonlyMap<BrokerName, Outcome>;

export interface Row {
  readonly cells: readonly string[];
  /** False when something required was missed. */
  readonly passed: boolean;
}

const PEERS = ['mosquitto', 'aedes'] as const;

function measuredOf(outcomes: Outcomes, name: BrokerName): Measured | undefined {
  const outcome = outcomes.get(name);
  return outcome?.ok ? outcome.measured : undefined;
}

/** Why there is no figure. */
function absence(outcome: Outcome | undefined): string {
  if (outcome === undefined || outcome.ok) return '–';
  return outcome.notSupported ? 'not supported' : 'failed';
}

function cost(outcomes: Outcomes, name: BrokerName): string {
  const measured = measuredOf(outcomes, name);
  if (measured === undefined) return absence(outcomes.get(name));
  const rate = measured.perSecond >= 10_000 ? `${Math.round(measured.perSecond / 1000)}k` : `${(measured.perSecond / 1000).toFixed(1)}k`;
  return `${measured.microsPerUnit.toFixed(measured.microsPerUnit < 10 ? 2 : 1)} (${rate})`;
}

const times = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)}×`;
export const percent = (share: number): string => `${Math.round(share * 100)} %`;
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(2)} KB`;

function ratioCell(ratio: number | undefined, target: Target | undefined): { text: string; passed: boolean } {
  if (ratio === undefined) return { text: '–', passed: target === undefined };
  if (target === undefined) return { text: times(ratio), passed: true };
  const passed = ratio >= target.least;
  const verdict = !passed ? '**missed**' : target.aim !== undefined && ratio >= target.aim ? 'aim' : 'ok';
  const asked = target.aim === undefined ? times(target.least) : `${times(target.least)}, aim ${times(target.aim)}`;
  return { text: `${times(ratio)} ${verdict} (${asked})`, passed };
}

/** Lost, doubled or reordered messages make a row fail, however fast they came. */
function integrity(measured: Measured | undefined): { text: string; passed: boolean } {
  if (measured === undefined) return { text: '–', passed: false };
  const { lost, disorder } = measured;
  if (lost === 0 && disorder === 0) return { text: 'all once, in order', passed: true };
  return { text: `**${lost} lost, ${disorder} doubled or reordered**`, passed: false };
}

export const COST_HEAD = ['Load', 'busbar', ...PEERS, ...PEERS.map((name) => `vs ${name} (asked)`), 'messages', 'generator busy', 'RSS busbar'];

export function costRow({ name, targets }: Load, outcomes: Outcomes): Row {
  const own = measuredOf(outcomes, 'busbar');
  const ratios = PEERS.map((peer) => {
    const other = measuredOf(outcomes, peer);
    const comparable = outcomes.has(peer) && outcomes.has('busbar');
    const ratio = own && other ? other.microsPerUnit / own.microsPerUnit : undefined;
    return ratioCell(ratio, comparable ? targets[peer] : undefined);
  });
  const all = integrity(own);
  const busiest = Math.max(0, ...[...outcomes.values()].map((outcome) => (outcome.ok ? outcome.measured.generatorCpu : 0)));
  const cells = [
    name,
    ...(['busbar', ...PEERS] as const).map((broker) => cost(outcomes, broker)),
    ...ratios.map(({ text }) => text),
    all.text,
    percent(busiest),
    own ? megabytes(own.rssBytes) : '–',
  ];
  return { cells, passed: !outcomes.has('busbar') || (all.passed && ratios.every(({ passed }) => passed)) };
}

export const FLOOD_HEAD = ['Overload', 'broker', 'msgs/s to the subscriber', 'promised and lost', 'left out (QoS 0)', 'peak RSS', 'CPU broker / generator', 'verdict'];

export function floodRow({ name }: Load, broker: BrokerName, outcome: Outcome): Row {
  if (!outcome.ok) return { cells: [name, broker, absence(outcome), '–', '–', '–', '–', '–'], passed: broker !== 'busbar' };
  const { perSecond, lost, disorder, shed, peakRssBytes, brokerCpu, generatorCpu } = outcome.measured;
  const passed = perSecond >= FLOOD_LEAST_PER_SECOND && lost === 0 && disorder === 0 && peakRssBytes <= FLOOD_MOST_BYTES;
  const cells = [
    name,
    broker,
    Math.round(perSecond).toLocaleString('en'),
    `${lost} (${disorder} out of order)`,
    shed === undefined ? '–' : shed.toLocaleString('en'),
    megabytes(peakRssBytes),
    `${percent(brokerCpu)} / ${percent(generatorCpu)}`,
    broker !== 'busbar' ? '–' : passed ? 'ok' : `**missed** (${FLOOD_LEAST_PER_SECOND.toLocaleString('en')} msgs/s, none lost, below ${megabytes(FLOOD_MOST_BYTES)})`,
  ];
  return { cells, passed: broker !== 'busbar' || passed };
}

export const IDLE_HEAD = ['Idle', 'broker', 'connections', 'RSS per connection', 'RSS in all', 'CPU while idle', 'verdict'];

export function idleRow({ name, tls, ws }: Load, broker: BrokerName, outcome: Outcome): Row {
  if (!outcome.ok) return { cells: [name, broker, absence(outcome), '–', '–', '–', '–'], passed: broker !== 'busbar' };
  const { units, bytesPerUnit, rssBytes, laterCpu } = outcome.measured;
  const judged = broker === 'busbar' && tls !== true && ws !== true;
  const passed = bytesPerUnit <= IDLE_MOST_BYTES;
  const verdict = !passed ? '**missed**' : bytesPerUnit <= IDLE_AIM_BYTES ? 'aim' : 'ok';
  return {
    cells: [
      name,
      broker,
      units.toLocaleString('en'),
      kilobytes(bytesPerUnit),
      megabytes(rssBytes),
      `${(laterCpu * 100).toFixed(1)} %`,
      judged ? `${verdict} (${kilobytes(IDLE_MOST_BYTES)}, aim ${kilobytes(IDLE_AIM_BYTES)})` : '–',
    ],
    passed: !judged || passed,
  };
}

export const tableLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
export const tableRule = (cells: readonly string[]): string => `|${'---|'.repeat(cells.length)}`;
