/**
 * Tree → text: one rule per line up to 100 columns, else one slot per line and, above three, one topic per line. Comments and single
 * blank lines stay; a rule with comments between its brackets and a broken one are printed as they were written.
 * Parsing the result gives the same tree, and printing that the same text.
 */
import type { AclTree, Action, ActionOption, Broken, Comment, Item, NameTest, Rule, Text, TopicEntry, Who } from './ast.ts';

const COLUMNS = 100;
const TOPICS_PER_LINE = 3;

function escapeText(value: string, quote: '"' | "'"): string {
  // eslint-disable-next-line no-control-regex -- control characters are what must be escaped
  return value.replace(/[\\"'\u0000-\u001f\u007f-\u009f\ufeff]/g, (char) => {
    if (char === '\\' || char === quote) return `\\${char}`;
    if (char === '"' || char === "'") return char;
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    return `\\x{${char.charCodeAt(0).toString(16)}}`;
  });
}

function printText(text: Text, value = text.value): string {
  const quoted = `"${escapeText(value, '"')}"`;
  if (text.form === 'string') return quoted;
  return text.form === 'binary' ? `<<${quoted}>>` : `<<${quoted}/utf8>>`;
}

function printNameTest(test: NameTest): string {
  if (test.type === 'any') return 'all';
  return test.type === 'exact' ? printText(test.text) : `{re, ${printText(test.text)}}`;
}

/** The condition as it stands in a rule. */
export function printWho(who: Who): string {
  switch (who.type) {
    case 'all':
      return 'all';
    case 'username':
    case 'clientid':
      return `{${who.tag}, ${printNameTest(who.test)}}`;
    case 'address': {
      const networks = who.networks.map((network) => printText(network)).join(', ');
      return who.tag === 'ipaddr' ? `{ipaddr, ${networks}}` : `{ipaddrs, [${networks}]}`;
    }
    case 'and':
    case 'or':
      return `{'${who.type}', [${who.of.map(printWho).join(', ')}]}`;
  }
}

function printOption(option: ActionOption): string {
  if (option.type === 'ignored') return option.source;
  if (option.type === 'retain') return `{retain, ${option.value}}`;
  return option.asList ? `{qos, [${option.values.join(', ')}]}` : `{qos, ${option.values[0]}}`;
}

export function printAction(action: Action): string {
  return action.options === undefined ? action.word : `{${action.word}, [${action.options.map(printOption).join(', ')}]}`;
}

export function printTopic(topic: TopicEntry): string {
  if (topic.eq === 'tuple') return `{eq, ${printText(topic.text)}}`;
  return printText(topic.text);
}

/** One rule with its dot. */
export function printRule(rule: Rule): string {
  if (rule.short) return `{${rule.permission}, all}.`;
  const topics = rule.topics.map(printTopic);
  const who = printWho(rule.who);
  const action = printAction(rule.action);
  const bracket = (inside: string): string => (rule.bareTopic ? inside : `[${inside}]`);
  const oneLine = `{${rule.permission}, ${who}, ${action}, ${bracket(topics.join(', '))}}.`;
  if (oneLine.length <= COLUMNS) return oneLine;
  const list = topics.length > TOPICS_PER_LINE ? `[\n    ${topics.join(',\n    ')}\n  ]` : bracket(topics.join(', '));
  return `{${rule.permission},\n  ${who},\n  ${action},\n  ${list}\n}.`;
}

function printComments(comments: readonly (Comment | undefined)[]): string {
  return comments.map((comment) => `${comment?.text ?? ''}\n`).join('');
}

function printNode(node: Rule | Broken, item: Item, source: string): string {
  return node.type === 'broken' || item.inner.length > 0 ? source.slice(node.start, node.end) : printRule(node);
}

/** The whole file, formatted. */
export function printAcl(file: AclTree): string {
  const items = file.items.map((item) => {
    const trailing = item.trailing === undefined ? '' : ` ${item.trailing.text}`;
    return `${printComments(item.leading)}${printNode(item.node, item, file.text)}${trailing}\n`;
  });
  return items.join('') + printComments(file.footer);
}
