/**
 * copy/: a session as a value that any two nodes can merge (cluster-protocol section 9), and the records of its changes.
 * In: records, other copies. Out: changed copies, bytes. Knows no links, disks or clocks.
 * May import: base, topics, the rest of cluster/. Begin here for the shape, at merge.ts for what makes it safe, at record.ts for
 * how it changes, at codec.ts for its bytes.
 *
 * Owner, backup, old journal, fork of a partition: all are the same object in different roles.
 */
import type { Millis, NodeId } from '../../../base/ids.ts';
import { STEPS_PER_MS, type Stamp } from '../../stamp.ts';
import type { SessionItem, SessionSubscription, SessionClient, SessionWill } from '../ports.ts';
import { CopyItems } from './copyItems.ts';
import type { Dot, Lineage, Mid } from './identity.ts';
import { MidMap } from './midMap.ts';

/** What the node that holds a copy does with it; of the object, not of the value. */
export type Role = 'owner' | 'backup' | 'frozen' | 'yield';

export type ItemState = SessionItem['state'];

/** A moment in hybrid time, see stamp.ts. */
export type HybridTime = number;

/** A message on its way to the client of the session, shared by all sessions of the node that have it. */
export interface CopyItem extends SessionItem {
  readonly mid: Mid;
  readonly dot: Dot;
  /** When it arrived at the owner, or earlier: see copyItems.ts. */
  ord: HybridTime;
  state: ItemState;
  packetId: number;
}

/** `sinceAt` of a subscription that was given up: whatever came before is not owed to one that is made later [MQTT-3.10.4-2]. */
export const NOTHING_OWED: HybridTime = Number.MAX_SAFE_INTEGER;

export interface CopySubscription extends SessionSubscription {
  /** Of the last SUBSCRIBE or UNSUBSCRIBE; the higher one wins. */
  readonly stamp: Stamp;
  /** Late messages stamped before this are not for it. A fork that subscribes again must not hide what is parked for it (C7). */
  readonly sinceAt: HybridTime;
  /** False: unsubscribed. Kept so that an older copy does not bring it back. */
  readonly on: boolean;
}

/** What the rank of a copy is made of (R50); a row of the registry has it too. */
export interface RankFields {
  /** 0 = not connected. */
  readonly connectedAt: HybridTime;
  readonly epoch: HybridTime;
  readonly owner: NodeId;
}

/** A session that never expires. */
export const NEVER = Number.POSITIVE_INFINITY;

/** A QoS 2 message of the client of a session. */
export interface AwaitedMid extends Mid {
  /** Of its packet. A copy may be behind its client, which has used the packet id for another message since: that one must not pass for this. */
  readonly digest: number;
}

/** Bytes of memory, no flags of the process that holds it (C23). Change it by `applyRecord` and `mergeInto` only. */
export class SessionCopy implements RankFields {
  readonly clientId: string;
  role: Role = 'owner';
  owner: NodeId;
  /** The node that has, or is to have, the second copy; null = none. */
  backup: NodeId | null = null;
  /** Of the last disconnect or promotion. */
  epoch: HybridTime = 0;
  /** The fence of the connection there is (R41); 0 = none. */
  connectedAt: HybridTime = 0;
  /** The fence of the last connection there was. */
  lastConn: HybridTime = 0;
  /** Of the last clean start, kick or expiry; what is older of this session is void. */
  resetAt: HybridTime = 0;
  /** When the connection ended; 0 while there is one, or there was none yet. */
  disconnectedAt: HybridTime = 0;
  /** Session Expiry Interval; `NEVER`, or 0: ends with the connection. */
  expiryMs: Millis = 0;
  will: SessionWill | null = null;
  /** Of the last connection. */
  client: SessionClient = { username: undefined, mountpoint: '' };
  readonly subscriptions = new Map<string, CopySubscription>();
  readonly items = new CopyItems();
  /** Finished messages that may arrive again, and when they were finished. */
  readonly done = new MidMap<HybridTime>();
  /** Version vector: every item of a lineage up to n has been seen here, so one that is missing was finished. */
  readonly seen = new Map<Lineage, number>();
  /** The publisher's QoS 2 packet ids that wait for PUBREL. */
  readonly awaitingRel = new Map<number, AwaitedMid>();
  /** Under which this object draws dots; null until it draws one (`nextDot`). Neither copied, encoded nor merged (C13). */
  lineage: Lineage | null = null;
  /**
   * Grows with every change of connection, will, expiry and `awaitingRel`, which only the owner makes: of two copies of one reign, the
   * higher one has them right.
   */
  connectionChanges = 0;
  /** Grows with every record, and never shrinks by a merge: replication says "from this version to that". */
  version = 0;

  constructor(clientId: string, owner: NodeId) {
    this.clientId = clientId;
    this.owner = owner;
  }
}

export function isConnected(copy: RankFields): boolean {
  return copy.connectedAt > 0;
}

/** R50: below 0 when `a` has the lower rank. Connected before not connected, then the later, then the node. */
export function compareRank(a: RankFields, b: RankFields): number {
  const aConnected = isConnected(a);
  if (aConnected !== isConnected(b)) return aConnected ? 1 : -1;
  const later = aConnected ? a.connectedAt - b.connectedAt : a.epoch - b.epoch;
  if (later !== 0) return later;
  if (a.owner === b.owner) return 0;
  return a.owner < b.owner ? -1 : 1;
}

/** The next dot of this object; `drawLineage` gives a number of this node's life that no other object ever had (C13). */
export function nextDot(copy: SessionCopy, drawLineage: () => Lineage): Dot {
  copy.lineage ??= drawLineage();
  return { lineage: copy.lineage, n: (copy.seen.get(copy.lineage) ?? 0) + 1 };
}

/** How long a session without a connection still lives (R69); `NEVER`, or 0 and less when it is over. */
export function remainingMs(copy: SessionCopy, now: HybridTime): Millis {
  if (isConnected(copy) || copy.disconnectedAt === 0) return NEVER;
  return copy.expiryMs - (now - copy.disconnectedAt) / STEPS_PER_MS;
}
