import { describe, expect, it } from 'vitest';
import { FIRST_LINE, highlightLine, type LineState } from './highlight.ts';

/** Pieces of a line as `scope:text`, blanks left out. */
function pieces(line: string, state: LineState = FIRST_LINE): string[] {
  const { spans } = highlightLine(line, state);
  return spans.flatMap(({ start, scope }, index) => {
    const text = line.slice(start, spans[index + 1]?.start).trim();
    return text === '' || scope === 'delimiter' ? [] : [`${scope}:${text}`];
  });
}

describe('colours of a line', () => {
  it.each([
    ['{allow, all}.', ['keyword.allow:allow', 'type:all']],
    [
      '{deny, {username, "a"}, publish, ["x"]}.',
      ['keyword.deny:deny', 'type:username', 'string:"a"', 'type:publish', 'string:"x"'],
    ],
    [
      '{allow, {username, {re, "^a$"}}, all, []}.',
      ['keyword.allow:allow', 'type:username', 'type:re', 'string:"', 'string.regex:^a$', 'string:"', 'type:all'],
    ],
    [
      '["d/${clientid}/x", "u/%u/#"]',
      ['string:"d/', 'variable.placeholder:${clientid}', 'string:/x"', 'string:"u/', 'variable.placeholder:%u', 'string:/#"'],
    ],
    ['{qos, 1} %% why', ['type:qos', 'number:1', 'comment:%% why']],
    ['{Allow, all}.', ['invalid:Allow', 'type:all']],
    ['{allow, deny}.', ['keyword.allow:allow', 'type:deny']],
  ])('%s', (line, expected) => {
    expect(pieces(line)).toEqual(expected);
  });

  it('reach over the lines of one rule, and begin anew with the next', () => {
    const { state } = highlightLine('{allow, {username, {re,', FIRST_LINE);
    expect(pieces('  "^a"', state)).toEqual(['string:"', 'string.regex:^a', 'string:"']);
    expect(pieces('{deny, all}.', state)).toEqual(['keyword.deny:deny', 'type:all']);
  });
});
