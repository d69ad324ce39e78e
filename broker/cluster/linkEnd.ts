/** How links end: refused on principle, or ended without anybody's mistake. */
import { BusbarError, type ErrorCode } from '../base/errors.ts';

/** Why a link was not made: a code of the catalogue, in words. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Why a link ends: a refusal of the catalogue, or an end that is nobody's mistake. */
export type CloseCode = ErrorCode | 'STOPPING' | 'DUPLICATE_LINK' | 'LINK_SILENT' | 'LINK_OVERFLOW';

/** How a link ended, as the core hears it. `code` is undefined when the network ended it. */
export interface LinkEnd {
  readonly code: string | undefined;
  readonly message: string;
}

/** Codes by which a peer may refuse; anything else from outside is reported as a protocol error in its own words. */
const REFUSAL_CODES = [
  'CLUSTER_WRONG_COOKIE',
  'CLUSTER_WRONG_NAME',
  'CLUSTER_VERSION',
  'CLUSTER_PROTOCOL',
  'CLUSTER_TLS',
  'CLUSTER_CLOCK_TOO_FAR',
  'CLUSTER_LEFT',
  'DUPLICATE_NODE_ID',
  'DUPLICATE_NODE_NAME',
] as const satisfies readonly ErrorCode[];

/** The refusal inside a CLOSE frame. */
export function refusalOfClose(close: { readonly code: string; readonly message: string }): Refusal {
  const code = REFUSAL_CODES.find((known) => known === close.code);
  return code === undefined
    ? { code: 'CLUSTER_PROTOCOL', message: `${close.code}: ${close.message}` }
    : { code, message: close.message };
}

/** Says whether a CLOSE is a refusal on principle (R7: long back-off) rather than the end of a link that worked. */
export function isRefusal(code: string): boolean {
  return REFUSAL_CODES.some((known) => known === code);
}

/** A failure while reading frames as a refusal. */
export function refusalOfError(error: unknown): Refusal {
  if (error instanceof BusbarError) return { code: error.code, message: error.message };
  throw error;
}
