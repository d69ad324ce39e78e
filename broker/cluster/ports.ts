/**
 * What the cluster needs from outside and what it tells: the shell in `io/` implements these on sockets, the simulation in memory.
 * Link shapes equal those of `api/schema/topology.ts`, which this room may not import.
 */
import type { Log } from '../base/log.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { Millis, NodeId, NodeName } from '../base/ids.ts';

/** One TCP connection, numbered by the shell; never reused in one life. */
export type LinkId = number;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, the key of an address. */
export function addressKey(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** One life of one node (R2). */
export interface Actor {
  readonly nodeId: NodeId;
  /** Grows with every start. */
  readonly incarnation: number;
}

export interface NodeIdentity extends Actor {
  /** 8 random bytes of this start as 16 hex digits. */
  readonly nonce: string;
  readonly name: NodeName;
}

export interface ClusterSeed extends Address {
  readonly node: NodeName;
}

/** Where a node may be, as discovery says. Nothing is believed of it before the proof. */
export interface Proposal {
  readonly address: Address;
  /** Its name, where discovery tells. */
  readonly node: NodeName | undefined;
}

export interface ClusterOptions {
  readonly identity: NodeIdentity;
  readonly clusterName: string;
  readonly cookie: string;
  /** Where others can dial this node. */
  readonly address: Address;
  readonly seeds: readonly ClusterSeed[];
  /** Changes of an own table kept for peers that reconnect; `DELTA_RING` unless a test wants snapshots to be common. */
  readonly deltaRing?: number;
}

/** A message for another node: the bytes of its PUBLISH and who published it. */
export interface ClusterPublish {
  /** The whole packet; nobody changes it any more. The packet id of QoS 1 and 2 is anything but 0. */
  readonly packet: Uint8Array;
  /** In the form of MQTT 5.0, which has properties, else of 3.1.1. */
  readonly isV5: boolean;
  readonly qos: 0 | 1 | 2;
  readonly fromClientId: string;
  readonly fromUsername: string | undefined;
}

/** Messages that another node forwarded: one or more packets of one publisher, one behind the other. */
export interface ForwardedPublishes {
  /** Ours to keep; the packets are in [start, end). */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly isV5: boolean;
  readonly fromClientId: string;
  readonly fromUsername: string | undefined;
}

/** Connections as the shell carries them. After `close` nothing more is reported about a link. */
export interface TransportPort {
  /**
   * Bytes of one turn, in one write. They are kept by the transport when `queuedBytes` is above 0 afterwards; otherwise the caller
   * uses their memory again.
   */
  write(link: LinkId, bytes: Uint8Array): void;
  /** Bytes written and not yet taken by the network. */
  queuedBytes(link: LinkId): number;
  /**
   * More waits on this link than should: whoever has just sent something that goes there is not read until `easeSenders`, for a while
   * at least, so that publishers slow down before anything has to be dropped (R23).
   */
  holdSender(link: LinkId): void;
  easeSenders(link: LinkId): void;
  /** Sends what was written, then ends the connection. */
  close(link: LinkId): void;
  /** Answered by `dialled` or `dialFailed`. */
  dial(address: Address): void;
  /** Asks for one call of `turnEnd` soon, or about so long from now. */
  requestTurnEnd(inMs?: Millis): void;
}

export interface CryptoPort {
  hmacSha256(key: string, data: Uint8Array): Uint8Array;
  randomBytes(size: number): Uint8Array;
}

export interface ClockPort {
  /** Never steps. */
  monotonicMs(): Millis;
  /** Wall clock, ms since 1970. */
  wallMs(): Millis;
}

/** The holder of an exclusive subscription, and since when by the clock of its node (ms since 1970). */
export interface ClusterClaim {
  readonly clientId: string;
  readonly sinceMs: Millis;
}

/** What the broker hears from its peers. Rows of one node are announced once each, and taken back before a
 * second announcement; only the numbers of a shared group change in place. */
export interface ClusterBrokerPort {
  /**
   * A route row of a peer appeared or has other flags (0 to 3). Returns the flags it had, -1 if it was not there: the broker keeps
   * the only copy of these rows (R26).
   */
  remoteRouteAdded(node: NodeName, topicFilter: string, flags: number): number;
  /** It vanished. Returns the flags it had, -1 if it was not there. */
  remoteRouteRemoved(node: NodeName, topicFilter: string): number;
  /**
   * All rows of a peer are told anew from `begin` on, beside those it had, which serve until `complete`; with `abandon` they stay.
   * Rows are added to and removed from what is told meanwhile.
   */
  remoteRoutesSnapshot(node: NodeName, step: 'begin' | 'complete' | 'abandon'): void;
  /** Filters of a peer. */
  remoteRoutes(node: NodeName): Iterable<string>;
  remoteNodeDown(node: NodeName): void;
  /** Messages of a node, for everybody here who wants them. Returns how many they were. */
  dispatchForwarded(node: NodeName, publishes: ForwardedPublishes): number;
  /** Messages for other nodes that will not arrive: QoS 0 `dropped` because a link was behind, or `lost` with a link (R23, R24). */
  forwardsFailed(count: number, why: 'dropped' | 'lost'): void;
  /** Members of a shared group on a node, and how many of them are connected; 0 of 0 when none is left. */
  remoteGroupChanged(node: NodeName, key: string, online: number, total: number): void;
  /** A client of a node has an exclusive subscription, `$exclusive/<filter>`; undefined when it has given it up. */
  remoteClaimChanged(node: NodeName, key: string, claim: ClusterClaim | undefined): void;
  /** A message for one member of a shared group of this node. */
  dispatchShared(node: NodeName, publish: ForwardedPublishes, key: string, again: boolean): void;
}

export type AskResult =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly hint: string };

export type AnswerPort = (question: string, params: unknown, reply: (result: AskResult) => void) => void;

export interface ClusterPorts {
  readonly transport: TransportPort;
  readonly crypto: CryptoPort;
  readonly clock: ClockPort;
  readonly broker: ClusterBrokerPort;
  readonly answer: AnswerPort;
  readonly log: Log;
}

/** A link as the topology shows it; counters are cumulative since the node's start. */
export interface LinkReport {
  readonly peer: NodeName;
  readonly state: 'up' | 'suspect' | 'down';
  readonly messagesOut: number;
  readonly messagesIn: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly controlOut: number;
  readonly controlIn: number;
  readonly rttMs: number | null;
  readonly queueBytes: number;
  /** Of these, bytes of messages. */
  readonly queueDataBytes: number;
  /** Messages that did not get there: QoS 0 left out because the link was behind, and those that went down with a link. */
  readonly messagesDropped: number;
  readonly messagesLost: number;
  /** How often the peer was given up. */
  readonly downs: number;
  readonly reason: string | null;
}
