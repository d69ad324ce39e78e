/**
 * Matching in linear time: a pattern becomes a small program, and all its possible threads walk the subject side by side, one
 * character at a time (Thompson 1968; captures as in Pike's machine). No pattern can make it backtrack, so none can burn the broker's time:
 * the cost is at most characters × steps, once more by characters where a lookahead stands inside a repeat.
 *
 * Example: `a(b|c)*d` → 0 char a · 1 split 2,7 · 2 split 3,5 · 3 char b · 4 jump 1 · 5 char c · 6 jump 1 · 7 char d · 8 match.
 * On "acd": {0} –a→ {2,3,5,7} –c→ {3,5,7} –d→ {8}: match.
 */
import { REGEX_LIMITS } from './limits.ts';
import { parseRegex, RegexFault, type AssertKind, type CharSet, type RegexNode } from './regexParse.ts';

type Step =
  | { readonly op: 'set'; readonly set: CharSet }
  | { readonly op: 'split'; left: number; right: number }
  | { readonly op: 'jump'; to: number }
  /** Notes the position: 2i where group i begins, 2i + 1 where it ends. */
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'assert'; readonly kind: AssertKind }
  | { readonly op: 'look'; readonly negated: boolean; readonly program: Program }
  | { readonly op: 'match' };

type Program = readonly Step[];

export interface CompiledRegex {
  readonly source: string;
  /** Groups that capture. */
  readonly groups: number;
  /** Whether the pattern occurs anywhere in the subject. */
  test(subject: string): boolean;
  /**
   * The text of the first occurrence and of each group, as a backtracking matcher would find them; '' for a group that took no
   * part, or stands in a lookahead. Undefined when there is none.
   */
  exec(subject: string): readonly string[] | undefined;
}

class Assembler {
  readonly #budget: { left: number };
  readonly steps: Step[] = [];

  constructor(budget: { left: number }) {
    this.#budget = budget;
  }

  #push<T extends Step>(step: T): T {
    this.#budget.left -= 1;
    if (this.#budget.left < 0) throw new RegexFault(`it needs more than ${REGEX_LIMITS.steps} steps`);
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
      case 'capture':
        this.#push({ op: 'save', slot: 2 * node.index });
        this.#node(node.node);
        this.#push({ op: 'save', slot: 2 * node.index + 1 });
        return;
      case 'sequence':
        for (const part of node.of) this.#node(part);
        return;
      case 'choice':
        this.#choice(node.of);
        return;
      case 'repeat':
        this.#repeat(node.node, node.min, node.max, node.lazy);
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

  /** A split into going on and leaving; the way that is preferred stands left. Returns how to set where leaving leads. */
  #splitBefore(lazy: boolean): (exit: number) => void {
    const inside = this.steps.length + 1;
    const split = this.#push({ op: 'split', left: inside, right: inside });
    return (exit) => {
      if (lazy) split.left = exit;
      else split.right = exit;
    };
  }

