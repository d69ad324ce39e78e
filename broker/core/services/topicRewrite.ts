/**
 * Topic rewrite: topics of PUBLISH and filters of SUBSCRIBE and UNSUBSCRIBE are replaced by rules (broker-contract 3.6). As in EMQX it
 * comes after authorization, which sees what the client sent. The first rule whose `source_topic` matches decides; if its pattern does
 * not fit, the topic stays. Nothing is hooked where there are no rules, so a message then costs nothing.
 */
import { assert } from '../../base/assert.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Log } from '../../base/log.ts';
import { compileRegex, type CompiledRegex } from '../../base/regex/regexRun.ts';
import type { RewriteRule } from '../../config/serviceConfig.ts';
import { HOOK_PRIORITY } from '../../hooks/hookPoints.ts';
import type { Hooks } from '../../hooks/hooks.ts';
import type { Message } from '../../protocol/message.ts';
import { parseSubscription } from '../../topics/sharedSubscription.ts';
import { hasWildcard, matches, topicFilterProblem } from '../../topics/topicFilter.ts';

/** Longer topics are not rewritten, and told in the log: a pattern costs time for every character. */
const MAX_TOPIC_CHARS = 1024;
/** Topics whose outcome is remembered; beyond, all are forgotten and found again. */
const MAX_REMEMBERED = 10_000;

/** Who publishes or subscribes, as far as destinations may name it. */
interface Binding {
  readonly clientId: string;
  readonly username: string | undefined;
}

/** A piece of a destination: text, or what is known only when a client comes. */
type Piece = string | { readonly binding: keyof Binding; readonly placeholder: string };

interface CompiledRule {
  readonly source: string;
  readonly regex: CompiledRegex;
  /** Alternating: text, number of a group, placeholder of a client. */
  readonly destination: readonly (Piece | number)[];
}

/** What becomes of a topic: null = it stays. */
type Outcome = readonly Piece[] | null;

const HOOK = { priority: HOOK_PRIORITY.rewrite, owner: 'topic_rewrite' } as const;
const PLACEHOLDERS: Readonly<Record<string, keyof Binding>> = { '${clientid}': 'clientId', '%c': 'clientId', '${username}': 'username', '%u': 'username' };

export class TopicRewrite {
  readonly #hooks: Hooks;
  readonly #log: Log;
  #rules: readonly RewriteRule[] = [];
  #hooked = new DisposableStore();

  constructor(hooks: Hooks, log: Log, rules: readonly RewriteRule[]) {
    this.#hooks = hooks;
    this.#log = log;
    this.configure(rules);
  }

  get config(): readonly RewriteRule[] {
    return this.#rules;
  }

  configure(rules: readonly RewriteRule[]): void {
    this.#rules = rules;
    this.#hooked.dispose();
    this.#hooked = new DisposableStore();
    this.#hookPublish(rules.filter((rule) => rule.action !== 'subscribe'));
    this.#hookSubscribe(rules.filter((rule) => rule.action !== 'publish'));
  }

  dispose(): void {
    this.#hooked.dispose();
  }

  #hookPublish(rules: readonly RewriteRule[]): void {
    if (rules.length === 0) return;
    const rewriter = new Rewriter(rules, this.#log);
    const valid = (topic: string) => topic !== '' && !hasWildcard(topic) && topicFilterProblem(topic) === undefined;
    const callback = ({ message, allow }: { message: Message; allow: boolean }) => {
      const topic = rewriter.rewrite(message.topic, { clientId: message.fromClientId, username: message.fromUsername }, valid);
      return topic === message.topic ? undefined : { next: { message: { ...message, topic }, allow } };
    };
    this.#hooked.add(this.#hooks.on('message.publish', callback, HOOK));
  }

  #hookSubscribe(rules: readonly RewriteRule[]): void {
    if (rules.length === 0) return;
    const rewriter = new Rewriter(rules, this.#log);
    const rewrite = (text: string, client: Binding) => rewriteFilter(rewriter, text, client);
    this.#hooked.add(
      this.#hooks.on('client.subscribe', (items, client) => ({ next: items.map((item) => ({ ...item, topicFilter: rewrite(item.topicFilter, client) })) }), HOOK),
    );
    this.#hooked.add(this.#hooks.on('client.unsubscribe', (filters, client) => ({ next: filters.map((filter) => rewrite(filter, client)) }), HOOK));
  }
}

/** `$share/g/`, `$queue/` and `$exclusive/` stay; the filter behind them is rewritten. */
function rewriteFilter(rewriter: Rewriter, text: string, client: Binding): string {
  const parsed = parseSubscription(text);
  if (!parsed.ok) return text;
  const { topicFilter } = parsed.target;
  const rewritten = rewriter.rewrite(topicFilter, client, (filter) => topicFilterProblem(filter) === undefined);
  return rewritten === topicFilter ? text : text.slice(0, text.length - topicFilter.length) + rewritten;
}

class Rewriter {
  readonly #rules: readonly CompiledRule[];
  readonly #log: Log;
  readonly #remembered = new Map<string, Outcome>();

  constructor(rules: readonly RewriteRule[], log: Log) {
    this.#rules = rules.map(compileRule);
    this.#log = log;
  }

  /** The topic that takes the place of this one; the same when no rule fits, or when what would come out is not `valid`. */
  rewrite(topic: string, client: Binding, valid: (topic: string) => boolean): string {
    let outcome = this.#remembered.get(topic);
    if (outcome === undefined) {
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
      outcome = this.#find(topic);
      if (topic.length <= MAX_TOPIC_CHARS) this.#remembered.set(topic, outcome);
    }
    if (outcome === null) return topic;
    const rewritten = outcome.map((piece) => (typeof piece === 'string' ? piece : client[piece.binding] || piece.placeholder)).join('');
    if (valid(rewritten)) return rewritten;
    this.#log.warn('topic_not_rewritten', { clientid: client.clientId, topic, to: rewritten, reason: 'invalid_topic' });
    return topic;
  }

  #find(topic: string): Outcome {
    const rule = this.#rules.find(({ source }) => matches(source, topic));
    if (rule === undefined) return null;
    if (topic.length > MAX_TOPIC_CHARS) {
      this.#log.warn('topic_not_rewritten', { topic: topic.slice(0, MAX_TOPIC_CHARS), reason: 'topic_too_long' });
      return null;
    }
    const captured = rule.regex.exec(topic);
    return captured === undefined ? null : joinTexts(rule.destination.map((piece) => (typeof piece === 'number' ? (captured[piece] ?? '') : piece)));
  }
}

function compileRule({ sourceTopic, re, destTopic }: RewriteRule): CompiledRule {
  const regex = compileRegex(re);
  assert(!('fault' in regex), 'the configuration holds no pattern that cannot be used');
  const destination = destTopic.split(/(\$\d{1,2}|\$\{clientid\}|\$\{username\}|%c|%u)/).map((text): Piece | number => {
    const binding = PLACEHOLDERS[text];
    if (binding !== undefined) return { binding, placeholder: text };
    const group = /^\$(\d+)$/.exec(text);
    return group !== null && Number(group[1]) >= 1 && Number(group[1]) <= regex.groups ? Number(group[1]) : text;
  });
  return { source: sourceTopic, regex, destination };
}

/** Neighbouring texts as one. */
function joinTexts(pieces: readonly Piece[]): readonly Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') joined[joined.length - 1] = last + piece;
    else joined.push(piece);
  }
  return joined;
}
