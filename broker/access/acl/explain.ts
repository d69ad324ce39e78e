/**
 * Why a request is allowed or denied: every rule with its three slots (who, action, topic), the first slot that failed and the reason.
 * Reasons are kinds with values, so that a window can say them in its own language.
 */
import { formatNetwork } from './address.ts';
import type { Permission } from './ast.ts';
import type { CompiledRule, NameMatcher, TopicMatcher, WhoMatcher } from './compile.ts';
import type { AclClient, AclDecision, AclRequest } from './decision.ts';
import type { RuleSet } from './evaluate.ts';
import { ACL_LIMITS } from './limits.ts';
import { Attempt, matchesAction, matchesTopic, matchesWho, renderTemplate } from './match.ts';

export type SlotState = 'matched' | 'failed' | 'notLooked';

export type Reason =
  | { readonly kind: 'matched'; readonly topic: string }
  | { readonly kind: 'noUsername' | 'noAddress' | 'noTopics' | 'emptyOr' }
  | {
      readonly kind: 'usernameIs' | 'clientidIs' | 'usernamePattern' | 'clientidPattern';
      readonly got: string;
      readonly want: string;
    }
  | { readonly kind: 'usernameTooLong' | 'clientidTooLong'; readonly limit: number }
  | { readonly kind: 'addressIs'; readonly got: string; readonly want: string }
  | { readonly kind: 'actionIs'; readonly got: 'publish' | 'subscribe'; readonly want: 'publish' | 'subscribe' }
  | { readonly kind: 'qosIs'; readonly got: number; readonly want: string }
  | { readonly kind: 'retainIs'; readonly got: boolean; readonly want: boolean }
  | { readonly kind: 'topicIs'; readonly got: string; readonly want: string; readonly others: number }
  | { readonly kind: 'valueMissing'; readonly placeholder: string };

export interface RuleStep {
  readonly rule: number;
  readonly permission: Permission;
  readonly who: SlotState;
  readonly action: SlotState;
  readonly topic: SlotState;
  /** All three slots match: it decides, or would if nothing before it did. */
  readonly matches: boolean;
  /** False behind the deciding rule: the broker never looks there. */
  readonly reached: boolean;
  readonly reason: Reason;
}

export interface Explanation {
  readonly decision: AclDecision;
  readonly steps: readonly RuleStep[];
}

function nameReason(field: 'username' | 'clientid', matcher: NameMatcher, name: string | undefined): Reason {
  if (name === undefined) return { kind: 'noUsername' };
  if (matcher.type === 'regex') {
    if (name.length > ACL_LIMITS.regexSubjectChars) return { kind: `${field}TooLong`, limit: ACL_LIMITS.regexSubjectChars };
    return { kind: `${field}Pattern`, got: name, want: matcher.regex.source };
  }
  return { kind: `${field}Is`, got: name, want: matcher.type === 'exact' ? matcher.value : '' };
}

/** Why a condition that failed did; of an `and` its first failing part, of an `or` its first part. */
function whoReason(who: WhoMatcher, attempt: Attempt, permission: Permission): Reason {
  switch (who.type) {
    case 'all':
      return { kind: 'emptyOr' };
    case 'username':
      return nameReason('username', who.name, attempt.client.username);
    case 'clientid':
      return nameReason('clientid', who.name, attempt.client.clientId);
    case 'address':
      if (attempt.address === null) return { kind: 'noAddress' };
      return { kind: 'addressIs', got: attempt.client.peerHost, want: who.networks.map(formatNetwork).join(', ') };
    case 'and':
    case 'or': {
      const part = who.of.find((one) => !matchesWho(one, attempt, permission));
      return part === undefined ? { kind: 'emptyOr' } : whoReason(part, attempt, permission);
    }
  }
}

function actionReason(rule: CompiledRule, { request }: Attempt): Reason {
  if (!(request.action === 'publish' ? rule.action.publish : rule.action.subscribe)) {
    return { kind: 'actionIs', got: request.action, want: request.action === 'publish' ? 'subscribe' : 'publish' };
  }
  if ((rule.action.mask & (1 << request.qos)) === 0) {
    return { kind: 'qosIs', got: request.qos, want: [0, 1, 2].filter((qos) => (rule.action.mask & (1 << qos)) !== 0).join(', ') };
  }
  return { kind: 'retainIs', got: request.retain, want: !request.retain };
}

/** The filter as the rule has it, with its values put in where they are known. */
function topicText(matcher: TopicMatcher, client: AclClient): string {
  switch (matcher.type) {
    case 'everything':
      return '#';
    case 'literal':
      return matcher.topic;
    case 'below':
      return `${matcher.prefix}#`;
    case 'levels':
      return matcher.levels.join('/');
    case 'oldTemplate':
      return matcher.levels
        .map((level) => (level === '%c' ? client.clientId : level === '%u' ? (client.username ?? level) : level))
        .join('/');
    case 'template': {
      const rendered = renderTemplate(matcher.parts, client);
      if ('topic' in rendered) return rendered.topic;
      return matcher.parts.map((part) => ('literal' in part ? part.literal : `\${${part.placeholder}}`)).join('');
    }
  }
}

function topicReason(rule: CompiledRule, attempt: Attempt): Reason {
  const [first] = rule.topics;
  if (first === undefined) return { kind: 'noTopics' };
  if (first.type === 'template') {
    const rendered = renderTemplate(first.parts, attempt.client);
    if ('missing' in rendered) return { kind: 'valueMissing', placeholder: rendered.missing };
  }
  return { kind: 'topicIs', got: attempt.request.topic, want: topicText(first, attempt.client), others: rule.topics.length - 1 };
}

function explainRule(rule: CompiledRule, attempt: Attempt, reached: boolean): RuleStep {
  const base = { rule: rule.number, permission: rule.permission, reached, matches: false };
  if (!matchesWho(rule.who, attempt, rule.permission)) {
    return {
      ...base,
      who: 'failed',
      action: 'notLooked',
      topic: 'notLooked',
      reason: whoReason(rule.who, attempt, rule.permission),
    };
  }
  if (!matchesAction(rule.action, attempt)) {
    return { ...base, who: 'matched', action: 'failed', topic: 'notLooked', reason: actionReason(rule, attempt) };
  }
  const topic = rule.topics.find((one) => matchesTopic(one, attempt));
  if (topic === undefined)
    return { ...base, who: 'matched', action: 'matched', topic: 'failed', reason: topicReason(rule, attempt) };
  const reason: Reason = { kind: 'matched', topic: topicText(topic, attempt.client) };
  return { ...base, who: 'matched', action: 'matched', topic: 'matched', matches: true, reason };
}

/** Walks all rules, also behind the deciding one, to say what they would have done. */
export function explainAcl(rules: RuleSet, client: AclClient, request: AclRequest): Explanation {
  const attempt = new Attempt(client, request);
  const decision = rules.decide(client, request);
  const deciding = rules.rules.findIndex((rule) => rule.number === decision.rule);
  const steps = rules.rules.map((rule, index) => explainRule(rule, attempt, deciding < 0 || index <= deciding));
  return { decision, steps };
}
