/**
 * The seam between one broker and the cluster it is part of. `cluster/` implements `ClusterPort`; `core/` implements
 * `BrokerPort`. Without a cluster `standalone` takes the place of the first.
 */
import type { Millis, NodeName } from '../base/ids.ts';
import type { Qos } from '../protocol/packet.ts';

/** The holder of an exclusive subscription, and since when by the clock of its node (ms since 1970). */
export interface ExclusiveClaim {
  readonly clientId: string;
  readonly sinceMs: Millis;
}

/** A message for another node: the bytes of its PUBLISH and who published it. `Publication` is one. */
export interface ForwardedPublish {
  /** The whole packet, never changed; the packet id of QoS 1 and 2 is anything but 0. */
  readonly packet: Uint8Array;
  /** In the form of MQTT 5.0, which has properties, else of 3.1.1. */
  readonly isV5: boolean;
  readonly qos: Qos;
  readonly fromClientId: string;
  readonly fromUsername: string | undefined;
}

/** Packets of one publisher that came from another node, one behind the other. */
export interface ForwardedPublishes {
  /** Ours to keep; the packets are in [start, end). */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly isV5: boolean;
  readonly fromClientId: string;
  readonly fromUsername: string | undefined;
}

/** What the broker asks of the cluster. */
export interface ClusterPort {
  /** The first local subscriber of a filter appeared / the last one went. Replicated to all peers as a route row, with flags (0 to 3). */
  routeAdded(topicFilter: string, flags?: number): void;
  routeRemoved(topicFilter: string): void;
  /**
   * Calls `done` when every peer that is up has applied all route rows written so far, or after at most 1 s (R28):
   * SUBACK waits for it, so "subscribe here, publish there" needs no sleeping. May call at once.
   */
  routeBarrier(done: () => void): void;
  /** One copy of a message to one node that has a matching route. Frames of one turn leave in one write. */
  forward(node: NodeName, publish: ForwardedPublish): void;
  /** How many members of a shared group (`$share/<group>/<filter>`) this node has, and how many are connected; 0 of 0 when none is left. */
  groupChanged(key: string, online: number, total: number): void;
  /** A client of this node holds an exclusive subscription (`$exclusive/<filter>`); undefined when it has given it up. */
  claimChanged(key: string, claim: ExclusiveClaim | undefined): void;
  /**
   * A message for one member of a group, to be chosen by that node. `again`: it has been sent on once, for want of a member.
   * False when the node is out of reach at the moment and nothing was sent.
   */
  forwardShared(node: NodeName, publish: ForwardedPublish, key: string, again: boolean): boolean;
}

/** What the cluster tells the broker. */
export interface BrokerPort {
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
  /** The peer is down: all its rows vanish. */
  remoteNodeDown(node: NodeName): void;
  /** Messages that a peer forwarded: delivered to local subscribers only, never forwarded again. Returns how many they were. */
  dispatchForwarded(node: NodeName, publishes: ForwardedPublishes): number;
  /** Messages for other nodes that will not arrive: QoS 0 `dropped` because a link was behind, or `lost` with a link (R23, R24). */
  forwardsFailed(count: number, why: 'dropped' | 'lost'): void;
  /** A peer has so many members of a shared group, so many of them connected; 0 of 0 when none is left. */
  remoteGroupChanged(node: NodeName, key: string, online: number, total: number): void;
  /** A client of a peer holds an exclusive subscription; undefined when it has given it up. */
  remoteClaimChanged(node: NodeName, key: string, claim: ExclusiveClaim | undefined): void;
  /** A message for one member of a shared group on this node. */
  dispatchShared(node: NodeName, publish: ForwardedPublishes, key: string, again: boolean): void;
}

export const standalone: ClusterPort = {
  routeAdded() {},
  routeRemoved() {},
  routeBarrier(done) {
    done();
  },
  forward() {},
  groupChanged() {},
  claimChanged() {},
  forwardShared: () => false,
};
