/**
 * The changes of a session as data (R62): what the journal keeps, what the backup gets, what a copy is built from again. A copy changes
 * by these alone, so that owner, backup and journal cannot differ.
 */
import { unreachable } from '../../../base/assert.ts';
import type { Millis, NodeId } from '../../../base/ids.ts';
import type { Stamp } from '../../stamp.ts';
import type { SessionClient, SessionWill } from '../ports.ts';
import { boundCausality, purge } from './causality.ts';
import { NOTHING_OWED, type AwaitedMid, type CopyItem, type CopySubscription, type HybridTime, type ItemState, type Role, type SessionCopy } from './copy.ts';
import type { ActorKey, Lineage, Mid } from './identity.ts';
import { forgetContents, mergeInto } from './merge.ts';

export type SessionRecord =
  /** A message arrived for the session. Its dot is from `nextDot`; usually it is sent at once and has its packet id here (R64). */
  | { readonly type: 'enqueue'; readonly item: Readonly<CopyItem> }
  | { readonly type: 'state'; readonly mid: Mid; readonly state: ItemState; readonly packetId: number }
  /** `at`: 0 when it cannot arrive again, so that it need not be remembered (settled, and the cluster is whole). */
  | { readonly type: 'finish'; readonly mid: Mid; readonly at: HybridTime }
  | { readonly type: 'subscribe'; readonly subscription: CopySubscription }
  | { readonly type: 'unsubscribe'; readonly topicFilter: string; readonly stamp: Stamp }
  /** QoS 2 from the publisher: its packet id waits for PUBREL (R65). */
  | { readonly type: 'await'; readonly packetId: number; readonly mid: AwaitedMid }
  | { readonly type: 'release'; readonly packetId: number }
  /** Of the object at this node: it is journalled, but a backup does not apply it. */
  | { readonly type: 'role'; readonly role: Role; readonly backup: NodeId | null }
  /** Connect (`connectedAt` = the fence), disconnect and promotion (`connectedAt` 0, a new `epoch`). */
  | {
      readonly type: 'claim';
      readonly owner: NodeId;
      readonly epoch: HybridTime;
      readonly connectedAt: HybridTime;
      readonly disconnectedAt: HybridTime;
    }
  /** Clean start, kick, expiry (R49): nothing of before is left. */
  | { readonly type: 'reset'; readonly at: HybridTime }
  | { readonly type: 'will'; readonly will: SessionWill | null }
  | { readonly type: 'expiry'; readonly expiryMs: Millis }
  | { readonly type: 'client'; readonly client: SessionClient }
  | { readonly type: 'merge'; readonly copy: SessionCopy }
  /** R54; `settled`: up to which n, by actor. */
  | { readonly type: 'purge'; readonly settled: readonly (readonly [ActorKey, number])[]; readonly keep: Lineage | null };

const CONNECTION_RECORDS: ReadonlySet<SessionRecord['type']> = new Set(['await', 'release', 'claim', 'reset', 'will', 'expiry', 'client']);

/** Changes a copy. Deterministic: equal copies stay equal. False when the record changes nothing, so that it need not be told. */
export function applyRecord(copy: SessionCopy, record: SessionRecord): boolean {
  if (record.type === 'role') {
    copy.role = record.role;
    copy.backup = record.backup;
    return true;
  }
  if (!change(copy, record)) return false;
  if (CONNECTION_RECORDS.has(record.type)) copy.connectionChanges += 1;
  copy.version += 1;
  return true;
}

function change(copy: SessionCopy, record: Exclude<SessionRecord, { type: 'role' }>): boolean {
  switch (record.type) {
    case 'enqueue':
      return enqueue(copy, record.item);
    case 'state':
      return setState(copy, record.mid, record.state, record.packetId);
    case 'finish':
      return finish(copy, record.mid, record.at);
    case 'subscribe':
      copy.subscriptions.set(record.subscription.topicFilter, record.subscription);
      return true;
    case 'unsubscribe':
      return unsubscribe(copy, record.topicFilter, record.stamp);
    case 'await':
      copy.awaitingRel.set(record.packetId, record.mid);
      return true;
    case 'release':
      return copy.awaitingRel.delete(record.packetId);
    case 'claim':
      claim(copy, record);
      return true;
    case 'reset':
      return reset(copy, record.at);
    case 'will':
      copy.will = record.will;
      return true;
    case 'expiry':
      copy.expiryMs = record.expiryMs;
      return true;
    case 'client':
      copy.client = record.client;
      return true;
    case 'merge':
      mergeInto(copy, record.copy);
      return true;
    case 'purge':
      purge(copy, new Map(record.settled), record.keep);
      return true;
    default:
      return unreachable(record);
  }
}

/** A message that is there or was finished, or a place that was taken before, changes nothing: forwards may come twice. */
function enqueue(copy: SessionCopy, item: Readonly<CopyItem>): boolean {
  const { mid, dot } = item;
  if (copy.items.has(mid) || copy.done.has(mid)) return false;
  const seen = copy.seen.get(dot.lineage);
  if (seen !== undefined && dot.n <= seen) return false;
  copy.items.add({ ...item });
  copy.seen.set(dot.lineage, dot.n);
  if (seen === undefined) boundCausality(copy);
  return true;
}

function setState(copy: SessionCopy, mid: Mid, state: ItemState, packetId: number): boolean {
  const item = copy.items.get(mid);
  if (item === undefined || (item.state === state && item.packetId === packetId)) return false;
  item.state = state;
  item.packetId = packetId;
  return true;
}

/** Remembered even if the message is not here: it may still be on its way. */
function finish(copy: SessionCopy, mid: Mid, at: HybridTime): boolean {
  const removed = copy.items.delete(mid) !== undefined;
  if (at === 0 || copy.done.has(mid)) return removed;
  copy.done.set(mid, at);
  boundCausality(copy);
  return true;
}

function unsubscribe(copy: SessionCopy, topicFilter: string, stamp: Stamp): boolean {
  const subscription = copy.subscriptions.get(topicFilter);
  if (subscription === undefined || !subscription.on) return false;
  copy.subscriptions.set(topicFilter, { ...subscription, stamp, sinceAt: NOTHING_OWED, on: false });
  boundCausality(copy);
  return true;
}

function claim(copy: SessionCopy, { owner, epoch, connectedAt, disconnectedAt }: Extract<SessionRecord, { type: 'claim' }>): void {
  copy.owner = owner;
  copy.epoch = epoch;
  copy.connectedAt = connectedAt;
  copy.disconnectedAt = disconnectedAt;
  if (connectedAt > copy.lastConn) copy.lastConn = connectedAt;
}

function reset(copy: SessionCopy, at: HybridTime): boolean {
  if (at <= copy.resetAt) return false;
  forgetContents(copy);
  copy.resetAt = at;
  return true;
}
