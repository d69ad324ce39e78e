/**
 * contract/: the one border between a window and the workbench host.
 * In and out: plain data, checked against these schemas at the receiving end. May import: broker/api/schema types.
 * Begin here: every call and every event is in this file; a call that is not here cannot be made. rpc.ts carries them over a
 * MessagePipe (Electron IPC or WebSocket), errors.ts rebuilds failures on the other side.
 */
import Type, { type Static, type TSchema } from 'typebox';
import type { AclProblemReport } from '../../broker/api/schema/control.ts';
import type { NodeSnapshot } from '../../broker/api/schema/topology.ts';

const Obj = <P extends Record<string, TSchema>>(properties: P) => Type.Object(properties, { additionalProperties: false });
const Bytes = Type.Unsafe<Uint8Array>(Type.Refine(Type.Any(), (value: unknown) => value instanceof Uint8Array, () => 'must be bytes'));
const Name = Type.String({ minLength: 1, maxLength: 256 });
const Id = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' });
const Qos = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]);

// ------------------------------------------------------------------ workbench and project

export const AppInfo = Obj({
  version: Type.String(),
  mode: Type.Union([Type.Literal('electron'), Type.Literal('headless')]),
  platform: Type.String(),
  nodeVersion: Type.String(),
});
export type AppInfo = Static<typeof AppInfo>;

export const ProjectInfo = Obj({
  name: Type.String(),
  /** Absolute folder, and the form to show (`~/busbar/first`). */
  path: Type.String(),
  displayPath: Type.String(),
  /** Files of the project that could not be read; the rest of it works. */
  problems: Type.Array(Obj({ file: Type.String(), message: Type.String(), hint: Type.String() })),
});
export type ProjectInfo = Static<typeof ProjectInfo>;

export const Settings = Obj({
  theme: Type.Union([Type.Literal('system'), Type.Literal('light'), Type.Literal('dark'), Type.Literal('contrast')]),
  language: Type.Union([Type.Literal('system'), Type.Literal('en'), Type.Literal('zh-CN')]),
  density: Type.Union([Type.Literal('compact'), Type.Literal('normal'), Type.Literal('relaxed')]),
});
export type Settings = Static<typeof Settings>;

// ------------------------------------------------------------------ cluster

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

// ------------------------------------------------------------------ client panes

/** Where a connection goes: a node of the local cluster by name, or any broker by address. */
export const ConnectionTarget = Type.Union([
  Obj({ kind: Type.Literal('node'), node: Id }),
  Obj({ kind: Type.Literal('address'), host: Name, port: Type.Integer({ minimum: 1, maximum: 65535 }) }),
]);
export type ConnectionTarget = Static<typeof ConnectionTarget>;

/** A saved connection: one file of the project, without secrets. */
export const ConnectionSpec = Obj({
  id: Id,
  name: Name,
  target: ConnectionTarget,
  clientId: Type.String({ maxLength: 65535 }),
  protocolVersion: Type.Union([Type.Literal(4), Type.Literal(5)]),
  cleanStart: Type.Boolean(),
  /** Seconds. */
  keepalive: Type.Integer({ minimum: 0, maximum: 65535 }),
  /** Seconds, MQTT 5. */
  sessionExpiry: Type.Integer({ minimum: 0, maximum: 4294967295 }),
  username: Type.String({ maxLength: 65535 }),
  /** Kept offline too; sent at every connect without a session. */
  subscriptions: Type.Array(Obj({ topicFilter: Type.String({ minLength: 1, maxLength: 65535 }), qos: Qos })),
  will: Type.Union([
    Type.Null(),
    Obj({ topic: Name, payload: Type.String(), qos: Qos, retain: Type.Boolean() }),
  ]),
});
export type ConnectionSpec = Static<typeof ConnectionSpec>;

export const SubscriptionState = Obj({
  topicFilter: Type.String(),
  /** What was asked for. */
  qos: Qos,
  /** What the broker answered: granted QoS, a refusal code ≥ 0x80, or null before an answer. */
  granted: Type.Union([Type.Integer(), Type.Null()]),
  /** Messages received through it since the connection was made. */
  count: Type.Integer(),
});
export type SubscriptionState = Static<typeof SubscriptionState>;

export const ClientState = Obj({
  id: Id,
  state: Type.Union([
    Type.Literal('offline'),
    Type.Literal('connecting'),
    Type.Literal('connected'),
    Type.Literal('reconnecting'),
    Type.Literal('refused'),
  ]),
  sinceMs: Type.Number(),
  /** Try number while (re)connecting. */
  attempt: Type.Integer(),
  /** Reason code and its words when refused or disconnected by the broker; a system error in words otherwise. */
  reasonCode: Type.Union([Type.Integer(), Type.Null()]),
  reason: Type.Union([Type.String(), Type.Null()]),
  sessionPresent: Type.Boolean(),
  assignedClientId: Type.Union([Type.String(), Type.Null()]),
  subscriptions: Type.Array(SubscriptionState),
  /** Totals of this connection's stored messages. */
  received: Type.Integer(),
  sent: Type.Integer(),
});
export type ClientState = Static<typeof ClientState>;

