/** What a failed call says, whatever was thrown: the host's report, or a fault of ours. */

export interface Failure {
  readonly code: string;
  /** The other side's own words. */
  readonly message: string;
  /** What to do, in the host's language; errors.hints translates it by code where it can. */
  readonly hint: string;
}

export function failureOf(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error);
  if (typeof error !== 'object' || error === null) return { code: 'INTERNAL', message: text, hint: '' };
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  return { code: typeof code === 'string' ? code : 'INTERNAL', message: text, hint: typeof hint === 'string' ? hint : '' };
}
