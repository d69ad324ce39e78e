import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogRecord } from '../base/log.ts';
import { createLog } from './logSinks.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function recorded(level: 'debug' | 'warning') {
  const records: LogRecord[] = [];
  const throttling = { timeWindowMs: 60_000, events: ['malformed_packet', 'authentication_failure'] };
  return { records, log: createLog({ level, throttling }, { write: (record) => void records.push(record) }) };
}

const repeat = (count: number, task: () => void) => Array.from({ length: count }).forEach(task);
const shown = (records: readonly LogRecord[]) => records.map(({ level, msg, fields }) => ({ level, msg, fields }));

describe('the log', () => {
  it('leaves out what is below its level', () => {
    const { records, log } = recorded('warning');
    log.debug('d');
    log.info('i');
    log.warn('w', { clientid: 'c' });
    log.error('e');
    expect(shown(records)).toEqual([
      { level: 'warning', msg: 'w', fields: { clientid: 'c' } },
      { level: 'error', msg: 'e', fields: {} },
    ]);
  });

  it('never shows secrets', () => {
    const { records, log } = recorded('debug');
    log.info('login', { username: 'ann', password: 'x', 'node.cookie': 'y', accessToken: 'z' });
    expect(records[0]?.fields).toEqual({ username: 'ann', password: '******', 'node.cookie': '******', accessToken: '******' });
  });

  it('writes a few of the events that clients cause, and one line of how many there were when the window ends', () => {
    const { records, log } = recorded('warning');
    repeat(1_000, () => log.warn('malformed_packet', { peerhost: 'x' }));
    repeat(12, () => log.warn('authentication_failure'));
    log.error('serious');
    expect(records.map(({ msg }) => msg)).toEqual([...Array<string>(10).fill('malformed_packet'), ...Array<string>(10).fill('authentication_failure'), 'serious']);
    records.length = 0;
    vi.advanceTimersByTime(60_000);
    expect(shown(records)).toEqual([
      {
        level: 'warning',
        msg: 'log_events_throttled_during_last_period',
        fields: { suppressed: 992, dropped: { malformed_packet: 990, authentication_failure: 2 }, period: '1m' },
      },
    ]);
    // The next window begins with lines again, and silence has no line.
    log.warn('malformed_packet');
    vi.advanceTimersByTime(600_000);
    expect(records.map(({ msg }) => msg)).toEqual(['log_events_throttled_during_last_period', 'malformed_packet']);
  });

  it('hides nothing of a kind from who wants to see everything, but a flood', () => {
    const { records, log } = recorded('debug');
    repeat(15, () => log.warn('malformed_packet'));
    expect(records.length).toBe(15);
    repeat(15, () => log.warn('malformed_packet'));
    expect(records.length).toBe(20);
    vi.advanceTimersByTime(1_000);
    log.warn('malformed_packet');
    expect(records.length).toBe(21);
    log.flush();
    expect(records.at(-1)?.fields).toEqual({ suppressed: 10, dropped: { malformed_packet: 10 }, period: '1m' });
  });

  it('throttles a flood of whatever other name, without hiding others or errors', () => {
    const { records, log } = recorded('warning');
    repeat(1_000, () => log.warn('flood'));
    log.warn('other');
    repeat(100, () => log.error('serious'));
    const count = (name: string) => records.filter((record) => record.msg === name).length;
    expect([count('flood'), count('other'), count('serious')]).toEqual([20, 1, 100]);
    log.flush();
    expect(records.at(-1)?.fields).toEqual({ suppressed: 980, dropped: { flood: 980 }, period: '1m' });
  });

  it('has told everything when it ends', () => {
    const { records, log } = recorded('warning');
    repeat(11, () => log.warn('malformed_packet'));
    log.flush();
    log.flush();
    expect(records.filter(({ msg }) => msg === 'log_events_throttled_during_last_period').length).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(records.length).toBe(11);
  });
});
