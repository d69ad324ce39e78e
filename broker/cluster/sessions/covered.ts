/** Whether one copy has everything another could add to it, so that a merge would change nothing. */
import { compareStamps } from '../stamp.ts';
import type { SessionCopy } from './copy/copy.ts';

export function isCoveredBy(copy: SessionCopy, by: SessionCopy): boolean {
  if (copy.resetAt > by.resetAt) return false;
  if (!hasDone(copy, by)) return false;
  // It was not connected since the session began anew: beyond what it finished it adds nothing.
  if (copy.lastConn < by.resetAt && copy.resetAt < by.resetAt) return true;
  for (const item of copy.items) {
    const there = by.items.get(item.mid);
    if (there === undefined) {
      if (!by.done.has(item.mid) && (by.seen.get(item.dot.lineage) ?? 0) < item.dot.n) return false;
    } else if (there.state === 'queued' && item.state !== 'queued') return false;
    else if (there.state === 'sent' && item.state === 'released') return false;
    else if (item.ord < there.ord) return false;
  }
  for (const item of by.items) {
    if (copy.items.has(item.mid)) continue;
    if (copy.done.has(item.mid) || (copy.seen.get(item.dot.lineage) ?? 0) >= item.dot.n) return false;
  }
  for (const [lineage, n] of copy.seen) if ((by.seen.get(lineage) ?? 0) < n) return false;
  for (const subscription of copy.subscriptions.values()) {
    const there = by.subscriptions.get(subscription.topicFilter);
    if (there === undefined || compareStamps(there.stamp, subscription.stamp) < 0 || there.sinceAt > subscription.sinceAt) return false;
  }
  return true;
}

function hasDone(copy: SessionCopy, by: SessionCopy): boolean {
  let has = true;
  copy.done.forEach((mid) => {
    if (!by.done.has(mid)) has = false;
  });
  return has;
}
