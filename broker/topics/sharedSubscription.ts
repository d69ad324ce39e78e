/** What stands before a filter in SUBSCRIBE: `$share/group/`, `$queue/` (EMQX's one nameless group) and `$exclusive/`. */
import { topicFilterProblem } from './topicFilter.ts';
import { textProblem, type TopicProblem } from './topicProblem.ts';

export interface SubscriptionTarget {
  /** The filter that is matched, authorized and routed. */
  readonly topicFilter: string;
  /** Undefined for an ordinary subscription. `$queue/…` belongs to the group named `$queue`. */
  readonly shareGroup: string | undefined;
  readonly exclusive: boolean;
}

export type ParsedSubscription =
  | { readonly ok: true; readonly target: SubscriptionTarget }
  | { readonly ok: false; readonly problem: TopicProblem };

const SHARE = '$share/';
const QUEUE = '$queue/';
const EXCLUSIVE = '$exclusive/';
/** The group of all `$queue/` subscriptions; `$share/$queue/t` joins it too, as in EMQX. */
const QUEUE_GROUP = '$queue';

/** The name of a shared subscription in the cluster: `$queue/<filter>` is group `$queue`, and both spellings are one group, as in EMQX. */
export function sharedKey(group: string, topicFilter: string): string {
  return `${SHARE}${group}/${topicFilter}`;
}

/** The name of an exclusive subscription in the cluster. */
export function exclusiveKey(topicFilter: string): string {
  return EXCLUSIVE + topicFilter;
}

/** What `isSharedKey` and `isExclusiveKey` tell apart from filters, which never begin so: the prefix is taken off before. */
export function isSharedKey(key: string): boolean {
  return key.startsWith(SHARE);
}

export function isExclusiveKey(key: string): boolean {
  return key.startsWith(EXCLUSIVE);
}

/** Reads a filter as a client sends it in SUBSCRIBE or UNSUBSCRIBE, and checks all of it. */
export function parseSubscription(text: string): ParsedSubscription {
  if (text.charCodeAt(0) !== 0x24) return withFilter(text, undefined, false);
  if (text.startsWith(SHARE)) return parseShare(text);
  if (text.startsWith(QUEUE)) return withPrefix(text.slice(QUEUE.length), QUEUE_GROUP, false);
  if (text.startsWith(EXCLUSIVE)) return withPrefix(text.slice(EXCLUSIVE.length), undefined, true);
  return withFilter(text, undefined, false);
}

function parseShare(text: string): ParsedSubscription {
  const slash = text.indexOf('/', SHARE.length);
  const group = slash === -1 ? text.slice(SHARE.length) : text.slice(SHARE.length, slash);
  if (group === '') return refused('shareGroupMissing'); // MQTT-4.8.2-1
  if (group.includes('+') || group.includes('#')) return refused('shareGroupWildcard'); // MQTT-4.8.2-2
  if (slash === -1) return refused('shareFilterMissing');
  return withPrefix(text.slice(slash + 1), group, false);
}

/** One prefix only: EMQX refuses `$share/a/$queue/t`, and a subscription cannot be both exclusive and shared. */
function withPrefix(filter: string, shareGroup: string | undefined, exclusive: boolean): ParsedSubscription {
  if (filter === '') return refused('shareFilterMissing');
  // `$queue/…` is longer by its name in the cluster, which must remain a string that fits its length field.
  if (shareGroup !== undefined && textProblem(sharedKey(shareGroup, filter)) === 'tooLong') return refused('tooLong');
  if (filter.startsWith(SHARE) || filter.startsWith(QUEUE) || filter.startsWith(EXCLUSIVE)) return refused('prefixNested');
  return withFilter(filter, shareGroup, exclusive);
}

function withFilter(topicFilter: string, shareGroup: string | undefined, exclusive: boolean): ParsedSubscription {
  const problem = topicFilterProblem(topicFilter);
  return problem === undefined ? { ok: true, target: { topicFilter, shareGroup, exclusive } } : refused(problem);
}

function refused(problem: TopicProblem): ParsedSubscription {
  return { ok: false, problem };
}
