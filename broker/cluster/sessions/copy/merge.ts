/**
 * Two copies of a session become one (R53), whichever has what. Commutative, associative and idempotent, but for packet ids, which belong
 * to a connection and so follow the winner. Nothing that is unfinished in both is lost; nothing finished in one returns.
 *
 * Two exceptions to associativity, both harmless. Messages of different publishers may come out in another order; those of one never. And
 * of three copies of which one began anew (clean start) while another was connected after that elsewhere, what only the third had from
 * before the clean start may be kept or not: a client may get what it need not.
 */
import { compareStamps } from '../../stamp.ts';
import { boundCausality } from './causality.ts';
import { compareRank, type CopyItem, type CopySubscription, type ItemState, type SessionCopy } from './copy.ts';
import { compareDots } from './identity.ts';

const STATE_ORDER: Readonly<Record<ItemState, number>> = { queued: 0, sent: 1, released: 2 };

export interface MergeReport {
  /** The other copy outranks this one, or did: connection, will and packet ids are now its own. */
  readonly theirsWon: boolean;
  /**
   * Items of this copy that only the other one had sent or released. If this copy has a live client they are to be sent again at once,
   * with DUP: nobody else will (C2).
   */
  readonly adopted: readonly CopyItem[];
}

/** Merges `theirs` into `mine`. `theirs` is left as it was; role, backup and lineage of `mine` stay. */
export function mergeInto(mine: SessionCopy, theirs: SessionCopy): MergeReport {
  const resetAt = Math.max(mine.resetAt, theirs.resetAt);
  const mineVoid = isVoid(mine, resetAt);
  const theirsVoid = isVoid(theirs, resetAt);
  const theirsWon = outranks(theirs, mine);
  if (mineVoid) forgetContents(mine);
  const adopted = mergeItems(mine, theirs, theirsVoid, theirsVoid ? false : mineVoid || theirsWon);
  theirs.done.forEach((mid, at) => mine.done.set(mid, Math.max(at, mine.done.get(mid) ?? 0)));
  if (!theirsVoid) {
    for (const subscription of theirs.subscriptions.values()) mergeSubscription(mine.subscriptions, subscription);
    for (const [lineage, n] of theirs.seen) if (n > (mine.seen.get(lineage) ?? 0)) mine.seen.set(lineage, n);
    if (mineVoid || theirsWon) takeConnectionState(mine, theirs);
  }
  if (theirsWon) {
    mine.connectionChanges = theirs.connectionChanges;
    mine.owner = theirs.owner;
    mine.epoch = theirs.epoch;
    mine.connectedAt = theirs.connectedAt;
    mine.disconnectedAt = theirs.disconnectedAt;
  }
  mine.lastConn = Math.max(mine.lastConn, theirs.lastConn);
  mine.resetAt = resetAt;
  mine.version = Math.max(mine.version, theirs.version);
  boundCausality(mine);
  return { theirsWon, adopted };
}

/** R53.1: it was not connected since the session began anew, so it holds nothing of the session that there is. */
function isVoid(copy: SessionCopy, resetAt: number): boolean {
  return copy.lastConn < resetAt && copy.resetAt < resetAt;
}

/** Between copies of one reign `version` would not do: it grows at a node that merges, whether or not the node is the owner. */
function outranks(a: SessionCopy, b: SessionCopy): boolean {
  const rank = compareRank(a, b);
  return rank > 0 || (rank === 0 && a.connectionChanges > b.connectionChanges);
}

/**
 * What a reset leaves. The version vector goes too: what was thrown away was not finished, and must not count as finished for a copy
 * that a client used after the reset. So the object needs a new lineage, lest a dot be drawn twice.
 */
export function forgetContents(copy: SessionCopy): void {
  copy.items.clear();
  copy.subscriptions.clear();
  copy.seen.clear();
  copy.awaitingRel.clear();
  copy.will = null;
  copy.lineage = null;
}

