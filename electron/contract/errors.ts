/** Failures on their way between host and window: code, message, hint, details, and nothing that cannot be copied. */

/** Codes the border itself produces, with their hints; all others come from the host's catalogue (broker/base/errors.ts). */
export const BORDER_ERRORS = {
  BAD_REQUEST: 'The call does not fit the contract; the message names the field.',
  UNKNOWN_CALL: 'Window and host are of different versions; reload the window.',
  HOST_BUSY: 'Wait until calls that are under way have ended, then try again.',
  HOST_GONE: 'The workbench host has ended; start Busbar again.',
  INTERNAL: 'This is a fault of Busbar; the log has the details.',
} as const;
export type BorderErrorCode = keyof typeof BORDER_ERRORS;

/** A failure as plain data. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A failure as a caller catches it: the rebuilt twin of the host's BusbarError. */
export class HostError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(report: ErrorReport) {
    super(report.message);
    this.name = 'HostError';
    this.code = report.code;
    this.hint = report.hint;
    this.details = report.details;
  }
}

/** A failure of the border itself. */
export function borderError(code: BorderErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}): HostError {
  return new HostError({ code, message, hint: BORDER_ERRORS[code], details });
}

/** Turns anything that was thrown into plain data; what carries no code is a fault of ours. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof Error && hasCodeAndHint(error)) {
    return { code: error.code, message: error.message, hint: error.hint, details: plain('details' in error ? error.details : {}) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', message, hint: BORDER_ERRORS.INTERNAL, details: {} };
}

/** The failure that `report` tells of; a report that is none becomes an INTERNAL one. */
export function rebuildError(report: unknown): HostError {
  if (typeof report !== 'object' || report === null) return borderError('INTERNAL', String(report));
  const { code, message, hint, details } = report as Partial<Record<keyof ErrorReport, unknown>>;
  return new HostError({
    code: typeof code === 'string' ? code : 'INTERNAL',
    message: typeof message === 'string' ? message : 'The host failed without saying why.',
    hint: typeof hint === 'string' ? hint : BORDER_ERRORS.INTERNAL,
    details: typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {},
  });
}

function hasCodeAndHint(error: Error): error is Error & { code: string; hint: string } {
  return 'code' in error && typeof error.code === 'string' && 'hint' in error && typeof error.hint === 'string';
}

/** Details as both transports can carry them; functions and cycles would break a structured clone. */
function plain(details: unknown): Record<string, unknown> {
  try {
    const copy: unknown = JSON.parse(JSON.stringify(details) ?? '{}');
    return typeof copy === 'object' && copy !== null ? (copy as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
