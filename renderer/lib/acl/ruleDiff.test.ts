import { describe, expect, it } from 'vitest';
import { parseAcl } from '../../../broker/access/acl/parser.ts';
import { diffRules } from './ruleDiff.ts';

const A = '{allow, all, publish, ["a"]}.\n';
const B = '{allow, all, publish, ["b"]}.\n';
const C = '{deny, all}.\n';

describe('the difference of two versions', () => {
  it.each([
    [A + B + C, A + B + C, { changed: 0, added: 0, removed: 0 }],
    [A + C, `%% new words\n{allow,all,publish,["a"]}.\n\n${C}`, { changed: 0, added: 0, removed: 0 }],
    [A + C, A + B + C, { changed: 0, added: 1, removed: 0 }],
    [A + B + C, A + C, { changed: 0, added: 0, removed: 1 }],
    [A + C, B + C, { changed: 1, added: 0, removed: 0 }],
    [A + B + C, B + A + C, { changed: 1, added: 0, removed: 0 }],
    ['', A, { changed: 0, added: 1, removed: 0 }],
    [A + C, '{alow, all}.\n' + C, { changed: 1, added: 0, removed: 0 }],
  ])('%j to %j', (before, after, expected) => {
    expect(diffRules(parseAcl(before), parseAcl(after))).toEqual(expected);
  });
});