export const ClientMessage = Obj({
  /** Grows within one connection; the key of the message. */
  seq: Type.Integer(),
  timeMs: Type.Number(),
  direction: Type.Union([Type.Literal('in'), Type.Literal('out')]),
  topic: Type.String(),
  payload: Bytes,
  qos: Qos,
  retain: Type.Boolean(),
  dup: Type.Boolean(),
  /** Filters of this connection that match, for the colour stripe. */
  matched: Type.Array(Type.String()),
  /** Outgoing QoS > 0: null until acknowledged; then the reason code (0, 0x10, ≥ 0x80 refused). */
  ack: Type.Union([Type.Integer(), Type.Null()]),
  /** MQTT 5 properties as received, in mqtt.js' names; bytes as base64. */
  properties: Type.Record(Type.String(), Type.Unknown()),
});
export type ClientMessage = Static<typeof ClientMessage>;

export const PublishRequest = Obj({
  id: Id,
  topic: Type.String({ minLength: 1, maxLength: 65535 }),
  payload: Bytes,
  qos: Qos,
  retain: Type.Boolean(),
});
export type PublishRequest = Static<typeof PublishRequest>;

// ------------------------------------------------------------------ access rules

export const AclProblem = Type.Unsafe<AclProblemReport>(Type.Object({}));

/** What one node said to `acl/save`. */
export const AclNodeResult = Obj({
  node: Id,
  state: Type.Union([Type.Literal('applied'), Type.Literal('refused'), Type.Literal('notRunning'), Type.Literal('noAnswer')]),
  /** Hash of the rules in force on the node. */
  hash: Type.Union([Type.String(), Type.Null()]),
  message: Type.Union([Type.String(), Type.Null()]),
});
export type AclNodeResult = Static<typeof AclNodeResult>;

export const AclFile = Obj({
  /** Path inside the project: `acl/acl.conf`. */
  path: Type.String(),
  text: Type.String(),
  hash: Type.String(),
  savedAtMs: Type.Number(),
  nodes: Type.Array(AclNodeResult),
});
export type AclFile = Static<typeof AclFile>;

export const AclSaveResult = Type.Union([
  Obj({ ok: Type.Literal(true), file: AclFile }),
  Obj({ ok: Type.Literal(false), problems: Type.Array(AclProblem) }),
]);
export type AclSaveResult = Static<typeof AclSaveResult>;

// ------------------------------------------------------------------ the window itself

/** What the application menu or a `busbar://` link asks a window to do: a command of its registry. `id` names a connection. */
export const WindowCommand = Obj({
  command: Type.Union([
    Type.Literal('workbench.goTo.cluster'),
    Type.Literal('workbench.goTo.clients'),
    Type.Literal('workbench.goTo.access'),
    Type.Literal('workbench.goTo.settings'),
    Type.Literal('workbench.palette'),
    Type.Literal('workbench.toggleSidebar'),
    Type.Literal('workbench.togglePanel'),
  ]),
  id: Type.Optional(Id),
});
export type WindowCommand = Static<typeof WindowCommand>;

// ------------------------------------------------------------------ the table of calls and events

const Nothing = Type.Undefined();
const call = <Q extends TSchema, A extends TSchema>(request: Q, answer: A) => ({ request, answer });
const NodeRef = Obj({ node: Id });
const FaultRequest = Obj({
  node: Id,
  peer: Id,
  /** What `node` sends to `peer` (out) or receives from it (in). */
  direction: Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('both')]),
  kind: LinkFault.properties.kind,
  delayMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
  bytesPerSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
});
const ClientRef = Obj({ id: Id });

