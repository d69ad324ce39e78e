/** What the swarm runs: a profile turns a seed into a verdict. The same seed and options always give the same run. */

export interface SeedOptions {
  /** Faults stop this early; the profile's own time unless given. */
  readonly faultsMs?: number;
  /** Numbers of faults left out, counted from 0 in the order in which they happen. */
  readonly without?: ReadonlySet<number>;
  /** Told every event of the run as a line of text. */
  readonly trace?: (line: string) => void;
}

export interface SeedResult {
  /** What was wrong; empty when the seed passes. */
  readonly errors: readonly string[];
  /** What happened, to be summed over seeds. */
  readonly totals: Readonly<Record<string, number>>;
  /** How many faults there were and for how long they may come: what a failing seed can be made smaller by. */
  readonly faults?: { readonly count: number; readonly ms: number };
}

export interface Profile {
  readonly name: string;
  /** Some seeds are known to fail: issue 4 is not done with it. Left out by `--held`. */
  readonly isOpen?: boolean;
  run(seed: number, options: SeedOptions): SeedResult;
}

/** A profile that only knows what was wrong. */
export function plainProfile(name: string, errorsOf: (seed: number) => readonly string[]): Profile {
  return { name, run: (seed) => ({ errors: errorsOf(seed), totals: {} }) };
}
