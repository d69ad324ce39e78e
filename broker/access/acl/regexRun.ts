/**
 * Matching in linear time: a pattern becomes a small program, and all its possible threads walk the subject side by side, one
 * character at a time (Thompson 1968). No pattern can make it backtrack, so a rule cannot be used to burn the broker's time:
 * the cost is at most characters × steps, once more by characters where a lookahead stands inside a repeat.
 *
 * Example: `a(b|c)*d` → 0 char a · 1 split 2,7 · 2 split 3,5 · 3 char b · 4 jump 1 · 5 char c · 6 jump 1 · 7 char d · 8 match.
 * On "acd": {0} –a→ {2,3,5,7} –c→ {3,5,7} –d→ {8}: match.
 */
import { ACL_LIMITS } from './limits.ts';
import { parseRegex, RegexFault, type AssertKind, type CharSet, type RegexNode } from './regexParse.ts';

type Step =
  | { readonly op: 'set'; readonly set: CharSet }
  | { readonly op: 'split'; left: number; right: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'assert'; readonly kind: AssertKind }
  | { readonly op: 'look'; readonly negated: boolean; readonly program: Program }
  | { readonly op: 'match' };

type Program = readonly Step[];

/** Says whether the pattern occurs anywhere in the subject. */
export interface CompiledRegex {
  readonly source: string;
  test(subject: string): boolean;
}

class Assembler {
  readonly #budget: { left: number };
  readonly steps: Step[] = [];

  constructor(budget: { left: number }) {
    this.#budget = budget;
  }

  #push<T extends Step>(step: T): T {
    this.#budget.left -= 1;
    if (this.#budget.left < 0) throw new RegexFault(`it needs more than ${ACL_LIMITS.regexSteps} steps`);
    this.steps.push(step);
    return step;
  }

  finish(node: RegexNode): Program {
    this.#node(node);
    this.#push({ op: 'match' });
    return this.steps;
  }

  #node(node: RegexNode): void {
    switch (node.type) {
      case 'set':
        this.#push({ op: 'set', set: node.set });
        return;
      case 'assert':
        this.#push({ op: 'assert', kind: node.kind });
        return;
      case 'look':
        this.#push({ op: 'look', negated: node.negated, program: new Assembler(this.#budget).finish(node.node) });
        return;
      case 'sequence':
        for (const part of node.of) this.#node(part);
        return;
      case 'choice':
        this.#choice(node.of);
        return;
      case 'repeat':
        this.#repeat(node.node, node.min, node.max);
    }
  }

  #choice(branches: readonly RegexNode[]): void {
    const exits: { to: number }[] = [];
    for (const [index, branch] of branches.entries()) {
      if (index === branches.length - 1) {
        this.#node(branch);
        break;
      }
      const split = this.#push({ op: 'split', left: this.steps.length + 1, right: 0 });
      this.#node(branch);
      exits.push(this.#push({ op: 'jump', to: 0 }));
      split.right = this.steps.length;
    }
    for (const exit of exits) exit.to = this.steps.length;
  }

  #repeat(node: RegexNode, min: number, max: number): void {
    // Each round costs a step even for an empty node, so that `(){9999}{9999}` runs out of budget and not out of time.
    for (let round = 0; round < min; round += 1) {
      this.#push({ op: 'jump', to: this.steps.length + 1 });
      this.#node(node);
    }
    if (max === Number.POSITIVE_INFINITY) {
      const split = this.#push({ op: 'split', left: this.steps.length + 1, right: 0 });
      const back = this.steps.length - 1;
      this.#node(node);
      this.#push({ op: 'jump', to: back });
      split.right = this.steps.length;
      return;
    }
    const splits: { right: number }[] = [];
    for (let round = min; round < max; round += 1) {
      splits.push(this.#push({ op: 'split', left: this.steps.length + 1, right: 0 }));
      this.#node(node);
    }
    for (const split of splits) split.right = this.steps.length;
  }
}

