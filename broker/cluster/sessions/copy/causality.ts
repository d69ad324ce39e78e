/** What a copy remembers of finished messages, and when it may forget (R54). Forgetting costs duplicates, never messages. */
import { compareStamps } from '../../stamp.ts';
import type { HybridTime, SessionCopy } from './copy.ts';
import { compareLineages, compareMids, type ActorKey, type Lineage, type Mid } from './identity.ts';

/** Finished messages a session remembers; beyond it the oldest are forgotten: after a split they may be delivered again. */
export const MAX_DONE = 10_000;
/** Lineages a session remembers; beyond it the oldest is forgotten, with the same effect. */
export const MAX_LINEAGES = 64;

/** Filters a session remembers to have unsubscribed from; beyond it the oldest is forgotten: an older copy may bring it back. */
export const MAX_UNSUBSCRIBED = 1_000;

/** Up to which n the messages of an actor are settled: no node will send them again. */
export type Settled = ReadonlyMap<ActorKey, number>;

/**
 * When every member has been up and synced for a while and no copies but owner and confirmed backup exist: drops what is settled,
 * lineages that no item belongs to, and what was unsubscribed. `keep`: the one in which the owner goes on to draw dots.
 */
export function purge(copy: SessionCopy, settled: Settled, keep: Lineage | null): void {
  copy.done.forEach((mid) => {
    if (mid.n <= (settled.get(mid.actor) ?? 0)) copy.done.delete(mid);
  });
  const inUse = lineagesInUse(copy);
  for (const lineage of [...copy.seen.keys()]) if (lineage !== keep && !inUse.has(lineage)) copy.seen.delete(lineage);
  for (const { topicFilter, on } of copy.subscriptions.values()) if (!on) copy.subscriptions.delete(topicFilter);
}

/** Holds a copy to its bounds; cheap while it is within them. An eighth is dropped at once, so that it is not done for each message. */
export function boundCausality(copy: SessionCopy): void {
  if (copy.done.size > MAX_DONE) forgetOldestDone(copy, copy.done.size - Math.floor((MAX_DONE * 7) / 8));
  if (copy.seen.size > MAX_LINEAGES) forgetOldestLineages(copy);
  if (copy.subscriptions.size > MAX_UNSUBSCRIBED) forgetOldestUnsubscribed(copy);
}

function forgetOldestDone(copy: SessionCopy, count: number): void {
  const entries: { mid: Mid; at: HybridTime }[] = [];
  copy.done.forEach((mid, at) => entries.push({ mid, at }));
  entries.sort((a, b) => a.at - b.at || compareMids(a.mid, b.mid));
  for (const { mid } of entries.slice(0, count)) copy.done.delete(mid);
}

/** Those without items first: the others still say which of their items were finished. */
function forgetOldestLineages(copy: SessionCopy): void {
  const inUse = lineagesInUse(copy);
  const oldestFirst = [...copy.seen.keys()].sort((a, b) => Number(inUse.has(a)) - Number(inUse.has(b)) || compareLineages(a, b));
  // The newest is the one an owner may be drawing from: it stays, being last among those without items or in use.
  for (const lineage of oldestFirst.slice(0, copy.seen.size - MAX_LINEAGES)) copy.seen.delete(lineage);
}

function forgetOldestUnsubscribed(copy: SessionCopy): void {
  const off = [...copy.subscriptions.values()].filter(({ on }) => !on);
  if (off.length <= MAX_UNSUBSCRIBED) return;
  off.sort((a, b) => compareStamps(a.stamp, b.stamp));
  for (const { topicFilter } of off.slice(0, off.length - Math.floor((MAX_UNSUBSCRIBED * 7) / 8))) copy.subscriptions.delete(topicFilter);
}

function lineagesInUse(copy: SessionCopy): Set<Lineage> {
  const inUse = new Set<Lineage>();
  for (const { dot } of copy.items) inUse.add(dot.lineage);
  return inUse;
}
