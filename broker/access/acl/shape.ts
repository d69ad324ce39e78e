/** Erlang terms → rules: what EMQX's compiler accepts (broker-contract 1.2, 1.3), with one problem per part it would refuse. */
import { parseNetwork, formatNetwork } from './address.ts';
import type { Action, ActionOption, NameTest, Permission, Rule, Text, TopicEntry, Who } from './ast.ts';
import type { Report, Span } from './problems.ts';
import { compileRegex } from '../../base/regex/regexRun.ts';
import type { Term } from './terms.ts';

/** The source of a term in short, for messages. */
export type Quote = (span: Span) => string;

interface Context {
  readonly report: Report;
  readonly quote: Quote;
}

const spanOf = ({ start, end }: Span): Span => ({ start, end });

/** A term that carries text: a "string" or a <<"binary">>. */
function readText(term: Term, { report }: Context): Text | undefined {
  if (term.type === 'string') return { value: term.value, form: 'string', ...spanOf(term) };
  // An empty list is the empty string in Erlang.
  if (term.type === 'list' && term.items.length === 0) return { value: '', form: 'string', ...spanOf(term) };
  if (term.type !== 'binary') return undefined;
  if (!term.utf8 && /\P{ASCII}/u.test(term.value)) report('binaryNotUtf8', term);
  return { value: term.value, form: term.utf8 ? 'binaryUtf8' : 'binary', ...spanOf(term) };
}

function expectText(term: Term, context: Context): Text | undefined {
  const text = readText(term, context);
  if (text === undefined) context.report('textExpected', term, { value: context.quote(term) });
  return text;
}

/** `{tag, value}` with an atom in front. */
function taggedPair(term: Term): { tag: string; value: Term } | undefined {
  if (term.type !== 'tuple' || term.items.length !== 2) return undefined;
  const [tag, value] = term.items as [Term, Term];
  return tag.type === 'atom' ? { tag: tag.value, value } : undefined;
}

function readNameTest(tag: string, value: Term, context: Context): NameTest | undefined {
  if (value.type === 'atom' && value.value === 'all') {
    context.report('anyClient', value, { value: tag });
    return { type: 'any' };
  }
  const pair = taggedPair(value);
  if (pair?.tag === 're') {
    const text = expectText(pair.value, context);
    if (text === undefined) return undefined;
    const compiled = compileRegex(text.value);
    if ('fault' in compiled) context.report('regexInvalid', text, { reason: compiled.fault });
    return { type: 'regex', text };
  }
  const text = expectText(value, context);
  return text && { type: 'exact', text };
}

function readNetworks(tag: 'ipaddr' | 'ipaddrs', value: Term, context: Context): readonly Text[] | undefined {
  const terms = tag === 'ipaddr' ? [value] : value.type === 'list' ? value.items : undefined;
  if (terms === undefined) {
    context.report('who', value, { value: context.quote(value) });
    return undefined;
  }
  const networks: Text[] = [];
  for (const term of terms) {
    const text = expectText(term, context);
    if (text === undefined) return undefined;
    const network = parseNetwork(text.value);
    if (network === undefined) context.report('cidr', text, { value: text.value || '""' });
    else if (text.value.includes('/') && hasHostBits(text.value, network.bytes))
      context.report('cidrHostBits', text, { value: text.value, network: formatNetwork(network) });
    networks.push(text);
  }
  return networks;
}

function hasHostBits(text: string, cut: readonly number[]): boolean {
  const whole = parseNetwork(text.replace(/\/.*/, ''));
  return whole !== undefined && whole.bytes.length === cut.length && whole.bytes.some((byte, index) => byte !== cut[index]);
}

function readWho(term: Term, context: Context): Who | undefined {
  const span = spanOf(term);
  if (term.type === 'atom' && term.value === 'all') return { type: 'all', ...span };
  const pair = taggedPair(term);
  switch (pair?.tag) {
    case 'username':
    case 'user': {
      const test = readNameTest(pair.tag, pair.value, context);
      return test && { type: 'username', tag: pair.tag, test, ...span };
    }
    case 'clientid':
    case 'client': {
      const test = readNameTest(pair.tag, pair.value, context);
      return test && { type: 'clientid', tag: pair.tag, test, ...span };
    }
    case 'ipaddr':
    case 'ipaddrs': {
      const networks = readNetworks(pair.tag, pair.value, context);
      return networks && { type: 'address', tag: pair.tag, networks, ...span };
    }
    case 'and':
    case 'or': {
      if (pair.value.type !== 'list') break;
      const of = pair.value.items.map((item) => readWho(item, context));
      return of.every((part) => part !== undefined) ? { type: pair.tag, of, ...span } : undefined;
    }
  }
  context.report('who', term, { value: context.quote(term) });
  return undefined;
}

function readQos(value: Term, span: Span, context: Context): ActionOption | undefined {
  const asList = value.type === 'list';
  const values: number[] = [];
  for (const item of asList ? value.items : [value]) {
    if (item.type !== 'integer' || item.value > 2) {
      context.report('qos', item, { value: context.quote(item) });
      return undefined;
    }
    values.push(item.value);
  }
  return { type: 'qos', values, asList, ...span };
}

