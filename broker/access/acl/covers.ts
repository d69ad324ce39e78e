/**
 * Whether one rule takes every request another one would take. Errs on the side of "no": patterns and placeholders are equal only to
 * themselves, so that a warning built on it is always right and some cases go unmentioned.
 */
import { containsNetwork } from './address.ts';
import { matchesName } from './match.ts';
import type { ActionMatcher, CompiledRule, NameMatcher, TopicMatcher, WhoMatcher } from './compile.ts';

function coversName(outer: NameMatcher, inner: NameMatcher): boolean {
  if (outer.type === 'any') return true;
  if (inner.type === 'any') return false;
  if (outer.type === 'exact') return inner.type === 'exact' && inner.value === outer.value;
  return inner.type === 'exact' ? matchesName(outer, inner.value, 'allow') : inner.regex.source === outer.regex.source;
}

export function coversWho(outer: WhoMatcher, inner: WhoMatcher): boolean {
  if (outer.type === 'all') return true;
  if (inner.type === 'or') return inner.of.length > 0 && inner.of.every((part) => coversWho(outer, part));
  if (outer.type === 'and') return outer.of.every((part) => coversWho(part, inner));
  if (inner.type === 'and' && inner.of.some((part) => coversWho(outer, part))) return true;
  if (outer.type === 'or') return outer.of.some((part) => coversWho(part, inner));
  if (outer.type === 'address') {
    return (
      inner.type === 'address' &&
      inner.networks.length > 0 &&
      inner.networks.every((network) => outer.networks.some((one) => containsNetwork(one, network)))
    );
  }
  return (
    (inner.type === 'username' || inner.type === 'clientid') && inner.type === outer.type && coversName(outer.name, inner.name)
  );
}

export function coversAction(outer: ActionMatcher, inner: ActionMatcher): boolean {
  if ((inner.publish && !outer.publish) || (inner.subscribe && !outer.subscribe)) return false;
  // Retain counts for publish only.
  const compared = inner.publish ? inner.mask : inner.mask & 0b111;
  return (outer.mask & compared) === compared;
}

/** Levels with placeholders left in as words of their own; undefined where that would not be sound. */
function symbolicLevels(topic: TopicMatcher): readonly string[] | undefined {
  switch (topic.type) {
    case 'everything':
      return ['#'];
    case 'literal':
      return topic.topic.split('/');
    case 'below':
      return [...topic.topic.split('/'), '#'];
    case 'levels':
      return topic.levels;
    case 'template':
    case 'oldTemplate':
      return undefined;
  }
}

/** Every topic name, and every filter taken as one, that `inner` accepts is accepted by `outer`. */
function coversLevels(outer: readonly string[], inner: readonly string[]): boolean {
  for (let at = 0; ; at += 1) {
    const wide = outer[at];
    const narrow = inner[at];
    if (wide === '#' && at === outer.length - 1) return true;
    if (wide === undefined || narrow === undefined) return wide === narrow;
    if (narrow === '#') return false;
    if (wide !== '+' && wide !== narrow) return false;
  }
}

function sameTemplate(outer: TopicMatcher, inner: TopicMatcher): boolean {
  return (
    outer.type === inner.type &&
    (outer.type === 'template' || outer.type === 'oldTemplate') &&
    JSON.stringify(outer) === JSON.stringify(inner)
  );
}

export function coversTopic(outer: TopicMatcher, inner: TopicMatcher): boolean {
  if (outer.type === 'everything' || sameTemplate(outer, inner)) return true;
  if (outer.type === 'literal') return inner.type === 'literal' && inner.topic === outer.topic;
  const wide = symbolicLevels(outer);
  const narrow = symbolicLevels(inner);
  return wide !== undefined && narrow !== undefined && coversLevels(wide, narrow);
}

/** `inner` can never decide anything when `outer` stands before it. */
export function coversRule(outer: CompiledRule, inner: CompiledRule): boolean {
  return (
    coversAction(outer.action, inner.action) &&
    inner.topics.every((topic) => outer.topics.some((one) => coversTopic(one, topic))) &&
    coversWho(outer.who, inner.who)
  );
}
