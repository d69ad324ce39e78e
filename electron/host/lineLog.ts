import type { Writable } from 'node:stream';
import type { Log, LogFields, LogLevel } from '../../broker/base/log.ts';

/** A log of one JSON record per line, as the nodes write theirs. */
export function lineLog(out: Writable, now: () => number = Date.now): Log {
  const write = (level: LogLevel) => (msg: string, fields: LogFields = {}) =>
    void out.write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, msg, fields })}\n`);
  return { debug: () => undefined, info: write('info'), warn: write('warning'), error: write('error') };
}
