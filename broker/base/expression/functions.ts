/** What expressions may call. A function whose arguments make no sense has no value. */
import type { CompiledRegex } from '../regex/regexRun.ts';

/** Truth is the text `true` or `false`. */
export type Value = string | readonly string[];

export interface ExpressionFunction {
  readonly minArgs: number;
  readonly maxArgs: number;
  /** Which argument is a pattern; it must be a text, so that it is compiled once. */
  readonly patternAt?: number;
  run(args: readonly Value[], pattern: CompiledRegex | undefined): Value | undefined;
}

const MAX_ARGS = 16;

const text = (value: Value | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
const truth = (value: boolean): string => String(value);
const isEmpty = (value: Value): boolean => value.length === 0;
export const isTrue = (value: Value): boolean => !isEmpty(value) && value !== 'false';
/** Arguments, or the items of the one list that they are. */
const flat = (args: readonly Value[]): readonly string[] => args.flatMap((arg) => arg);

function wholeNumber(value: Value | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

function ofText(run: (subject: string) => Value | undefined): ExpressionFunction {
  return { minArgs: 1, maxArgs: 1, run: ([subject]) => (typeof subject === 'string' ? run(subject) : undefined) };
}

function ofTexts(run: (left: string, right: string) => Value | undefined): ExpressionFunction {
  return { minArgs: 2, maxArgs: 2, run: ([left, right]) => (typeof left === 'string' && typeof right === 'string' ? run(left, right) : undefined) };
}

/** Of the variable functions of EMQX those that make sense for a client's own words. `coalesce` and `iif` are part of the language. */
export const FUNCTIONS: Readonly<Record<string, ExpressionFunction>> = {
  concat: { minArgs: 1, maxArgs: MAX_ARGS, run: (args) => flat(args).join('') },
  lower: ofText((subject) => subject.toLowerCase()),
  upper: ofText((subject) => subject.toUpperCase()),
  trim: ofText((subject) => subject.trim()),
  strlen: ofText((subject) => String([...subject].length)),
  rm_prefix: ofTexts((subject, prefix) => (subject.startsWith(prefix) ? subject.slice(prefix.length) : subject)),
  str_eq: ofTexts((left, right) => truth(left === right)),
  str_neq: ofTexts((left, right) => truth(left !== right)),
  is_empty: { minArgs: 1, maxArgs: 1, run: ([value]) => (value === undefined ? undefined : truth(isEmpty(value))) },
  not: { minArgs: 1, maxArgs: 1, run: ([value]) => (value === undefined ? undefined : truth(!isTrue(value))) },
  /** Cut at each of some characters; what is empty between two is left out. */
  tokens: ofTexts((subject, separators) => {
    const parts: string[] = [''];
    for (const char of subject) if (separators.includes(char)) parts.push('');
      else parts[parts.length - 1] += char;
    return parts.filter((part) => part !== '');
  }),
  split: ofTexts((subject, separator) => (separator === '' ? undefined : subject.split(separator).filter((part) => part !== ''))),
  join_to_string: { minArgs: 2, maxArgs: 2, run: ([separator, list]) => (typeof separator === 'string' && list !== undefined ? flat([list]).join(separator) : undefined) },
  /** The first is number 1. */
  nth: {
    minArgs: 2,
    maxArgs: 2,
    run: ([at, list]) => (typeof list === 'string' || list === undefined ? undefined : list[(wholeNumber(at) ?? 0) - 1]),
  },
  /** From a place, counted from 0, so many characters or all that follow. */
  substr: {
    minArgs: 2,
    maxArgs: 3,
    run: ([subject, start, length]) => {
      const [from, many] = [wholeNumber(start), length === undefined ? Number.POSITIVE_INFINITY : wholeNumber(length)];
      if (typeof subject !== 'string' || from === undefined || many === undefined) return undefined;
      return [...subject].slice(from, from + many).join('');
    },
  },
  regex_match: { minArgs: 2, maxArgs: 2, patternAt: 1, run: ([subject], pattern) => (text(subject) === undefined ? undefined : truth(pattern?.test(subject as string) === true)) },
  /** What the groups of the pattern took. */
  regex_extract: { minArgs: 2, maxArgs: 2, patternAt: 1, run: ([subject], pattern) => (text(subject) === undefined ? undefined : pattern?.exec(subject as string)?.slice(1)) },
};
