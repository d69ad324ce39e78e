import { describe, expect, it } from 'vitest';
import { parseNodeArguments } from './commandLine.ts';
import { parseSupervisorMessage } from './controlChannel.ts';
import { createLog } from './logSinks.ts';
import type { LogRecord } from '../base/log.ts';

describe('the command line', () => {
  it('knows its flags', () => {
    expect(parseNodeArguments(['--config', 'a.conf', '--set', 'a=1', '--set=b=2'])).toEqual({
      help: false,
      version: false,
      configFile: 'a.conf',
      sets: ['a=1', 'b=2'],
    });
  });

  it.each([
    [['--prot', '1883'], 'CLI_UNKNOWN_FLAG', "Unknown option '--prot'"],
    [['start'], 'CLI_UNKNOWN_FLAG', "Unexpected argument 'start'. This command does not take positional arguments"],
    [['--config'], 'CLI_BAD_VALUE', "Option '--config <value>' argument missing"],
    [['--help=no'], 'CLI_BAD_VALUE', "Option '-h, --help' does not take an argument"],
  ])('refuses %j', (argv, code, message) => {
    expect(() => parseNodeArguments(argv)).toThrowError(expect.objectContaining({ code, message }) as Error);
  });
});

describe('a message of the supervisor', () => {
  it.each([
    [{ command: 'stop', more: 1 }, { command: 'stop' }],
    [
      { command: 'applyAcl', requestId: 3, text: '{allow, all}.' },
      { command: 'applyAcl', requestId: 3, text: '{allow, all}.' },
    ],
    [{ command: 'applyAcl', text: 'x' }, undefined],
    [{ command: 'explode' }, undefined],
    ['stop', undefined],
    [null, undefined],
  ])('%j is read as %j', (data, expected) => {
    expect(parseSupervisorMessage(data)).toEqual(expected);
  });
});

describe('the log', () => {
  function recorded(level: 'debug' | 'warning') {
    const records: LogRecord[] = [];
    return { records, log: createLog(level, { write: (record) => void records.push(record) }) };
  }

  it('leaves out what is below its level', () => {
    const { records, log } = recorded('warning');
    log.debug('d');
    log.info('i');
    log.warn('w', { clientid: 'c' });
    log.error('e');
    expect(records.map(({ level, msg, fields }) => ({ level, msg, fields }))).toEqual([
      { level: 'warning', msg: 'w', fields: { clientid: 'c' } },
      { level: 'error', msg: 'e', fields: {} },
    ]);
  });

  it('never shows secrets', () => {
    const { records, log } = recorded('debug');
    log.info('login', { username: 'ann', password: 'x', 'node.cookie': 'y', accessToken: 'z' });
    expect(records[0]?.fields).toEqual({ username: 'ann', password: '******', 'node.cookie': '******', accessToken: '******' });
  });

  it('throttles a flood of one name, without hiding others or errors', () => {
    const { records, log } = recorded('debug');
    for (let count = 0; count < 1_000; count += 1) log.warn('flood');
    log.warn('other');
    for (let count = 0; count < 100; count += 1) log.error('serious');
    const count = (name: string) => records.filter((record) => record.msg === name).length;
    // The second may change in the middle of the flood, which lets a second portion through.
    expect(count('flood')).toBeLessThanOrEqual(40);
    expect([count('other'), count('serious')]).toEqual([1, 100]);
  });
});
