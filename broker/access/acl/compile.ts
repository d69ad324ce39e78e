/** Rules → tests that run fast: levels split once, actions as bit masks, patterns and networks ready. */
import { parseNetwork, type Network } from './address.ts';
import type { Action, NameTest, Permission, Rule, TopicEntry, Who } from './ast.ts';
import { assert } from '../../base/assert.ts';
import { compileRegex, type CompiledRegex } from '../../base/regex/regexRun.ts';

export type NameMatcher =
  | { readonly type: 'any' }
  | { readonly type: 'exact'; readonly value: string }
  | { readonly type: 'regex'; readonly regex: CompiledRegex };

export type WhoMatcher =
  | { readonly type: 'all' }
  | { readonly type: 'username' | 'clientid'; readonly name: NameMatcher }
  | { readonly type: 'address'; readonly networks: readonly Network[] }
  | { readonly type: 'and' | 'or'; readonly of: readonly WhoMatcher[] };

/** Bits 0-2: QoS. A publish needs also its retain bit: 3 for a message without the flag, 4 for one with it. */
export interface ActionMatcher {
  readonly publish: boolean;
  readonly subscribe: boolean;
  readonly mask: number;
}

/** A piece of a topic with placeholders: literal text, or the name of a value. */
export type TemplatePart = { readonly literal: string } | { readonly placeholder: string };

export type TopicMatcher =
  | { readonly type: 'everything' }
  | { readonly type: 'literal'; readonly topic: string }
  /** `prefix/#` without other wildcards: the topic itself, or anything below it. */
  | { readonly type: 'below'; readonly topic: string; readonly prefix: string }
  | { readonly type: 'levels'; readonly levels: readonly string[] }
  | { readonly type: 'template'; readonly parts: readonly TemplatePart[] }
  /** EMQX 3 and 4: `%u` and `%c` stand for one whole level each. */
  | { readonly type: 'oldTemplate'; readonly levels: readonly string[] };

export interface CompiledRule {
  readonly number: number;
  readonly permission: Permission;
  readonly who: WhoMatcher;
  readonly action: ActionMatcher;
  readonly topics: readonly TopicMatcher[];
}

export const RETAIN_BITS = { false: 0b01000, true: 0b10000 } as const;
const ALL_QOS = 0b111;
const ANY_RETAIN = RETAIN_BITS.false | RETAIN_BITS.true;
const OLD_PLACEHOLDERS: ReadonlySet<string> = new Set(['%u', '%c']);
const PLACEHOLDER = /\$\{([A-Za-z0-9_.-]+)\}/g;

/** `${name}` as EMQX's file source knows them. */
export function isKnownPlaceholder(name: string): boolean {
  return /^(username|clientid|cert_common_name|zone|client_attrs\.[A-Za-z0-9_-]+)$/.test(name);
}

/** Placeholders of a topic with their place in it, known or not. */
export function placeholdersIn(filter: string): { name: string; start: number; end: number; known: boolean }[] {
  return Array.from(filter.matchAll(PLACEHOLDER), (found) => ({
    name: found[1] as string,
    start: found.index,
    end: found.index + found[0].length,
    known: isKnownPlaceholder(found[1] as string),
  }));
}

export function isOldPlaceholder(level: string): boolean {
  return OLD_PLACEHOLDERS.has(level);
}

function compileName(test: NameTest): NameMatcher {
  if (test.type === 'any') return { type: 'any' };
  if (test.type === 'exact') return { type: 'exact', value: test.text.value };
  const regex = compileRegex(test.text.value);
  assert(!('fault' in regex), 'a pattern that the parser accepted compiles');
  return { type: 'regex', regex };
}

function compileWho(who: Who): WhoMatcher {
  switch (who.type) {
    case 'all':
      return who;
    case 'username':
    case 'clientid':
      return { type: who.type, name: compileName(who.test) };
    case 'address':
      return {
        type: 'address',
        networks: who.networks.map((text) => {
          const network = parseNetwork(text.value);
          assert(network !== undefined, 'a network that the parser accepted parses');
          return network;
        }),
      };
    case 'and':
    case 'or':
      return { type: who.type, of: who.of.map(compileWho) };
  }
}

/** Omitted qos means all, several are united; the first retain counts; retain is not looked at for a subscription. */
export function compileAction(action: Action): ActionMatcher {
  let qos = 0;
  let qosGiven = false;
  let retain: number | undefined;
  for (const option of action.options ?? []) {
    if (option.type === 'qos') {
      qosGiven = true;
      for (const value of option.values) qos |= 1 << value;
    } else if (option.type === 'retain') {
      retain ??= option.value === 'all' ? ANY_RETAIN : RETAIN_BITS[`${option.value}`];
    }
  }
  return {
    publish: action.type !== 'subscribe',
    subscribe: action.type !== 'publish',
    mask: (qosGiven ? qos : ALL_QOS) | (retain ?? ANY_RETAIN),
  };
}

function templateParts(filter: string): TemplatePart[] | undefined {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (const hole of placeholdersIn(filter)) {
    if (!hole.known) continue;
    if (hole.start > at) parts.push({ literal: filter.slice(at, hole.start) });
    parts.push({ placeholder: hole.name });
    at = hole.end;
  }
  if (parts.length === 0) return undefined;
  if (at < filter.length) parts.push({ literal: filter.slice(at) });
  return parts;
}

function hasWildcard(levels: readonly string[]): boolean {
  return levels.some((level) => level === '+' || level === '#');
}

function compileTopic(entry: TopicEntry): TopicMatcher {
  const { filter } = entry;
  // Words compared for identity are the same as texts compared for identity.
  if (entry.eq !== 'no') return { type: 'literal', topic: filter };
  const parts = templateParts(filter);
  if (parts !== undefined) return { type: 'template', parts };
  const levels = filter.split('/');
  if (levels.some(isOldPlaceholder)) return { type: 'oldTemplate', levels };
  if (filter === '#') return { type: 'everything' };
  if (!hasWildcard(levels)) return { type: 'literal', topic: filter };
  const above = levels.slice(0, -1);
  if (levels.at(-1) === '#' && !hasWildcard(above))
    return { type: 'below', topic: above.join('/'), prefix: `${above.join('/')}/` };
  return { type: 'levels', levels };
}

export function compileRule(rule: Rule): CompiledRule {
  return {
    number: rule.number,
    permission: rule.permission,
    who: compileWho(rule.who),
    action: compileAction(rule.action),
    topics: rule.topics.map(compileTopic),
  };
}
