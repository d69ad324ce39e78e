/** Sentences of this page that need more than one key: problems, reasons, fixes, rules. */
import type { ActionOption, NameTest, Rule, Who } from '../../../broker/access/acl/ast.ts';
import type { Reason } from '../../../broker/access/acl/explain.ts';
import type { Problem } from '../../../broker/access/acl/problems.ts';
import type { QuickFix } from '../../lib/acl/quickFixes.ts';
import { cutTopic } from '../../lib/format.ts';
import type { Tone } from '../../ui/tone.ts';
import type { Translate } from '../../workbench/featurePage.ts';

export const SEVERITY_TONE: Readonly<Record<Problem['severity'], Tone>> = { error: 'deny', warning: 'warn', info: 'info' };

const REASON_TOPIC_CHARS = 24;

/** In the reader's language where we have it, else in the language's own English. */
export function problemText(problem: Problem, t: Translate, exists: (key: string) => boolean): string {
  const key = `access.problems.text.${problem.kind}`;
  return exists(key) ? t(key, problem.values) : problem.message;
}

export function fixText(fix: QuickFix, t: Translate): string {
  return t(`access.fix.${fix.key}`, fix.values);
}

export function reasonText(reason: Reason, t: Translate): string {
  const key = (name: string): string => `access.explain.reason.${name}`;
  switch (reason.kind) {
    case 'retainIs':
      return t(key(reason.want ? 'retainIs' : 'retainIsNot'));
    case 'topicIs':
      return t(key(reason.others > 0 ? 'topicIsMany' : 'topicIs'), {
        got: cutTopic(reason.got, REASON_TOPIC_CHARS),
        want: cutTopic(reason.want, REASON_TOPIC_CHARS),
        others: reason.others,
      });
    case 'actionIs':
      return t(key('actionIs'), { got: t(`access.cards.${reason.got}`), want: t(`access.cards.${reason.want}`) });
    case 'valueMissing':
      return t(key('valueMissing'), { placeholder: `\${${reason.placeholder}}` });
    default:
      return t(key(reason.kind), { ...reason });
  }
}

export interface TopicPiece {
  readonly text: string;
  readonly hole: boolean;
}

/** A filter cut at its placeholders. */
export function topicPieces(filter: string): readonly TopicPiece[] {
  return filter
    .split(/(\$\{[A-Za-z0-9_.-]+\})/)
    .filter((text) => text !== '')
    .map((text) => ({ text, hole: text.startsWith('${') }));
}

function nameChip(word: string, test: NameTest, any: string): string {
  if (test.type === 'any') return any;
  return test.type === 'exact' ? `${word} ${test.text.value}` : `${word} ~ ${test.text.value}`;
}

/** The parts of a condition, one chip each; an `and` is a row of chips, an `or` one chip. */
export function whoChips(who: Who, t: Translate): readonly string[] {
  switch (who.type) {
    case 'all':
      return [t('access.cards.everyone')];
    case 'username':
      return [nameChip(t('access.cards.user'), who.test, t('access.cards.anyUser'))];
    case 'clientid':
      return [nameChip(t('access.cards.client'), who.test, t('access.cards.anyClient'))];
    case 'address':
      return [who.networks.map((network) => network.value).join(', ') || t('access.cards.nobody')];
    case 'and':
      return who.of.length === 0 ? [t('access.cards.everyone')] : who.of.flatMap((part) => whoChips(part, t));
    case 'or':
      return who.of.length === 0
        ? [t('access.cards.nobody')]
        : [`${t('access.cards.anyOf')} ${who.of.map((part) => whoChips(part, t).join(' + ')).join(' | ')}`];
  }
}

function optionChip(option: ActionOption, t: Translate): readonly string[] {
  if (option.type === 'qos') return [t('access.cards.qos', { list: option.values.join(', ') })];
  if (option.type === 'ignored' || option.value === 'all') return [];
  return [t(option.value ? 'access.cards.retained' : 'access.cards.notRetained')];
}

export function optionChips(rule: Rule, t: Translate): readonly string[] {
  return (rule.action.options ?? []).flatMap((option) => optionChip(option, t));
}

/** Filters as the cards show them: `= x` compares literally. */
export function topicTexts(rule: Rule): readonly string[] {
  return rule.topics.map((topic) => (topic.eq === 'no' ? topic.filter : `= ${topic.filter}`));
}

/** A rule that takes every request, for which "everything" says it all. */
export function coversEverything(rule: Rule): boolean {
  return (
    rule.action.type === 'all' &&
    rule.action.options === undefined &&
    rule.topics.some((topic) => topic.eq === 'no' && topic.filter === '#') &&
    rule.topics.length === 1
  );
}

/** One line for the palette and for assistive technology. */
export function ruleSentence(rule: Rule, t: Translate): string {
  return t('access.cards.item', {
    n: rule.number,
    permission: t(`access.cards.${rule.permission}`),
    who: whoChips(rule.who, t).join(' + '),
    action:
      rule.action.type === 'all'
        ? `${t('access.cards.publish')} + ${t('access.cards.subscribe')}`
        : t(`access.cards.${rule.action.type}`),
    topics: topicTexts(rule).join(', '),
  });
}
