/** The local cluster as its supervisor sees it: nodes, frames of the topology, events, faults, logs. */
import Type, { type Static } from 'typebox';
import type { NodeSnapshot } from '../../broker/api/schema/topology.ts';
import { Id, Obj } from './schema.ts';

/** A node process as its supervisor sees it. `running` needs its ready line; `degraded` is a health, not a state. */
export const NodeState = Type.Union([
  Type.Literal('stopped'),
  Type.Literal('starting'),
  Type.Literal('joining'),
  Type.Literal('running'),
  Type.Literal('stopping'),
  Type.Literal('failed'),
]);
export type NodeState = Static<typeof NodeState>;

export const NodeStatus = Obj({
  /** Short name and key: `busbar-1`. */
  name: Id,
  /** `busbar-1@127.0.0.1` */
  node: Type.String(),
  state: NodeState,
  /** Since when it is in this state, epoch ms. */
  sinceMs: Type.Number(),
  pid: Type.Union([Type.Integer(), Type.Null()]),
  ports: Obj({ mqtt: Type.Integer(), api: Type.Integer(), cluster: Type.Integer() }),
  /** Why it failed or stopped, in words; null while all is well. */
  reason: Type.Union([Type.String(), Type.Null()]),
  hint: Type.Union([Type.String(), Type.Null()]),
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
});
export type NodeStatus = Static<typeof NodeStatus>;

export const ClusterStatus = Obj({
  name: Type.String(),
  /** No node process lives. */
  state: Type.Union([Type.Literal('none'), Type.Literal('stopped'), Type.Literal('starting'), Type.Literal('running'), Type.Literal('degraded'), Type.Literal('stopping')]),
  nodes: Type.Array(NodeStatus),
});
export type ClusterStatus = Static<typeof ClusterStatus>;

/** Rates of one node or one direction of a link, per second, from two successive snapshots. */
export interface NodeRates {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly dropped: number;
  readonly denied: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** One second of the whole cluster. `snapshot` is null while a node does not report. */
export interface TopologyFrame {
  readonly timeMs: number;
  readonly nodes: readonly { readonly name: string; readonly snapshot: NodeSnapshot | null; readonly rates: NodeRates | null }[];
  /** One entry per ordered pair that has a link; rates of what `from` sent to `to`. */
  readonly links: readonly {
    readonly from: string;
    readonly to: string;
    readonly state: 'up' | 'suspect' | 'down';
    readonly messagesPerSecond: number;
    readonly bytesPerSecond: number;
    readonly controlPerSecond: number;
    readonly rttMs: number | null;
    readonly queueBytes: number;
    readonly reason: string | null;
  }[];
}

export const ClusterEvent = Obj({
  timeMs: Type.Number(),
  kind: Type.Union([Type.Literal('lifecycle'), Type.Literal('acl'), Type.Literal('fault'), Type.Literal('healed')]),
  node: Type.Union([Type.String(), Type.Null()]),
  /** Stable key for translation, e.g. `node.running`, `node.killed`, `acl.applied`, `link.down`. */
  key: Type.String(),
  /** Values for the translated sentence. */
  values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
});
export type ClusterEvent = Static<typeof ClusterEvent>;

/** A fault that was made between two nodes, as the node tells it at which it is. */
export const LinkFault = Obj({
  node: Id,
  peer: Id,
  direction: Type.Union([Type.Literal('in'), Type.Literal('out')]),
  kind: Type.Union([Type.Literal('cut'), Type.Literal('delay'), Type.Literal('throttle'), Type.Literal('drop')]),
  delayMs: Type.Union([Type.Integer(), Type.Null()]),
  bytesPerSecond: Type.Union([Type.Integer(), Type.Null()]),
  sinceMs: Type.Number(),
  heldBytes: Type.Integer(),
});
export type LinkFault = Static<typeof LinkFault>;

export const LogLine = Obj({
  seq: Type.Integer(),
  timeMs: Type.Number(),
  node: Id,
  level: Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warning'), Type.Literal('error')]),
  /** Event name, or the raw text of a line that was not JSON. */
  msg: Type.String(),
  /** Fields as compact JSON text, empty when there are none. */
  fields: Type.String(),
});
export type LogLine = Static<typeof LogLine>;
