/**
 * protocol/: MQTT control packets as data, and their bytes.
 * In: bytes from a socket. Out: packets, and bytes for a socket. Knows no sockets and no sessions.
 * May import: base, topics. Begin here for the shapes, at parser.ts for bytes to packets, writer.ts for packets to bytes;
 * packets/<type>.ts has decode, encode and validate of one packet type each.
 */

/** 3 = MQTT 3.1, 4 = 3.1.1, 5 = 5.0. */
export type MqttVersion = 3 | 4 | 5;
export type Qos = 0 | 1 | 2;
export type UserProperties = readonly (readonly [string, string])[];

/** Properties of every packet type in one shape; which may occur where is the codec's table (mqtt-protocol.md section 2). */
export interface Properties {
  payloadFormatIndicator?: 0 | 1;
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Uint8Array;
  /** SUBSCRIBE carries at most one, a delivered PUBLISH all that matched. */
  subscriptionIdentifiers?: readonly number[];
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Uint8Array;
  requestProblemInformation?: 0 | 1;
  willDelayInterval?: number;
  requestResponseInformation?: 0 | 1;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  topicAlias?: number;
  maximumQos?: 0 | 1;
  retainAvailable?: 0 | 1;
  userProperties?: UserProperties;
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: 0 | 1;
  subscriptionIdentifierAvailable?: 0 | 1;
  sharedSubscriptionAvailable?: 0 | 1;
}

export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly properties: Properties;
}

export interface ConnectPacket {
  readonly type: 'connect';
  readonly version: MqttVersion;
  /** mosquitto's bridge bit (protocol level | 0x80). */
  readonly bridge: boolean;
  readonly clientId: string;
  /** MQTT 3's clean session maps to it. */
  readonly cleanStart: boolean;
  /** Seconds; 0 = off. */
  readonly keepalive: number;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly will: Will | undefined;
  readonly properties: Properties;
}

export interface ConnackPacket {
  readonly type: 'connack';
  readonly sessionPresent: boolean;
  /** MQTT 5 reason code; the writer maps it to a return code for 3.x. */
  readonly reasonCode: number;
  readonly properties: Properties;
}

export interface PublishPacket {
  readonly type: 'publish';
  readonly dup: boolean;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly topic: string;
  /** 0 for QoS 0. */
  readonly packetId: number;
  readonly payload: Uint8Array;
  readonly properties: Properties;
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP share their form. */
export interface AckPacket {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  readonly packetId: number;
  readonly reasonCode: number;
  readonly properties: Properties;
}

export interface SubOpts {
  readonly qos: Qos;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
}

export interface SubscribePacket {
  readonly type: 'subscribe';
  readonly packetId: number;
  readonly subscriptions: readonly (SubOpts & { readonly topicFilter: string })[];
  readonly properties: Properties;
}

export interface SubackPacket {
  readonly type: 'suback';
  readonly packetId: number;
  /** MQTT 5 codes; the writer maps refusals to 0x80 for 3.1.1. */
  readonly reasonCodes: readonly number[];
  readonly properties: Properties;
}

export interface UnsubscribePacket {
  readonly type: 'unsubscribe';
  readonly packetId: number;
  readonly topicFilters: readonly string[];
  readonly properties: Properties;
}

export interface UnsubackPacket {
  readonly type: 'unsuback';
  readonly packetId: number;
  readonly reasonCodes: readonly number[];
  readonly properties: Properties;
}

export interface PingreqPacket {
  readonly type: 'pingreq';
}
export interface PingrespPacket {
  readonly type: 'pingresp';
}

export interface DisconnectPacket {
  readonly type: 'disconnect';
  readonly reasonCode: number;
  readonly properties: Properties;
}

export interface AuthPacket {
  readonly type: 'auth';
  readonly reasonCode: number;
  readonly properties: Properties;
}

export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AckPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingreqPacket
  | PingrespPacket
  | DisconnectPacket
  | AuthPacket;

export type PacketType = Packet['type'];

export const NO_PROPERTIES: Properties = Object.freeze({});
