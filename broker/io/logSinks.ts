/** Where log records go: JSON lines on stderr, one record each. */
import type { Log, LogFields, LogLevel, LogRecord } from '../base/log.ts';
import type { BrokerConfig } from '../config/config.ts';
import { durationText } from '../config/serviceJson.ts';
import { LogThrottle } from './logThrottle.ts';

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };
/** Fields whose values never leave the process, whoever passes them. */
const SECRET = /password|secret|cookie|token|authorization_header/i;
/** As EMQX calls the line that ends a window. */
const THROTTLED = 'log_events_throttled_during_last_period';

export interface LogSink {
  write(record: LogRecord): void;
}

export const stderrSink: LogSink = {
  write(record) {
    process.stderr.write(`${JSON.stringify(record)}\n`);
  },
};

/** A log with an end: what was left out is told before it. */
export interface NodeLog extends Log {
  flush(): void;
}

/** A log that writes records of a level and above to a sink. Who asks for `debug` wants to see everything: then nothing is throttled by window. */
export function createLog({ level, throttling }: BrokerConfig['log'], sink: LogSink = stderrSink): NodeLog {
  const throttle = new LogThrottle({ windowMs: throttling.timeWindowMs, events: level === 'debug' ? [] : throttling.events });
  let timer: NodeJS.Timeout | undefined;
  const write = (recordLevel: LogLevel, msg: string, fields: LogFields) =>
    sink.write({ time: new Date().toISOString(), level: recordLevel, msg, fields: withoutSecrets(fields) });
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const dropped = throttle.takeLeftOut();
    if (dropped === undefined) return;
    const suppressed = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    write('warning', THROTTLED, { suppressed, dropped, period: durationText(throttle.windowMs, '') });
  };
  const emit = (recordLevel: LogLevel, msg: string, fields: LogFields = {}) => {
    if (RANK[recordLevel] < RANK[level]) return;
    const nowMs = Date.now();
    if (throttle.admit(msg, recordLevel === 'warning' || recordLevel === 'info', nowMs)) return write(recordLevel, msg, fields);
    timer ??= setTimeout(flush, throttle.leftMs(nowMs)).unref();
  };
  return {
    debug: (msg, fields) => emit('debug', msg, fields),
    info: (msg, fields) => emit('info', msg, fields),
    warn: (msg, fields) => emit('warning', msg, fields),
    error: (msg, fields) => emit('error', msg, fields),
    flush,
  };
}

function withoutSecrets(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, SECRET.test(name) ? '******' : value]));
}
