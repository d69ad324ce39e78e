/** Rules for text, topics and binary fields, applied to values wherever they come from. */
import { parseSubscription } from '../topics/sharedSubscription.ts';
import { topicNameProblem } from '../topics/topicName.ts';
import { textProblem, type TopicProblem } from '../topics/topicProblem.ts';
import type { MqttVersion } from './packet.ts';
import { RULES, topicFilterRule, topicNameRule, violationOf, type Rule, type Violation } from './violations.ts';

const MAX_FIELD_BYTES = 65_535;

/** Problems of a topic that every string can have, which makes the packet malformed and not only the topic invalid. */
const TEXT_RULES: Partial<Record<TopicProblem, Rule>> = {
  notUnicode: RULES.utf8,
  nulCharacter: RULES.nulCharacter,
  tooLong: RULES.stringTooLong,
};

/** What a string breaks: half a surrogate pair, U+0000, or more than 65,535 bytes of UTF-8. */
export function stringRule(text: string): Rule | undefined {
  const problem = textProblem(text);
  return problem === undefined ? undefined : TEXT_RULES[problem];
}

/** What a binary field breaks. */
export function binaryRule(data: Uint8Array): Rule | undefined {
  return data.length > MAX_FIELD_BYTES ? RULES.stringTooLong : undefined;
}

/** What a topic name breaks. */
export function nameViolation(topic: string, version: MqttVersion, field: string): Violation | undefined {
  const problem = topicNameProblem(topic);
  return problem === undefined ? undefined : violationOf(TEXT_RULES[problem] ?? topicNameRule(problem), version, field);
}

/** What a topic filter breaks, with its `$share/…` or other prefix if it has one. */
export function filterViolation(topicFilter: string, version: MqttVersion): Violation | undefined {
  const parsed = parseSubscription(topicFilter);
  return parsed.ok ? undefined : violationOf(TEXT_RULES[parsed.problem] ?? topicFilterRule(parsed.problem), version, topicFilter);
}
