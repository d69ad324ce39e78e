/** The smallest edits that turn one decision round: a rule that would decide otherwise moved up, or one rule for exactly this request. */
import type { AclTree, Rule } from '../../../broker/access/acl/ast.ts';
import type { AclClient, AclRequest } from '../../../broker/access/acl/decision.ts';
import type { Explanation } from '../../../broker/access/acl/explain.ts';
import { printRule } from '../../../broker/access/acl/printer.ts';
import { parseAcl } from '../../../broker/access/acl/parser.ts';
import { insertRuleBefore, moveRuleBefore, type TextEdit } from './quickFixes.ts';

export interface CounterEdit {
  readonly key: 'move' | 'add';
  readonly values: Readonly<Record<string, string | number>>;
  readonly edits: readonly TextEdit[];
}

/** Moves offered at most; the nearest rules first. */
const MOST_MOVES = 2;

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** A rule for this client and this topic only. Placeholders in the topic would be read as such, so those are compared literally. */
function exactRule(permission: 'allow' | 'deny', client: AclClient, request: AclRequest): string {
  const who = client.username === undefined ? `{clientid, ${quote(client.clientId)}}` : `{username, ${quote(client.username)}}`;
  const topic =
    request.action === 'subscribe' || request.topic.includes('${') ? `{eq, ${quote(request.topic)}}` : quote(request.topic);
  const [rule] = parseAcl(`{${permission}, ${who}, ${request.action}, [${topic}]}.`).items;
  return rule?.node.type === 'rule' ? printRule(rule.node) : '';
}

function isCatchAll(rule: Rule | undefined): boolean {
  return (
    rule === undefined ||
    rule.short ||
    (rule.who.type === 'all' && rule.topics.some((topic) => topic.eq === 'no' && topic.filter === '#'))
  );
}

/** Empty where nobody is named: a rule for "no client" would be none. */
export function counterEdits(
  file: AclTree,
  { decision, steps }: Explanation,
  client: AclClient,
  request: AclRequest,
): readonly CounterEdit[] {
  const wanted = decision.permission === 'deny' ? 'allow' : 'deny';
  const ruleNumbered = (number: number): Rule | undefined =>
    file.items.flatMap(({ node }) => (node.type === 'rule' && node.number === number ? [node] : []))[0];
  const moves = steps
    .filter((step) => !step.reached && step.matches && step.permission === wanted && !isCatchAll(ruleNumbered(step.rule)))
    .slice(0, MOST_MOVES)
    .map((step): CounterEdit => ({
      key: 'move',
      values: { rule: step.rule, above: decision.rule },
      edits: moveRuleBefore(file, step.rule, decision.rule),
    }));
  if (client.clientId === '' && client.username === undefined) return moves;
  const text = exactRule(wanted, client, request);
  if (text === '') return moves;
  return [
    ...moves,
    { key: 'add', values: { rule: text, above: decision.rule }, edits: insertRuleBefore(file, text, decision.rule) },
  ];
}
