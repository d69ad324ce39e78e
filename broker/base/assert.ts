/**
 * base/: the few things every room needs and that need nothing themselves.
 * In and out: values. May import: nothing. Begin at errors.ts for how failures look.
 */

/**
 * States an invariant. A failure is a bug of ours, never bad input: it ends the smallest safe unit
 * (a connection closes with 0x83, a cluster core stops its node).
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}

/** Ends an exhaustive `switch`; a new union member that is not handled stops compiling here. */
export function unreachable(value: never): never {
  throw new Error(`Unreachable: ${JSON.stringify(value)}`);
}