/** Of one connection or one client, so never mixed: a packet id of one copy says nothing to the client of the other. */
function takeConnectionState(mine: SessionCopy, theirs: SessionCopy): void {
  mine.will = theirs.will;
  mine.client = theirs.client;
  mine.expiryMs = theirs.expiryMs;
  mine.awaitingRel.clear();
  for (const [packetId, mid] of theirs.awaitingRel) mine.awaitingRel.set(packetId, mid);
}

/** R53.3, C7. An `off` takes over the smaller `sinceAt` of a fork that kept the subscription, so that the smallest one comes out whatever the order of merging. */
function mergeSubscription(mine: Map<string, CopySubscription>, theirs: CopySubscription): void {
  const own = mine.get(theirs.topicFilter);
  if (own === undefined) {
    mine.set(theirs.topicFilter, theirs);
    return;
  }
  const newer = compareStamps(theirs.stamp, own.stamp) > 0 ? theirs : own;
  const sinceAt = Math.min(own.sinceAt, theirs.sinceAt);
  mine.set(theirs.topicFilter, newer.sinceAt === sinceAt ? newer : { ...newer, sinceAt });
}

/** R53.2 and R53.4. */
function mergeItems(mine: SessionCopy, theirs: SessionCopy, theirsVoid: boolean, theirIds: boolean): CopyItem[] {
  const adopted: CopyItem[] = [];
  /** Whose packet id comes from the copy that lost. */
  const guests: CopyItem[] = [];
  const taken = new Set<number>();
  const settle = (item: CopyItem, idIsTheirs: boolean): void => {
    if (item.state === 'queued') return;
    if (idIsTheirs === theirIds) taken.add(item.packetId);
    else guests.push(item);
  };
  const finished = [...mine.items].filter((item) => !has(theirs, theirsVoid, item) && isFinished(theirs, theirsVoid, item));
  for (const item of finished) mine.items.delete(item.mid);
  for (const item of mine.items) {
    const other = theirsVoid ? undefined : theirs.items.get(item.mid);
    if (other === undefined) {
      settle(item, false);
      continue;
    }
    const stronger = STATE_ORDER[other.state] - STATE_ORDER[item.state];
    const idIsTheirs = stronger > 0 || (stronger === 0 && theirIds);
    const { state, packetId, ...sent } = idIsTheirs ? other : item;
    const first = compareDots(other.dot, item.dot) < 0 ? other : item;
    // A fork may have had another subscription: what was sent at one QoS is acknowledged at that one.
    const { qos, retain, subscriptionIds } = state === 'queued' ? first : sent;
    const merged = { ...first, qos, retain, subscriptionIds, ord: Math.min(item.ord, other.ord), state, packetId };
    mine.items.replace(merged);
    settle(merged, idIsTheirs);
    if (stronger > 0) adopted.push(merged);
  }
  if (!theirsVoid) {
    const missing = [...theirs.items].filter((item) => !mine.items.has(item.mid) && !isFinished(mine, false, item));
    for (const item of missing) {
      const added = { ...item };
      mine.items.add(added);
      settle(added, true);
      if (added.state !== 'queued') adopted.push(added);
    }
  }
  for (const item of guests) {
    if (!taken.has(item.packetId)) continue;
    item.packetId = 0;
    // A released message has been received: sending it again would be a duplicate, so only its PUBREL needs a new id.
    if (item.state === 'sent') item.state = 'queued';
  }
  return adopted.filter((item) => item.state !== 'queued');
}

function has(copy: SessionCopy, isVoid: boolean, { mid }: CopyItem): boolean {
  return !isVoid && copy.items.has(mid);
}

/** Of an item that the copy has not. What a void copy has seen may have been thrown away unfinished. */
function isFinished({ done, seen }: SessionCopy, isVoid: boolean, { mid, dot }: CopyItem): boolean {
  return done.has(mid) || (!isVoid && (seen.get(dot.lineage) ?? 0) >= dot.n);
}
