/** The parts a saved connection is made of: how it reaches the broker, its TLS, its will. Whatever is absent has its default (connectionRules.ts). */
import Type, { type Static } from 'typebox';
import { Name, Obj, Qos } from './schema.ts';

const Text = Type.String({ maxLength: 65535 });
const FilePath = Type.String({ minLength: 1, maxLength: 4096 });
const UInt32 = Type.Integer({ minimum: 0, maximum: 4294967295 });
const Positive16 = Type.Integer({ minimum: 1, maximum: 65535 });

export const Scheme = Type.Union([Type.Literal('mqtt'), Type.Literal('mqtts'), Type.Literal('ws'), Type.Literal('wss')]);
export type Scheme = Static<typeof Scheme>;

/** A user property: the name may come several times. `off` keeps the row and leaves it out of the packet. */
export const UserProperty = Obj({ name: Text, value: Text, off: Type.Optional(Type.Boolean()) });
export type UserProperty = Static<typeof UserProperty>;
const UserProperties = Type.Array(UserProperty, { maxItems: 200 });

/** A header of the WebSocket request. The value of a secret one comes with the connect and is in no file. */
export const WebSocketHeader = Obj({
  name: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", maxLength: 256 }),
  value: Type.String({ maxLength: 8192, pattern: '^[^\\r\\n\\0]*$' }),
  secret: Type.Optional(Type.Boolean()),
  off: Type.Optional(Type.Boolean()),
});
export type WebSocketHeader = Static<typeof WebSocketHeader>;

export const TlsVersion = Type.Union([Type.Literal('TLSv1'), Type.Literal('TLSv1.1'), Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')]);
export type TlsVersion = Static<typeof TlsVersion>;

/** Files are paths on this machine, read anew at every connect. */
export const TlsSpec = Obj({
  /** Whether the broker's certificate must be good; true when absent. */
  verify: Type.Optional(Type.Boolean()),
  /** Sent as SNI and looked for in the certificate instead of the host. */
  serverName: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  alpn: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 16 })),
  minVersion: Type.Optional(TlsVersion),
  maxVersion: Type.Optional(TlsVersion),
  caFile: Type.Optional(FilePath),
  certFile: Type.Optional(FilePath),
  keyFile: Type.Optional(FilePath),
  /** Certificate and key in one file, instead of the two above. */
  pkcs12File: Type.Optional(FilePath),
});
export type TlsSpec = Static<typeof TlsSpec>;

export const ReconnectSpec = Obj({
  on: Type.Boolean(),
  /** Pause between tries; absent: half a second, doubling to eight. */
  periodMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_600_000 })),
  /** Tries in a row before giving up; absent: without end. */
  tries: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
});
export type ReconnectSpec = Static<typeof ReconnectSpec>;

/** The will; from `delay` on MQTT 5 only. */
export const WillSpec = Obj({
  topic: Name,
  payload: Type.String(),
  qos: Qos,
  retain: Type.Boolean(),
  /** Seconds. */
  delay: Type.Optional(UInt32),
  /** Payload format indicator: the payload is UTF-8 text. */
  isText: Type.Optional(Type.Boolean()),
  /** Seconds. */
  messageExpiry: Type.Optional(UInt32),
  contentType: Type.Optional(Text),
  responseTopic: Type.Optional(Text),
  /** Sent as UTF-8. */
  correlationData: Type.Optional(Text),
  userProperties: Type.Optional(UserProperties),
});
export type WillSpec = Static<typeof WillSpec>;

/** A subscription as it is wanted; what the broker says to it is in the client's state. From `noLocal` to `identifier` on MQTT 5 only. */
export const SubscriptionSpec = Obj({
  topicFilter: Type.String({ minLength: 1, maxLength: 65535 }),
  qos: Qos,
  noLocal: Type.Optional(Type.Boolean()),
  retainAsPublished: Type.Optional(Type.Boolean()),
  /** 0: retained messages at every subscribe, 1: at a new one, 2: never. */
  retainHandling: Type.Optional(Qos),
  identifier: Type.Optional(Type.Integer({ minimum: 1, maximum: 268_435_455 })),
  /** Shown instead of the filter. */
  alias: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  /** Number of a series colour; absent: by its place in the list. */
  colour: Type.Optional(Type.Integer({ minimum: 1, maximum: 8 })),
  /** Its messages are stored and not shown. */
  muted: Type.Optional(Type.Boolean()),
  /** Kept, and not asked of the broker. */
  disabled: Type.Optional(Type.Boolean()),
  /** What the payloads are packed with. */
  contentEncoding: Type.Optional(Type.Literal('gzip')),
});
export type SubscriptionSpec = Static<typeof SubscriptionSpec>;

/** Fields of a connection that came after its first form: absent in older files. */
export const ConnectionExtras = {
  /** How to reach an address; a node of the local cluster is reached by plain TCP. */
  scheme: Type.Optional(Scheme),
  path: Type.Optional(Type.String({ maxLength: 4096, pattern: '^/' })),
  headers: Type.Optional(Type.Array(WebSocketHeader, { maxItems: 100 })),
  tls: Type.Optional(TlsSpec),
  /** Appends the time of the connect to the client id: a new session each time. */
  clientIdTime: Type.Optional(Type.Boolean()),
  /** Seconds from opening the socket to CONNACK. */
  connectTimeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
  reconnect: Type.Optional(ReconnectSpec),
} as const;

/** What MQTT 5 adds to CONNECT; kept in the file whatever the version is, sent with version 5 only. */
export const Mqtt5Extras = {
  receiveMaximum: Type.Optional(Positive16),
  maximumPacketSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 268_435_455 })),
  topicAliasMaximum: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
  requestResponseInformation: Type.Optional(Type.Boolean()),
  requestProblemInformation: Type.Optional(Type.Boolean()),
  userProperties: Type.Optional(UserProperties),
  /** `SCRAM-SHA-256` and `SCRAM-SHA-512` are carried out with user name and password; for others the data comes with the connect. */
  authenticationMethod: Type.Optional(Type.String({ minLength: 1, maxLength: 65535 })),
} as const;

/** What is typed for one connect and kept in memory only. An absent one is what was given before. */
export const ConnectSecrets = {
  password: Type.Optional(Text),
  /** Of the key file or of the PKCS#12 file. */
  passphrase: Type.Optional(Text),
  authenticationData: Type.Optional(Text),
  /** Values of the headers that are secret, by name. */
  headers: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 8192, pattern: '^[^\\r\\n\\0]*$' }))),
} as const;
export type ConnectSecrets = { [K in keyof typeof ConnectSecrets]?: Static<(typeof ConnectSecrets)[K]> };
