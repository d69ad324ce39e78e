import { describe, expect, it } from 'vitest';
import { parseNodeArguments } from './commandLine.ts';
import { parseSupervisorMessage } from './controlChannel.ts';

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
