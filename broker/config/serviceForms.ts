/** Forms of values that only services have: rules of topic rewriting, subscriptions, priorities. */
import { compileRegex } from '../base/regex/regexRun.ts';
import { parseSubscription } from '../topics/sharedSubscription.ts';
import { hasWildcard, topicFilterProblem } from '../topics/topicFilter.ts';
import type { HoconValue } from './hocon.ts';
import type { AutoSubscription, RewriteRule } from './serviceConfig.ts';
import type { AlarmAction } from './overloadConfig.ts';
import { listOfTexts, parseBoolean, type Reading, type ValueType } from './valueTypes.ts';

/** EMQX's bounds of the two lists. */
export const MAX_REWRITE_RULES = 30;
export const MAX_AUTO_SUBSCRIPTIONS = 20;
/** Topics with a priority of their own. */
const MAX_PRIORITIES = 10_000;
const MAX_PRIORITY = 255;

const REFUSED = { ok: false } as const;
const accepted = <T>(value: T): Reading<T> => ({ ok: true, value });

/** A list of which every item can be read. */
function listOf<T>(form: string, maxItems: number, readItem: (item: HoconValue) => T | undefined): ValueType<readonly T[]> {
  return {
    form,
    read(value) {
      if (value.type !== 'array' || value.items.length > maxItems) return REFUSED;
      const items = value.items.map(readItem);
      const read = items.filter((item) => item !== undefined);
      return read.length === items.length ? accepted(read) : REFUSED;
    },
  };
}

/** The texts of an object that has no other fields than these. */
function textsOf(value: HoconValue, names: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (value.type !== 'object') return undefined;
  const texts: Record<string, string> = {};
  for (const { path, value: field } of value.fields) {
    const name = path.join('.');
    if (field.type !== 'scalar' || !names.includes(name)) return undefined;
    texts[name] = field.text;
  }
  return texts;
}

// ------------------------------------------------------------------ rewrite

const ACTIONS: Readonly<Record<string, RewriteRule['action']>> = { publish: 'publish', subscribe: 'subscribe', all: 'all' };
const RULE_FORM = 'action (publish, subscribe or all), source_topic (a topic filter), re (a pattern) and dest_topic, which for publish has no wildcard';

export const rewriteRules = listOf(`a list of at most ${MAX_REWRITE_RULES} rules with ${RULE_FORM}`, MAX_REWRITE_RULES, (item) => {
  const texts = textsOf(item, ['action', 'source_topic', 're', 'dest_topic']);
  return texts && checkedRule(ACTIONS[texts['action'] ?? ''], texts['source_topic'] ?? '', texts['re'] ?? '', texts['dest_topic'] ?? '');
});

/** EMQX 4: source, pattern and destination in one text. */
export const oldRewriteRule = (action: RewriteRule['action']): ValueType<RewriteRule> => ({
  form: 'a topic filter, a pattern and a destination with one space between, in quotes',
  read(value) {
    const [source = '', re = '', destination = '', ...rest] = value.type === 'scalar' ? value.text.trim().split(/\s+/) : [];
    const rule = rest.length === 0 ? checkedRule(action, source, re, destination) : undefined;
    return rule === undefined ? REFUSED : accepted(rule);
  },
});

function checkedRule(action: RewriteRule['action'] | undefined, sourceTopic: string, re: string, destTopic: string): RewriteRule | undefined {
  if (action === undefined || topicFilterProblem(sourceTopic) !== undefined || topicFilterProblem(destTopic) !== undefined) return undefined;
  // EMQX's cannot_use_wildcard_for_destination_topic.
  if (action !== 'subscribe' && hasWildcard(destTopic)) return undefined;
  return re === '' || 'fault' in compileRegex(re) ? undefined : { action, sourceTopic, re, destTopic };
}

// ------------------------------------------------------------------ auto subscribe

/** 0 and 1 or false and true. */
export const flag: ValueType<boolean> = {
  form: '0 or 1',
  read(value) {
    const read = value.type === 'scalar' ? parseFlag(value.text) : undefined;
    return read === undefined ? REFUSED : accepted(read);
  },
};

function parseFlag(text: string): boolean | undefined {
  return text === '0' ? false : text === '1' ? true : parseBoolean(text);
}

function parse012(text: string): 0 | 1 | 2 | undefined {
  return text === '0' ? 0 : text === '1' ? 1 : text === '2' ? 2 : undefined;
}

