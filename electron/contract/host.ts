/**
 * contract/: the one border between a window and the workbench host.
 * In and out: plain data, checked against these schemas at the receiving end. May import: broker/api/schema types.
 * Begin here: every call and every event is in this file, what they carry in the file of its subject; a call that is not here cannot be
 * made. rpc.ts carries them over a MessagePipe (Electron IPC or WebSocket), errors.ts rebuilds failures on the other side.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { AclFile, AclSaveResult } from './access.ts';
import { ClientMessage, ClientState, ConnectionSpec, PublishRequest, SubscriptionState } from './clients.ts';
import { ConnectSecrets, SubscriptionSpec } from './connectionParts.ts';
import { ClusterEvent, ClusterStatus, LinkFault, LogLine, NodeStatus, type TopologyFrame } from './cluster.ts';
import { PublishDraft, RepeatRequest, RepeatState } from './publishing.ts';
import { AppInfo, ProjectInfo, Settings, WindowCommand } from './workbench.ts';
import { Id, Obj } from './schema.ts';

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
  /** Secrets are kept in the host's memory for this connect and later ones, and never stored. Answers when connected, refused or unreachable. */
  'client/connect': call(Obj({ id: Id, ...ConnectSecrets }), ClientState),
  'client/disconnect': call(ClientRef, ClientState),
  /** Adds a subscription or changes the one of this filter. The broker is asked when it is connected and hears of a difference. */
  'client/subscribe': call(Obj({ id: Id, ...SubscriptionSpec.properties }), SubscriptionState),
  'client/unsubscribe': call(Obj({ id: Id, topicFilter: Type.String({ minLength: 1 }) }), ClientState),
  /** Answers when sent (QoS 0) or acknowledged; a refusal is an answer (`ack` ≥ 0x80), not an error. */
  'client/publish': call(PublishRequest, ClientMessage),
  /** The same for what a person wrote: variables are resolved now. BAD_REQUEST names what is not valid. */
  'client/send': call(PublishDraft, ClientMessage),
  /** Sends it every period from now on, in place of what the connection repeated before. Stops by count, by stop, or when the client is disconnected. */
  'client/repeat': call(RepeatRequest, RepeatState),
  'client/repeatStop': call(ClientRef, RepeatState),
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
  /** At most four times a second while it runs, and at its end. */
  'client/repeat': RepeatState,
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
