/**
 * topics/: topic names, topic filters, and the index that finds one by the other.
 * In: text. Out: problems, levels, values. Runs in the broker and in the editor (no Buffer here).
 * May import: base. Begin here and at topicFilter.ts for the rules, at topicIndex.ts for subscriptions by topic,
 * at topicTrie.ts for stored topics by filter, at sharedSubscription.ts for `$share/…`.
 */
import { textProblem, type TopicProblem } from './topicProblem.ts';

/** Why the text cannot be published to; undefined when it can. */
export function topicNameProblem(topic: string): TopicProblem | undefined {
  // MQTT-4.7.0-1, MQTT-3.3.2-2: a wildcard has no meaning in a name.
  if (topic.includes('+') || topic.includes('#')) return 'wildcardInName';
  return textProblem(topic);
}

/** The levels between slashes; empty levels count: `/a` has two. */
export function splitLevels(topic: string): string[] {
  return topic.split('/');
}

/** How many levels a name or filter has, without splitting it. */
export function countLevels(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf('/'); at !== -1; at = topic.indexOf('/', at + 1)) levels += 1;
  return levels;
}
