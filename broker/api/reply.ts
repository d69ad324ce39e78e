/** What a route answers: a success, or a refusal with a code. */
import { API_ERRORS, type ApiErrorCode } from './errors.ts';
import type { ErrorBody } from './schema/common.ts';

export interface Reply {
  readonly status: number;
  /** Sent as JSON; a string as plain text; undefined sends nothing. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });

export function refuse(code: ApiErrorCode, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: API_ERRORS[code], body: { code, message } satisfies ErrorBody, headers };
}
