/** The hint of a failure in the reader's language: by code where we have it, else as the host said it. */
import type { Failure } from '../host/failure.ts';

export function failureHint(failure: Failure, translate: (key: string) => string, exists: (key: string) => boolean): string {
  const key = `errors.hints.${failure.code}`;
  return exists(key) ? translate(key) : failure.hint;
}