/** Options other than qos and retain are skipped by EMQX without a word; here they get a warning. */
function readOption(term: Term, word: Action['word'], context: Context): ActionOption | undefined {
  const span = spanOf(term);
  const pair = taggedPair(term);
  if (pair?.tag === 'qos') return readQos(pair.value, span, context);
  if (pair?.tag === 'retain') {
    if (word === 'subscribe') context.report('retainOnSubscribe', term);
    const value = pair.value.type === 'atom' ? pair.value.value : undefined;
    if (value === 'true' || value === 'false') return { type: 'retain', value: value === 'true', ...span };
    if (value === 'all') return { type: 'retain', value, ...span };
    context.report('retain', pair.value, { value: context.quote(pair.value) });
    return undefined;
  }
  const source = context.quote(term);
  context.report('unknownOption', term, { value: source });
  return { type: 'ignored', source, ...span };
}

function asActionWord(term: Term | undefined): Action['word'] | undefined {
  if (term?.type !== 'atom') return undefined;
  const word = term.value;
  return word === 'publish' || word === 'subscribe' || word === 'all' || word === 'pubsub' ? word : undefined;
}

function readAction(term: Term, context: Context): Action | undefined {
  const bare = asActionWord(term);
  const pair = bare === undefined ? taggedPair(term) : undefined;
  const word = bare ?? (term.type === 'tuple' && pair?.value.type === 'list' ? asActionWord(term.items[0]) : undefined);
  if (word === undefined || (pair !== undefined && word === 'pubsub')) {
    context.report('action', term, { value: context.quote(term) });
    return undefined;
  }
  if (word === 'pubsub') context.report('pubsub', term);
  let options: ActionOption[] | undefined;
  if (pair?.value.type === 'list') {
    const read = pair.value.items.map((item) => readOption(item, word, context));
    if (!read.every((option) => option !== undefined)) return undefined;
    options = read;
  }
  return { type: word === 'pubsub' ? 'all' : word, word, options, ...spanOf(term) };
}

function readTopic(term: Term, context: Context): TopicEntry | undefined {
  const span = spanOf(term);
  const pair = taggedPair(term);
  if (pair?.tag === 'eq') {
    const text = expectText(pair.value, context);
    return text && { filter: text.value, eq: 'tuple', text, ...span };
  }
  const text = readText(term, context);
  if (text === undefined) {
    context.report('topicForm', term, { value: context.quote(term) });
    return undefined;
  }
  const prefixed = text.value.startsWith('eq ');
  return { filter: prefixed ? text.value.slice(3) : text.value, eq: prefixed ? 'prefix' : 'no', text, ...span };
}

function readTopics(term: Term, context: Context): { topics: TopicEntry[]; bareTopic: boolean } | undefined {
  if (term.type === 'binary') {
    context.report('bareTopic', term);
    const topic = readTopic(term, context);
    return topic && { topics: [topic], bareTopic: true };
  }
  if (term.type !== 'list') {
    context.report('topicsNotList', term, { value: term.type === 'string' ? term.value : context.quote(term) });
    return undefined;
  }
  const topics = term.items.map((item) => readTopic(item, context));
  return topics.every((topic) => topic !== undefined) ? { topics, bareTopic: false } : undefined;
}

function readPermission(term: Term, context: Context): Permission | undefined {
  if (term.type === 'atom' && (term.value === 'allow' || term.value === 'deny')) return term.value;
  context.report('permission', term, { value: context.quote(term) });
  return undefined;
}

/** The rule a term stands for, or undefined after at least one problem was reported. Looks at every slot, so that all faults show at once. */
export function readRule(term: Term, number: number, context: Context): Rule | undefined {
  const span = spanOf(term);
  const slots = term.type === 'tuple' ? term.items : [];
  if (slots.length !== 2 && slots.length !== 4) {
    context.report('ruleShape', term);
    return undefined;
  }
  const permissionTerm = slots[0] as Term;
  const permission = readPermission(permissionTerm, context);
  const permissionSpan = spanOf(permissionTerm);
  if (slots.length === 2) {
    const all = slots[1] as Term;
    if (all.type !== 'atom' || all.value !== 'all') {
      context.report('ruleShape', term);
      return undefined;
    }
    if (permission === undefined) return undefined;
    const here = spanOf(all);
    const text: Text = { value: '#', form: 'string', ...here };
    const action: Action = { type: 'all', word: 'all', options: undefined, ...here };
    const topics: TopicEntry[] = [{ filter: '#', eq: 'no', text, ...here }];
    return {
      type: 'rule',
      number,
      permission,
      permissionSpan,
      short: true,
      who: { type: 'all', ...here },
      action,
      topics,
      bareTopic: false,
      ...span,
    };
  }
  const who = readWho(slots[1] as Term, context);
  const action = readAction(slots[2] as Term, context);
  const topics = readTopics(slots[3] as Term, context);
  if (permission === undefined || who === undefined || action === undefined || topics === undefined) return undefined;
  return { type: 'rule', number, permission, permissionSpan, short: false, who, action, ...topics, ...span };
}
