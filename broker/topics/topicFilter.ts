/** Topic filters: their rules, and whether one matches a topic name. */
import { textProblem, type TopicProblem } from './topicProblem.ts';

const SLASH = 0x2f;
const HASH = 0x23;
const PLUS = 0x2b;
const DOLLAR = 0x24;

/** Why the text cannot be subscribed to; undefined when it can. `$share/…` and friends are taken off before. */
export function topicFilterProblem(filter: string): TopicProblem | undefined {
  const problem = textProblem(filter);
  if (problem !== undefined || !hasWildcard(filter)) return problem;
  const last = filter.length - 1;
  for (let index = 0; index <= last; index += 1) {
    const unit = filter.charCodeAt(index);
    if (unit !== HASH && unit !== PLUS) continue;
    const startsLevel = index === 0 || filter.charCodeAt(index - 1) === SLASH;
    const endsLevel = index === last || filter.charCodeAt(index + 1) === SLASH;
    if (unit === PLUS && !(startsLevel && endsLevel)) return 'plusNotAlone'; // MQTT-4.7.1-2
    if (unit === HASH && !(startsLevel && endsLevel)) return 'hashNotAlone'; // MQTT-4.7.1-1
    if (unit === HASH && index !== last) return 'hashNotLast'; // MQTT-4.7.1-1
  }
  return undefined;
}

/** Whether the filter stands for more than the one topic it spells. */
export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/**
 * Whether a valid filter matches a valid topic name (section 4.7). Compares code units: nothing is normalised
 * [MQTT-4.7.3-4]. `sport/#` matches `sport`; filters that begin with a wildcard do not match `$…` [MQTT-4.7.2-1].
 */
export function matches(filter: string, topic: string): boolean {
  const first = filter.charCodeAt(0);
  if ((first === PLUS || first === HASH) && topic.charCodeAt(0) === DOLLAR) return false;
  let f = 0;
  let t = 0;
  for (;;) {
    // Both positions stand at the start of a level.
    const unit = filter.charCodeAt(f);
    if (unit === HASH) return true;
    if (unit === PLUS) {
      f += 1;
      while (t < topic.length && topic.charCodeAt(t) !== SLASH) t += 1;
    } else {
      while (f < filter.length && filter.charCodeAt(f) !== SLASH && filter.charCodeAt(f) === topic.charCodeAt(t)) {
        f += 1;
        t += 1;
      }
    }
    const filterEnds = f === filter.length;
    const topicEnds = t === topic.length;
    if (topicEnds) return filterEnds || isParentHash(filter, f);
    if (filterEnds || filter.charCodeAt(f) !== SLASH || topic.charCodeAt(t) !== SLASH) return false;
    f += 1;
    t += 1;
  }
}

/** The rest is `/#`, which includes the level before it. */
function isParentHash(filter: string, at: number): boolean {
  return filter.length === at + 2 && filter.charCodeAt(at) === SLASH && filter.charCodeAt(at + 1) === HASH;
}