  #repeat(node: RegexNode, min: number, max: number, lazy: boolean): void {
    // Each round costs a step even for an empty node, so that `(){9999}{9999}` runs out of budget and not out of time.
    for (let round = 0; round < min; round += 1) {
      this.#push({ op: 'jump', to: this.steps.length + 1 });
      this.#node(node);
    }
    if (max === Number.POSITIVE_INFINITY) {
      const back = this.steps.length;
      const leaveTo = this.#splitBefore(lazy);
      this.#node(node);
      this.#push({ op: 'jump', to: back });
      leaveTo(this.steps.length);
      return;
    }
    const exits: ((exit: number) => void)[] = [];
    for (let round = min; round < max; round += 1) {
      exits.push(this.#splitBefore(lazy));
      this.#node(node);
    }
    for (const leaveTo of exits) leaveTo(this.steps.length);
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
      else if (step.op === 'save') open.push(index + 1);
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

/** A thread that knows where its groups began and ended. */
interface Thread {
  readonly index: number;
  readonly slots: readonly number[];
}

/** Threads at one position in the order in which a backtracking matcher would try them, each step once. */
class OrderedThreads {
  threads: Thread[] = [];
  readonly #seen: Uint8Array;

  constructor(size: number) {
    this.#seen = new Uint8Array(size);
  }

  clear(): void {
    this.threads = [];
    this.#seen.fill(0);
  }

  add(program: Program, first: Thread, text: readonly number[], at: number): void {
    const open = [first];
    for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
      const { index, slots } = thread;
      if (this.#seen[index] === 1) continue;
      this.#seen[index] = 1;
      const step = program[index] as Step;
      if (step.op === 'set' || step.op === 'match') this.threads.push(thread);
      else if (step.op === 'jump') open.push({ index: step.to, slots });
      else if (step.op === 'save') open.push({ index: index + 1, slots: slots.with(step.slot, at) });
      else if (step.op === 'split') open.push({ index: step.right, slots }, { index: step.left, slots });
      else if (step.op === 'assert' ? holds(step.kind, text, at) : run(step.program, text, at, true) !== step.negated)
        open.push({ index: index + 1, slots });
    }
  }
}

/** The slots of the first occurrence; undefined when there is none. */
function search(program: Program, text: readonly number[], anchored: boolean, groups: number): readonly number[] | undefined {
  const none = new Array<number>(2 * groups + 2).fill(-1);
  let now = new OrderedThreads(program.length);
  let next = new OrderedThreads(program.length);
  let found: readonly number[] | undefined;
  for (let at = 0; at <= text.length; at += 1) {
    // A later start is only of interest while no earlier one has led anywhere.
    if (found === undefined && (!anchored || at === 0)) now.add(program, { index: 0, slots: none.with(0, at) }, text, at);
    if (now.threads.length === 0 && (found !== undefined || anchored)) break;
    const code = text[at];
    for (const { index, slots } of now.threads) {
      const step = program[index] as Step & { op: 'set' | 'match' };
      if (step.op === 'match') {
        found = slots.with(1, at);
        // Threads behind this one are of lower rank.
        break;
      }
      if (code !== undefined && accepts(step.set, code)) next.add(program, { index: index + 1, slots }, text, at + 1);
    }
    [now, next] = [next, now];
    next.clear();
  }
  return found;
}

function captured(text: readonly number[], slots: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let slot = 0; slot < slots.length; slot += 2) {
    const [from, to] = [slots[slot] as number, slots[slot + 1] as number];
    pieces.push(from >= 0 && to >= from ? String.fromCodePoint(...text.slice(from, to)) : '');
  }
  return pieces;
}

/** Every match must begin at the first character, so later starts need not be tried. */
function beginsAtStart(node: RegexNode): boolean {
  if (node.type === 'assert') return node.kind === 'textStart';
  if (node.type === 'sequence') return node.of.length > 0 && beginsAtStart(node.of[0] as RegexNode);
  if (node.type === 'capture') return beginsAtStart(node.node);
  return node.type === 'choice' && node.of.every(beginsAtStart);
}

function codePoints(subject: string): number[] {
  return Array.from(subject, (char) => char.codePointAt(0) as number);
}

/** The compiled pattern, or the reason in words why it cannot be used. */
export function compileRegex(source: string): CompiledRegex | { readonly fault: string } {
  try {
    const node = parseRegex(source);
    const program = new Assembler({ left: REGEX_LIMITS.steps }).finish(node);
    const anchored = beginsAtStart(node);
    const groups = program.reduce((most, step) => (step.op === 'save' ? Math.max(most, step.slot >> 1) : most), 0);
    return {
      source,
      groups,
      test: (subject) => run(program, codePoints(subject), 0, anchored),
      exec: (subject) => {
        const text = codePoints(subject);
        const slots = search(program, text, anchored, groups);
        return slots && captured(text, slots);
      },
    };
  } catch (error) {
    if (error instanceof RegexFault) return { fault: error.message };
    throw error;
  }
}
