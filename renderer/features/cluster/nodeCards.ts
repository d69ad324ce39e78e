/** What a node card shows at a moment. Pure. */
import type { NodeStatus, TopologyFrame } from '../../../electron/contract/cluster.ts';
import type { MarkState } from '../../ui/nodeState.ts';
import { markOf, memoryShare, problemsOfNode, unreachableFrom, type Problem } from './health.ts';
import { byNumber } from './polygon.ts';

/** Seconds of the sparklines. */
export const SPARK_SECONDS = 60;

export interface Docked {
  readonly id: string;
  readonly name: string;
}
export interface Figure {
  readonly value: number | null;
  readonly trend: readonly (number | null)[];
}
export interface NodeCardModel {
  readonly name: string;
  readonly mark: MarkState;
  /** Milliseconds in this state. */
  readonly ageMs: number;
  readonly sinceMs: number;
  readonly reason: string | null;
  readonly exitCode: number | null;
  /** Numbers of the nodes it cannot reach: `1, 2`. */
  readonly unreachable: readonly string[];
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly figures: { readonly connections: Figure; readonly messagesIn: Figure; readonly messagesOut: Figure; readonly dropped: Figure };
  readonly queued: number;
  readonly deniedPerSecond: number;
  readonly problems: readonly Problem[];
  /** Client panes of this workbench that are connected to it. */
  readonly docked: readonly Docked[];
  /** Connections that are not ours. */
  readonly foreign: number;
}

/** Everything the cards need. `live` says that the last frame is now, so that the supervisor's states apply. */
export interface CardSources {
  readonly nodes: readonly NodeStatus[];
  /** Up to the shown moment. */
  readonly frames: readonly TopologyFrame[];
  readonly live: boolean;
  readonly nowMs: number;
  readonly docked: (node: string) => readonly Docked[];
}

export function nodeCards({ nodes, frames, live, nowMs, docked }: CardSources): readonly NodeCardModel[] {
  const frame = frames.at(-1) ?? null;
  const recent = frames.slice(-SPARK_SECONDS);
  return [...nodes].sort((a, b) => byNumber(a.name, b.name)).map((status) => {
    const at = frame?.nodes.find((node) => node.name === status.name);
    const runs = live ? status.state === 'running' : at?.snapshot != null;
    const snapshot = runs ? (at?.snapshot ?? null) : null;
    const rates = runs ? (at?.rates ?? null) : null;
    const own = docked(status.name);
    const series = recent.map((one) => one.nodes.find((node) => node.name === status.name));
    const figure = (value: number | null, read: (node: TopologyFrame['nodes'][number]) => number | null | undefined): Figure => ({
      value,
      trend: snapshot ? series.map((node) => (node ? (read(node) ?? null) : null)) : [],
    });
    const mark = markOf(live ? status : undefined, at, frame);
    return {
      name: status.name,
      mark,
      ageMs: live && mark !== 'stopped' && mark !== 'failed' ? (snapshot?.uptimeMs ?? nowMs - status.sinceMs) : (snapshot?.uptimeMs ?? 0),
      sinceMs: status.sinceMs,
      reason: live ? status.reason : null,
      exitCode: live ? status.exitCode : null,
      unreachable: frame && snapshot ? unreachableFrom(frame, status.name).map(shortName) : [],
      cpu: snapshot?.cpu ?? null,
      memory: snapshot ? memoryShare(snapshot) : null,
      figures: {
        connections: figure(snapshot?.connections ?? null, (node) => node.snapshot?.connections),
        messagesIn: figure(rates?.messagesIn ?? null, (node) => node.rates?.messagesIn),
        messagesOut: figure(rates?.messagesOut ?? null, (node) => node.rates?.messagesOut),
        dropped: figure(rates?.dropped ?? null, (node) => node.rates?.dropped),
      },
      queued: snapshot?.queued ?? 0,
      deniedPerSecond: rates?.denied ?? 0,
      problems: at && runs ? problemsOfNode(at) : [],
      docked: own,
      foreign: Math.max(0, (snapshot?.connections ?? 0) - own.length),
    };
  });
}

/** `busbar-3` is 3 in a sentence that names several; a name without a number stays whole. */
export function shortName(name: string): string {
  return /-(\d+)$/.exec(name)?.[1] ?? name;
}