function inRanges(ranges: readonly number[], code: number): boolean {
  for (let index = 0; index < ranges.length; index += 2) {
    if (code >= (ranges[index] as number) && code <= (ranges[index + 1] as number)) return true;
  }
  return false;
}

function accepts(set: CharSet, code: number): boolean {
  let found = inRanges(set.ranges, code);
  if (!found && set.ignoreCase) {
    const char = String.fromCodePoint(code);
    found =
      inRanges(set.ranges, char.toLowerCase().codePointAt(0) ?? code) ||
      inRanges(set.ranges, char.toUpperCase().codePointAt(0) ?? code);
  }
  return found !== set.negated;
}

const isWord = (code: number | undefined): boolean => code !== undefined && /\w/.test(String.fromCodePoint(code));

function holds(kind: AssertKind, text: readonly number[], at: number): boolean {
  const last = text.length - 1;
  switch (kind) {
    case 'textStart':
      return at === 0;
    case 'lineStart':
      return at === 0 || text[at - 1] === 10;
    case 'textEnd':
      return at === text.length;
    case 'textEndOrFinalBreak':
      return at === text.length || (at === last && text[last] === 10);
    case 'lineEnd':
      return at === text.length || text[at] === 10;
    case 'wordEdge':
      return isWord(text[at - 1]) !== isWord(text[at]);
    case 'noWordEdge':
      return isWord(text[at - 1]) === isWord(text[at]);
  }
}

/** The threads alive at one position: steps that consume a character, each at most once. */
class Threads {
  readonly steps: number[] = [];
  readonly #seen: Uint8Array;
  matched = false;

  constructor(size: number) {
    this.#seen = new Uint8Array(size);
  }

  clear(): void {
    this.steps.length = 0;
    this.#seen.fill(0);
  }

  /** Follows jumps, splits and assertions from `start`. */
  add(program: Program, start: number, text: readonly number[], at: number): void {
    const open = [start];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#seen[index] === 1) continue;
      this.#seen[index] = 1;
      const step = program[index] as Step;
      if (step.op === 'set') this.steps.push(index);
      else if (step.op === 'jump') open.push(step.to);
      else if (step.op === 'split') open.push(step.right, step.left);
      else if (step.op === 'match') this.matched = true;
      else if (step.op === 'assert' ? holds(step.kind, text, at) : run(step.program, text, at, true) !== step.negated)
        open.push(index + 1);
    }
  }
}

function run(program: Program, text: readonly number[], from: number, anchored: boolean): boolean {
  let now = new Threads(program.length);
  let next = new Threads(program.length);
  for (let at = from; at <= text.length; at += 1) {
    if (!anchored || at === from) now.add(program, 0, text, at);
    if (now.matched) return true;
    const code = text[at];
    if (code === undefined || (anchored && now.steps.length === 0)) return false;
    for (const index of now.steps) {
      const step = program[index] as Step & { op: 'set' };
      if (accepts(step.set, code)) next.add(program, index + 1, text, at + 1);
    }
    [now, next] = [next, now];
    next.clear();
  }
  return false;
}

/** Every match must begin at the first character, so later starts need not be tried. */
function beginsAtStart(node: RegexNode): boolean {
  if (node.type === 'assert') return node.kind === 'textStart';
  if (node.type === 'sequence') return node.of.length > 0 && beginsAtStart(node.of[0] as RegexNode);
  return node.type === 'choice' && node.of.every(beginsAtStart);
}

/** The compiled pattern, or the reason in words why it cannot be used. */
export function compileRegex(source: string): CompiledRegex | { readonly fault: string } {
  try {
    const node = parseRegex(source);
    const program = new Assembler({ left: ACL_LIMITS.regexSteps }).finish(node);
    const anchored = beginsAtStart(node);
    return {
      source,
      test: (subject) =>
        run(
          program,
          Array.from(subject, (char) => char.codePointAt(0) as number),
          0,
          anchored,
        ),
    };
  } catch (error) {
    if (error instanceof RegexFault) return { fault: error.message };
    throw error;
  }
}
