/** Client panes: saved connections, their state, their messages. */
import Type, { type Static } from 'typebox';
import { ConnectionExtras, Mqtt5Extras, SubscriptionSpec, WillSpec } from './connectionParts.ts';
import { Bytes, Id, Name, Obj, Qos } from './schema.ts';

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
  ...ConnectionExtras,
  clientId: Type.String({ maxLength: 65535 }),
  protocolVersion: Type.Union([Type.Literal(3), Type.Literal(4), Type.Literal(5)]),
  cleanStart: Type.Boolean(),
  /** Seconds. */
  keepalive: Type.Integer({ minimum: 0, maximum: 65535 }),
  /** Seconds, MQTT 5. */
  sessionExpiry: Type.Integer({ minimum: 0, maximum: 4294967295 }),
  ...Mqtt5Extras,
  username: Type.String({ maxLength: 65535 }),
  /** Kept offline too; sent at every connect without a session. */
  subscriptions: Type.Array(SubscriptionSpec),
  will: Type.Union([Type.Null(), WillSpec]),
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

/** What keeps a client from a broker before that has said anything. */
export const CONNECT_FAILURES = [
  'refusedPort', 'unknownHost', 'lookupFailed', 'silent', 'noWay', 'closed', 'closedEarly', 'noAnswer', 'notTls', 'notMqtt', 'notWebSocket', 'noSuchPath', 'upgradeRefused',
  'selfSigned', 'unknownAuthority', 'wrongName', 'expired', 'tlsVersion', 'certificateWanted', 'certificateRefused', 'noAlpn', 'badPassphrase', 'badCertificate', 'unreadableFile', 'badProof',
] as const;
export type ConnectFailure = (typeof CONNECT_FAILURES)[number];
const ConnectFailure = Type.Unsafe<ConnectFailure>(Type.Union(CONNECT_FAILURES.map((one) => Type.Literal(one))));

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
  /** A failure the workbench knows, for words in the user's language; `reason` has English ones. */
  failure: Type.Optional(ConnectFailure),
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

/** What an MQTT 5 PUBLISH of a client may carry (section 3.3.2.3); a subscription identifier is the broker's to send. */
export const PublishProperties = Obj({
  contentType: Type.Optional(Type.String({ maxLength: 65535 })),
  /** Payload format indicator 1: the payload is UTF-8 text. */
  utf8: Type.Optional(Type.Boolean()),
  /** Seconds. */
  messageExpiry: Type.Optional(Type.Integer({ minimum: 0, maximum: 4294967295 })),
  topicAlias: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  responseTopic: Type.Optional(Type.String({ minLength: 1, maxLength: 65535 })),
  correlationData: Type.Optional(Bytes),
  userProperties: Type.Optional(Type.Array(Obj({ name: Type.String({ maxLength: 65535 }), value: Type.String({ maxLength: 65535 }) }), { maxItems: 200 })),
});
export type PublishProperties = Static<typeof PublishProperties>;

export const PublishRequest = Obj({
  id: Id,
  topic: Type.String({ minLength: 1, maxLength: 65535 }),
  payload: Bytes,
  qos: Qos,
  retain: Type.Boolean(),
  /** MQTT 5 only. */
  properties: Type.Optional(PublishProperties),
});
export type PublishRequest = Static<typeof PublishRequest>;
