/** What the routes of /authentication have in common: which chain a path means, and how a failure is answered. */
import Type from 'typebox';
import { BusbarError } from '../base/errors.ts';
import type { ApiErrorCode } from './errors.ts';
import { refuse, type Reply } from './reply.ts';

export const DONE: Reply = { status: 204 };

const REFUSALS: Readonly<Record<string, ApiErrorCode>> = {
  AUTHN_NOT_FOUND: 'NOT_FOUND',
  AUTHN_USER_NOT_FOUND: 'NOT_FOUND',
  AUTHN_EXISTS: 'ALREADY_EXISTS',
  AUTHN_USER_EXISTS: 'ALREADY_EXISTS',
  AUTHN_TOO_MANY_USERS: 'EXCEED_LIMIT',
  AUTHN_BUSY: 'SERVICE_UNAVAILABLE',
  AUTHN_BAD_CONFIG: 'BAD_REQUEST',
  AUTHN_UNSUPPORTED: 'BAD_REQUEST',
  AUTHN_BAD_POSITION: 'BAD_REQUEST',
  AUTHN_BAD_USER: 'BAD_REQUEST',
  AUTHN_BAD_FILE: 'BAD_REQUEST',
};

/** What the service throws, as the answer it stands for. */
export async function answeringAuthn(task: () => Reply | Promise<Reply>): Promise<Reply> {
  try {
    return await task();
  } catch (error) {
    const code = error instanceof BusbarError ? REFUSALS[error.code] : undefined;
    if (code === undefined || !(error instanceof BusbarError)) throw error;
    return refuse(code, `${error.message}. ${error.hint}`);
  }
}

/** The same routes serve the chain of all listeners and, below /listeners/{listener_id}, that of one. */
export interface ChainPlace {
  readonly prefix: string;
  readonly tag: string;
  /** Path parameters of every route. */
  readonly params: { listener_id?: typeof PathText };
}

/** A parameter of a path. */
export const PathText = Type.String();

export const CHAIN_PLACES: readonly ChainPlace[] = [
  { prefix: '/authentication', tag: 'Authentication', params: {} },
  { prefix: '/listeners/:listener_id/authentication', tag: 'Authentication of one listener', params: { listener_id: PathText } },
];

/** `global`, or the id of the listener in the path. */
export function chainOf(params: { readonly listener_id?: unknown }): string {
  return typeof params.listener_id === 'string' ? params.listener_id : 'global';
}
