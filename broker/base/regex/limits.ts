/** Bounds of patterns. A pattern beyond them is refused with a reason, never cut. */
export const REGEX_LIMITS = {
  /** Steps of one compiled pattern; `x{1,1000}` is unrolled, so this bounds memory and time. */
  steps: 4_000,
  /** Brackets inside brackets. */
  nesting: 64,
  /** Groups that capture; each costs a copy per thread. */
  captures: 99,
} as const;