export const HOST_CALLS = {
  'app/info': call(Nothing, AppInfo),
  'project/get': call(Nothing, ProjectInfo),
  'project/open': call(Obj({ path: Type.String({ minLength: 1 }) }), ProjectInfo),
  'settings/get': call(Nothing, Settings),
  'settings/set': call(Type.Partial(Settings), Settings),

  'cluster/get': call(Nothing, ClusterStatus),
  /** Starts what is defined; without a definition first makes one of `nodes` nodes (default 3). Answers when all run or one failed. */
  'cluster/start': call(Obj({ nodes: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })) }), ClusterStatus),
  'cluster/stop': call(Nothing, ClusterStatus),
  'cluster/frames': call(Obj({ sinceMs: Type.Number() }), Type.Unsafe<readonly TopologyFrame[]>(Type.Array(Type.Any()))),
  'cluster/events': call(Obj({ sinceMs: Type.Number() }), Type.Array(ClusterEvent)),
  'node/add': call(Nothing, ClusterStatus),
  'node/start': call(NodeRef, NodeStatus),
  'node/stop': call(NodeRef, NodeStatus),
  'node/kill': call(NodeRef, NodeStatus),
  'node/restart': call(NodeRef, NodeStatus),
  /** Stops the process in its tracks (SIGSTOP) until it is thawed or killed. */
  'node/freeze': call(NodeRef, NodeStatus),
  'node/thaw': call(NodeRef, NodeStatus),
  /** Faults of all links, as the nodes tell them now; a frozen node is left out. */
  'fault/list': call(Nothing, Type.Array(LinkFault)),
  /** Cuts, delays, throttles or drops; answers with the faults of that node. */
  'fault/set': call(FaultRequest, Type.Array(LinkFault)),
  /** Breaks a connection once. */
  'fault/reset': call(Obj({ node: Id, peer: Id }), Type.Array(LinkFault)),
  /** Heals: all, those of one node, or those of one node towards one peer. */
  'fault/heal': call(Obj({ node: Type.Optional(Id), peer: Type.Optional(Id) }), Type.Array(LinkFault)),
  /** Newest lines first reach back from `beforeSeq`; the answer is in order of time. */
  'node/log': call(
    Obj({ node: Type.Optional(Id), beforeSeq: Type.Optional(Type.Integer()), limit: Type.Integer({ minimum: 1, maximum: 2000 }) }),
    Type.Array(LogLine),
  ),

  'connection/list': call(Nothing, Type.Array(ConnectionSpec)),
  /** Creates or replaces by id. */
  'connection/save': call(ConnectionSpec, ConnectionSpec),
  'connection/remove': call(ClientRef, Nothing),
  'client/states': call(Nothing, Type.Array(ClientState)),
  /** The password is used for this connect and its reconnects and never stored. Answers when connected, refused or unreachable. */
  'client/connect': call(Obj({ id: Id, password: Type.Optional(Type.String()) }), ClientState),
  'client/disconnect': call(ClientRef, ClientState),
  'client/subscribe': call(Obj({ id: Id, topicFilter: Type.String({ minLength: 1, maxLength: 65535 }), qos: Qos }), SubscriptionState),
  'client/unsubscribe': call(Obj({ id: Id, topicFilter: Type.String({ minLength: 1 }) }), ClientState),
  /** Answers when sent (QoS 0) or acknowledged; a refusal is an answer (`ack` ≥ 0x80), not an error. */
  'client/publish': call(PublishRequest, ClientMessage),
  /**
   * Stored messages in order of seq: after `afterSeq`, or the last `limit` before `beforeSeq`. Fewer than `limit` when they
   * are large (8 MB of payload in one answer); there are no more when the answer is empty.
   */
  'client/messages': call(
    Obj({ id: Id, afterSeq: Type.Optional(Type.Integer()), beforeSeq: Type.Optional(Type.Integer()), limit: Type.Integer({ minimum: 1, maximum: 5000 }) }),
    Type.Array(ClientMessage),
  ),
  'client/clear': call(ClientRef, Nothing),

  'acl/get': call(Nothing, AclFile),
  /** Parses, writes the project file, applies to every running node. A text that does not parse changes nothing. */
  'acl/save': call(Obj({ text: Type.String({ maxLength: 4_000_000 }) }), AclSaveResult),

  /** REST API v5 of a local node; the host adds the credentials. */
  'rest/request': call(
    Obj({
      node: Id,
      method: Type.Union([Type.Literal('GET'), Type.Literal('POST'), Type.Literal('PUT'), Type.Literal('DELETE')]),
      /** Below `/api/v5`, with its query. */
      path: Type.String({ pattern: '^/' }),
      body: Type.Optional(Type.Unknown()),
    }),
    Obj({ status: Type.Integer(), body: Type.Unknown() }),
  ),
} as const;

export const HOST_EVENTS = {
  'project/changed': ProjectInfo,
  'settings/changed': Settings,
  'cluster/changed': ClusterStatus,
  /** Once a second while a node runs. */
  'cluster/frame': Type.Unsafe<TopologyFrame>(Type.Any()),
  'cluster/event': ClusterEvent,
  /** Batched, at most ten times a second. */
  'node/log': Type.Array(LogLine),
  'connection/changed': Type.Array(ConnectionSpec),
  'client/changed': ClientState,
  /** New messages of one connection, the first at once, then one event per connection in 25 ms; `firstSeq`..`lastSeq` tell if any were left out. */
  'client/messages': Obj({ id: Id, firstSeq: Type.Integer(), lastSeq: Type.Integer(), messages: Type.Array(ClientMessage) }),
  'client/acked': Obj({ id: Id, seq: Type.Integer(), ack: Type.Integer() }),
  'acl/changed': AclFile,
  /** Sent by the Electron shell to the window in front; the headless host never sends it. */
  'window/command': WindowCommand,
} as const;

export type HostCalls = { [K in keyof typeof HOST_CALLS]: (typeof HOST_CALLS)[K] };
export type HostCall = keyof HostCalls;
export type RequestOf<K extends HostCall> = Static<HostCalls[K]['request']>;
export type AnswerOf<K extends HostCall> = Static<HostCalls[K]['answer']>;
export type HostEvent = keyof typeof HOST_EVENTS;
export type EventOf<K extends HostEvent> = Static<(typeof HOST_EVENTS)[K]>;

/** One implementation of every call; the host's composition root builds it, rpc.ts serves it. */
export type HostHandlers = { [K in HostCall]: (request: RequestOf<K>) => Promise<AnswerOf<K>> };
