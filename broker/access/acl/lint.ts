/** What loads but hardly says what was meant: filters that never match, rules that never fire, patterns that match too much. */
import {
  hasErrors,
  rulesOf,
  type AclTree,
  type Item,
  type NameTest,
  type Rule,
  type Text,
  type TopicEntry,
  type Who,
} from './ast.ts';
import { compileRule, isOldPlaceholder, placeholdersIn, type CompiledRule } from './compile.ts';
import { coversRule } from './covers.ts';
import { LineIndex, makeProblem, type Problem, type Report } from './problems.ts';

/** Rules compared pair by pair; in a longer file only the unreachable rest behind a catch-all is looked for. */
const PAIRWISE_RULES = 400;
const FILTER_BYTES = 65_535;

/** Why a filter can never match, in words; undefined when it can. */
function filterFault(filter: string): string | undefined {
  if (filter === '') return 'it is empty';
  if (filter.length > FILTER_BYTES) return 'it is longer than MQTT allows';
  if (filter.includes('\0')) return 'it has a NUL character';
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level === '#' && index < levels.length - 1) return '# is not its last level';
    if (level.length > 1 && /[+#]/.test(level)) return `${level} mixes a wildcard with text`;
  }
  return undefined;
}

function lintTopic(topic: TopicEntry, report: Report): void {
  const fault = filterFault(topic.filter);
  if (fault !== undefined) report('filterNeverMatches', topic, { value: topic.filter || '""', reason: fault });
  for (const hole of placeholdersIn(topic.filter)) {
    const value = `\${${hole.name}}`;
    if (topic.eq !== 'no') report('placeholderInEq', topic, { value });
    else if (!hole.known) report('unknownPlaceholder', topic, { value });
  }
  if (topic.eq !== 'no') return;
  for (const level of topic.filter.split('/')) {
    if (isOldPlaceholder(level))
      report('oldPlaceholder', topic, { value: level, better: level === '%u' ? '${username}' : '${clientid}' });
  }
}

function lintRegex(text: Text, source: string, report: Report): void {
  const lost = /(?<!\\)(?:\\\\)*(\\[dDwWsSbB.*+?()[\]{}^$|/-])/.exec(source.slice(text.start, text.end));
  if (lost !== null) report('regexEscape', text, { value: lost[1] as string });
  else if (/^[\w-]+$/.test(text.value)) report('regexUnanchored', text, { value: text.value });
}

function lintName(test: NameTest, source: string, report: Report): void {
  if (test.type === 'regex') lintRegex(test.text, source, report);
}

function lintWho(who: Who, source: string, report: Report): void {
  if (who.type === 'username' || who.type === 'clientid') lintName(who.test, source, report);
  if (who.type !== 'and' && who.type !== 'or') return;
  if (who.type === 'or' && who.of.length === 0) report('emptyOr', who);
  for (const part of who.of) lintWho(part, source, report);
}

function lintRule(rule: Rule, source: string, report: Report): void {
  lintWho(rule.who, source, report);
  if (rule.topics.length === 0) report('noTopics', rule);
  for (const topic of rule.topics) lintTopic(topic, report);
}

function isCatchAll(rule: CompiledRule): boolean {
  return (
    rule.who.type === 'all' &&
    rule.action.publish &&
    rule.action.subscribe &&
    rule.action.mask === 0b11111 &&
    rule.topics.some((topic) => topic.type === 'everything')
  );
}

function lintOrder(rules: readonly Rule[], report: Report): void {
  const compiled = rules.map(compileRule);
  const end = compiled.findIndex(isCatchAll);
  for (const [index, inner] of compiled.entries()) {
    const rule = rules[index] as Rule;
    if (end >= 0 && index > end) {
      report('unreachable', rule, { rule: rule.number, by: (rules[end] as Rule).number });
      continue;
    }
    if (inner.topics.length === 0 || index >= PAIRWISE_RULES) continue;
    const by = compiled.slice(0, index).find((outer) => coversRule(outer, inner));
    if (by !== undefined)
      report(by.permission === inner.permission ? 'redundant' : 'shadowed', rule, { rule: rule.number, by: by.number });
  }
}

/** Codes named in `%% acl:ignore ACL010 reason` above or behind a rule. */
function ignoredCodes(item: Item): ReadonlySet<string> {
  const codes = new Set<string>();
  for (const comment of [...item.leading, item.trailing]) {
    const found = comment && /^%+\s*acl:ignore\s+((?:ACL\d{3}[\s,]*)+)/.exec(comment.text);
    for (const code of found?.[1]?.match(/ACL\d{3}/g) ?? []) codes.add(code);
  }
  return codes;
}

/** Findings that do not keep a file from loading, in order of place. Order is judged only in a file without errors. */
export function lintAcl(file: AclTree): Problem[] {
  const lines = new LineIndex(file.text);
  const problems: Problem[] = [];
  const report: Report = (kind, span, values) => void problems.push(makeProblem(lines, kind, span, values));
  const rules = rulesOf(file);
  for (const rule of rules) lintRule(rule, file.text, report);
  if (!hasErrors(file.problems)) lintOrder(rules, report);
  const ignoring = file.items
    .map((item) => ({ node: item.node, codes: ignoredCodes(item) }))
    .filter(({ codes }) => codes.size > 0);
  const kept = problems.filter(
    (problem) =>
      !ignoring.some(({ node, codes }) => codes.has(problem.code) && problem.start >= node.start && problem.start < node.end),
  );
  return kept.sort((left, right) => left.start - right.start || left.end - right.end);
}
