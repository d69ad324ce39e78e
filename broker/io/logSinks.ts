/** Where log records go: JSON lines on stderr, one record each. */
import type { Log, LogFields, LogLevel, LogRecord } from '../base/log.ts';

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };
/** A warning of one name is written this often per second at most; the rest is counted and told (log.throttling). */
const MAX_PER_NAME_AND_SECOND = 20;
/** Fields whose values never leave the process, whoever passes them. */
const SECRET = /password|secret|cookie|token|authorization_header/i;

export interface LogSink {
  write(record: LogRecord): void;
}

export const stderrSink: LogSink = {
  write(record) {
    process.stderr.write(`${JSON.stringify(record)}\n`);
  },
};

/** A log that writes records of `level` and above to a sink. */
export function createLog(level: LogLevel, sink: LogSink = stderrSink): Log {
  const throttle = new Throttle();
  const emit = (recordLevel: LogLevel, msg: string, fields: LogFields = {}) => {
    if (RANK[recordLevel] < RANK[level]) return;
    const nowMs = Date.now();
    const suppressed = recordLevel === 'warning' || recordLevel === 'info' ? throttle.admit(msg, nowMs) : 0;
    if (suppressed === undefined) return;
    sink.write({
      time: new Date(nowMs).toISOString(),
      level: recordLevel,
      msg,
      fields: { ...withoutSecrets(fields), ...(suppressed > 0 ? { suppressed } : {}) },
    });
  };
  return {
    debug: (msg, fields) => emit('debug', msg, fields),
    info: (msg, fields) => emit('info', msg, fields),
    warn: (msg, fields) => emit('warning', msg, fields),
    error: (msg, fields) => emit('error', msg, fields),
  };
}

function withoutSecrets(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, SECRET.test(name) ? '******' : value]));
}

/** Counts records per name and second, so that a flood of one kind does not drown the others. */
class Throttle {
  #second = 0;
  readonly #counts = new Map<string, number>();
  /** Left out so far and not yet told, per name. */
  readonly #suppressed = new Map<string, number>();

  /** The number of records left out before this one, or undefined when this one is to be left out too. */
  admit(name: string, nowMs: number): number | undefined {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts.clear();
    }
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count > MAX_PER_NAME_AND_SECOND) {
      this.#suppressed.set(name, (this.#suppressed.get(name) ?? 0) + 1);
      return undefined;
    }
    const suppressed = this.#suppressed.get(name) ?? 0;
    this.#suppressed.delete(name);
    return suppressed;
  }
}