export const autoSubscriptions = listOf(
  `a list of at most ${MAX_AUTO_SUBSCRIPTIONS} subscriptions with topic (a topic filter), qos and rh (0, 1, 2), nl and rap (0, 1)`,
  MAX_AUTO_SUBSCRIPTIONS,
  (item) => {
    const texts = textsOf(item, ['topic', 'qos', 'rh', 'rap', 'nl']);
    if (texts === undefined) return undefined;
    const { topic = '', qos = '0', rh = '0', rap = '0', nl = '0' } = texts;
    return checkedSubscription(topic, parse012(qos), parse012(rh), parseFlag(rap), parseFlag(nl));
  },
);

function checkedSubscription(
  topic: string,
  qos: 0 | 1 | 2 | undefined,
  retainHandling: 0 | 1 | 2 | undefined,
  retainAsPublished: boolean | undefined,
  noLocal: boolean | undefined,
): AutoSubscription | undefined {
  const readable = qos !== undefined && retainHandling !== undefined && retainAsPublished !== undefined && noLocal !== undefined;
  return readable && isSubscription(topic) ? { topic, qos, noLocal, retainAsPublished, retainHandling } : undefined;
}

/** Whether a topic with placeholders can become something to subscribe to: any value will do in their place. */
export function isSubscription(topic: string): boolean {
  return parseSubscription(topic.replace(/\$\{\w+\}|%[cu]/g, 'x')).ok;
}

// ------------------------------------------------------------------ user properties

const MAX_USER_PROPERTIES = 16;
const MAX_USER_PROPERTY_CHARS = 256;

export const userProperties: ValueType<readonly (readonly [name: string, value: string])[]> = {
  form: `at most ${MAX_USER_PROPERTIES} names with texts of at most ${MAX_USER_PROPERTY_CHARS} characters, such as {node = "\${node}"}`,
  read(value) {
    if (value.type !== 'object' || value.fields.length > MAX_USER_PROPERTIES) return REFUSED;
    const pairs = value.fields.map(({ path, value: field }) => [path.join('.'), field.type === 'scalar' ? field.text : undefined] as const);
    const isText = (text: string | undefined): text is string => text !== undefined && text.length <= MAX_USER_PROPERTY_CHARS && text.isWellFormed() && !text.includes('\0');
    const sound = pairs.filter((pair): pair is readonly [string, string] => pair.every(isText));
    return sound.length === pairs.length ? accepted(sound) : REFUSED;
  },
};

// ------------------------------------------------------------------ alarms

const ALARM_ACTIONS: readonly AlarmAction[] = ['log', 'publish'];
export const alarmActions: ValueType<readonly AlarmAction[]> = {
  form: 'a list of log and publish, such as ["log", "publish"]',
  read(value) {
    const given = listOfTexts(value);
    const actions = ALARM_ACTIONS.filter((action) => given?.includes(action));
    return given === undefined || actions.length !== given.length ? REFUSED : accepted(actions);
  },
};

// ------------------------------------------------------------------ priorities

/** Null = disabled. */
export const mqueuePriorities: ValueType<ReadonlyMap<string, number> | null> = {
  form: `topics with a priority from 1 to ${MAX_PRIORITY}, such as {"alarm/fire" = 10, "alarm/door" = 8}, or disabled`,
  read(value) {
    if (value.type === 'scalar' && ['disabled', 'none'].includes(value.text)) return accepted(null);
    const pairs = value.type === 'object' ? value.fields.map(({ path, value: field }) => [path.join('.'), field.type === 'scalar' ? field.text : ''] as const) : pairsOf(value);
    const topics = new Map<string, number>();
    for (const [topic, text] of pairs) {
      const priority = /^\d{1,3}$/.test(text) ? Number(text) : 0;
      if (priority < 1 || priority > MAX_PRIORITY || topicFilterProblem(topic) !== undefined || hasWildcard(topic)) return REFUSED;
      topics.set(topic, priority);
    }
    return topics.size === 0 || topics.size > MAX_PRIORITIES ? REFUSED : accepted(topics);
  },
};

/** EMQX 4: `alarm/fire=10,alarm/door=8`. */
function pairsOf(value: HoconValue): readonly (readonly [string, string])[] {
  if (value.type !== 'scalar') return [];
  return value.text.split(',').map((pair) => {
    const equals = pair.lastIndexOf('=');
    return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()] as const;
  });
}
