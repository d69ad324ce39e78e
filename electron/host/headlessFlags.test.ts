import { describe, expect, it } from 'vitest';
import { parseHeadlessFlags } from './headlessFlags.ts';
import { defaultProjectDir } from './projectLayout.ts';

describe('the flags of the headless program', () => {
  it('have defaults', () => {
    expect(parseHeadlessFlags([])).toEqual({ port: undefined, projectDir: defaultProjectDir(), help: false });
  });

  it('are read', () => {
    expect(parseHeadlessFlags(['--headless', '--port', '0', '--project', 'x'])).toEqual({ port: 0, projectDir: 'x', help: false });
  });

  it.each([
    [['--nope'], 'CLI_UNKNOWN_FLAG'],
    [['word'], 'CLI_UNKNOWN_FLAG'],
    [['--port'], 'CLI_BAD_VALUE'],
    [['--port', '-1'], 'CLI_BAD_VALUE'],
    [['--port', '70000'], 'CLI_BAD_VALUE'],
    [['--port', '1.5'], 'CLI_BAD_VALUE'],
    [['--project='], 'CLI_BAD_VALUE'],
    [['--headless=yes'], 'CLI_BAD_VALUE'],
  ])('refuse %j', (args, code) => {
    expect(() => parseHeadlessFlags(args)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
