/** A copy of a session at this node, and what only this process needs to know of it (C23: none of this is in the copy). */
import type { Millis, NodeId } from '../../base/ids.ts';
import type { RowRole, SessionRow } from '../wire/v1SessionRows.ts';
import type { CopyItem, SessionCopy } from './copy/copy.ts';
import type { Mid } from './copy/identity.ts';
import { MidMap } from './copy/midMap.ts';
import type { SessionRecord } from './copy/record.ts';
import type { LocalInterest } from './interest.ts';
import { MAX_PACKET_ID } from './limits.ts';
import type { Waiter } from './ports.ts';

interface Waiting {
  readonly seq: number;
  readonly waiter: Waiter;
}

interface Queued {
  readonly item: CopyItem;
  readonly seq: number;
}

/** The rest of the session is still to come from there (R47). */
export interface Hold {
  readonly from: NodeId;
  readonly untilMs: Millis;
  /** What arrived meanwhile, to be put behind what comes. */
  arrived: Mid[];
}

/** A frozen or yielding copy on its way out (R48). Made anew with each freeze (C24). */
export interface Leave {
  readonly freeze: number;
  /** Who asked for it; null when whoever ranks highest is to have it. */
  to: NodeId | null;
  readonly flushed: Set<NodeId>;
  readonly sinceMs: Millis;
  /** When which owner was last told of the copy while it waits for FLUSHes, and at which of its changes. */
  toldMs: Millis;
  toldChanges: number;
  toldTo: NodeId | null;
  /** Some node takes long with its FLUSH. */
  isOverdue: boolean;
}

export function newLeave(freeze: number, to: NodeId | null, nowMs: Millis): Leave {
  return { freeze, to, flushed: new Set(), sinceMs: nowMs, toldMs: Number.NEGATIVE_INFINITY, toldChanges: -1, toldTo: null, isOverdue: false };
}

const NO_SHARES: ReadonlySet<string> = new Set();

export class Held {
  readonly copy: SessionCopy;
  readonly interests = new Map<string, LocalInterest>();
  /** Shared groups it is a member of, by their names in the cluster. */
  shares: ReadonlySet<string> = NO_SHARES;
  /** What is on its way to other members of its groups (shares.ts). */
  moving: MidMap<true> | undefined;
  /** Its client was lost with a node: what groups gave it goes to members that are there, until the client is (R52). */
  handsOn = false;

  // ------- secured (R51)
  /** Changes so far; the others count the same. */
  seq = 0;
  committed = 0;
  confirmed = 0;
  readonly waiting: Waiting[] = [];

  // ------- replication (R57)
  /** Up to here the backup has been sent everything. */
  sent = 0;
  /** It needs the whole copy next. */
  wholeNext = true;
  /** The change up to which the last whole copy went. */
  wholeSeq = 0;
  log: SessionRecord[] = [];
  /** The backup has confirmed a whole copy. */
  backed = false;
  /** As a second copy: whose it is, and up to which of its changes. */
  source: NodeId | undefined;
  sourceSeq = 0;

  // ------- take-over
  hold: Hold | undefined;
  leave: Leave | undefined;
  /** Changes that did not come by replication: a hand-in counts only if there was none since (R50, C25). */
  changes = 0;
  /** `changes` as the last hand-in had it, and when that was. */
  offered = -1;
  offeredMs: Millis = 0;

  // ------- the client
  online = false;
  /** A connect is about to make it online: it is owned for that client already. */
  connecting = false;
  /** Publishes of the client that wait for its session to be secured (R65). */
  unrouted = 0;
  readonly given = new MidMap<true>();
  /** See `OpenedSession`. */
  packetIdsFrom = 1;
  queue: Queued[] = [];
  /** The last stamp of a subscription. */
  changedAt = 0;
  willAtMs: Millis | undefined;
  /** As an owner without a client: when the session ends, by the clock of this process (R69). */
  expiresAtMs: Millis | undefined;

  constructor(copy: SessionCopy) {
    this.copy = copy;
  }

  /**
   * New deliveries of a later connection count on from here, also when the item has gone meanwhile: another node's copy may have finished it
   * under another id, but the client, if it has not seen PUBREL, takes what comes under this one for a repetition.
   */
  tookPacketId(packetId: number): void {
    if (this.packetIdsFrom !== 1) this.packetIdsFrom = packetId === MAX_PACKET_ID ? 2 : packetId + 1; // 1 says: from the start
  }

  get clientId(): string {
    return this.copy.clientId;
  }

  get isOwner(): boolean {
    return this.copy.role === 'owner';
  }

  /** The session was ended, and only the mark of that is left (R49). */
  get isEnded(): boolean {
    return this.copy.lastConn < this.copy.resetAt;
  }

  row(): SessionRow {
    const { copy } = this;
    const { clientId, owner, connectedAt, epoch, lastConn, resetAt, backup } = copy;
    const role: RowRole = copy.role === 'backup' ? 'yield' : copy.role;
    const filters = [...this.interests.keys(), ...this.shares];
    const { freeze = 0, to = null } = this.leave ?? {};
    return { clientId, role, durable: true, owner, connectedAt, epoch, lastConn, resetAt, freeze, to, backup, backed: this.backed, filters };
  }
}
