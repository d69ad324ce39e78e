/**
 * Logs are events with fields: a fixed snake_case name and plain data with EMQX's spelling. Payloads and
 * secrets never appear in them.
 */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export type LogFields = Readonly<Record<string, unknown>>;

/** One log line as it leaves the process: one JSON object per line on stderr, and over the control channel. */
export interface LogRecord {
  readonly time: string;
  readonly level: LogLevel;
  /** snake_case event name, e.g. `client_connected`. */
  readonly msg: string;
  readonly fields: LogFields;
}

export interface Log {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
}

/** A log that keeps nothing, for tests and pure runs. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
