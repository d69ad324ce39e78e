import { describe, expect, it } from 'vitest';
import { rulesOf } from '../../../broker/access/acl/ast.ts';
import { parseAcl } from '../../../broker/access/acl/parser.ts';
import { PROBLEM_KINDS } from '../../../broker/access/acl/problems.ts';
import { createWords } from '../../lib/i18n/i18n.ts';
import { zh } from '../../lib/i18n/zh.ts';
import { analyseAcl } from '../../lib/acl/analysis.ts';
import { itemRows, rowAtLine } from './itemLines.ts';
import { differingPart } from './monaco/editorHandle.ts';
import { toHex } from './monaco/themes.ts';
import { nodeRules } from './nodeRules.ts';
import { markOf } from './ruleMark.ts';
import { problemText, topicPieces, whoChips } from './words.ts';

const { t, te } = createWords('zh-CN').global;

describe('a problem in Chinese', () => {
  it('has a sentence for every kind, with values that English has too', () => {
    const missing = Object.keys(PROBLEM_KINDS).filter((kind) => !(kind in zh.access.problems.text));
    expect(missing).toEqual([]);
    const names = (text: string): string[] => [...text.matchAll(/\{([a-z]+)\}/g)].map((found) => found[1] as string).sort();
    for (const [kind, info] of Object.entries(PROBLEM_KINDS)) {
      const text = (zh.access.problems.text as Record<string, string>)[kind] ?? '';
      expect(
        names(text).every((name) => names(info.message).includes(name)),
        kind,
      ).toBe(true);
    }
  });

  it('speaks of the place it was found at', () => {
    const [problem] = analyseAcl('{alow, all}.').problems;
    expect(problem && problemText(problem, t, te)).toBe('未知的权限 alow（invalid_authorization_permission）');
  });
});

describe('words of a rule', () => {
  const words = createWords('en').global.t;
  it.each([
    ['all', ['everyone']],
    ['{username, "ops"}', ['user ops']],
    ['{clientid, {re, "^p"}}', ['client ~ ^p']],
    ['{ipaddrs, ["::1", "10.0.0.0/8"]}', ['::1, 10.0.0.0/8']],
    [`{'and', [{username, "a"}, {ipaddr, "1.2.3.4"}]}`, ['user a', '1.2.3.4']],
    [`{'or', [{username, "a"}, {'and', [{user, "b"}, {client, "c"}]}]}`, ['any of user a | user b + client c']],
    [`{'or', []}`, ['nobody']],
  ])('%s', (who, chips) => {
    const [rule] = rulesOf(parseAcl(`{allow, ${who}, all, ["a"]}.`));
    expect(rule && whoChips(rule.who, words)).toEqual(chips);
  });

  it('mark placeholders in topics', () => {
    expect(topicPieces('a/${clientid}/#')).toEqual([
      { text: 'a/', hole: false },
      { text: '${clientid}', hole: true },
      { text: '/#', hole: false },
    ]);
  });
});

describe('rows of the text', () => {
  const rows = itemRows(analyseAcl('%% head\n{allow,\n  all}.\n{deny, nobody}.\n'));
  it('know their lines and their problems', () => {
    expect(rows.map(({ number, firstLine, lastLine, worst }) => [number, firstLine, lastLine, worst])).toEqual([
      [1, 2, 3, undefined],
      [2, 4, 4, 'error'],
    ]);
    expect([rowAtLine(rows, 1)?.number, rowAtLine(rows, 3)?.number, rowAtLine(rows, 9)?.number]).toEqual([
      undefined,
      1,
      undefined,
    ]);
  });

  it('have one mark: deciding before problems before looked at', () => {
    const step = {
      rule: 1,
      permission: 'deny',
      who: 'matched',
      action: 'matched',
      topic: 'matched',
      matches: true,
      reached: true,
      reason: { kind: 'matched', topic: 'a' },
    } as const;
    expect([
      markOf({ worst: 'warning' }, step),
      markOf({ worst: 'warning' }, { ...step, matches: false }),
      markOf({ worst: 'info' }, { ...step, matches: false }),
      markOf({ worst: undefined }, { ...step, reached: false }),
    ]).toEqual(['denied', 'warning', 'looked', 'none']);
  });
});

describe('rules on nodes', () => {
  it('are never assumed', () => {
    const file = {
      path: 'acl/acl.conf',
      text: '',
      hash: 'new',
      savedAtMs: 0,
      nodes: [
        { node: 'a', state: 'applied', hash: 'new', message: null },
        { node: 'b', state: 'applied', hash: 'old', message: null },
        { node: 'c', state: 'refused', hash: 'old', message: 'why' },
        { node: 'd', state: 'notRunning', hash: null, message: null },
      ],
    } as const;
    const nodes = (['a', 'b', 'c', 'd', 'e'] as const).map((name) => ({ name, state: 'running' as const }));
    expect(
      nodeRules([...nodes, { name: 'f', state: 'stopped' }], { ...file, nodes: [...file.nodes] }).map(({ state }) => state),
    ).toEqual(['upToDate', 'older', 'refused', 'unknown', 'unknown', 'notRunning']);
  });
});

describe('small parts of the editor', () => {
  it('replace only what differs', () => {
    expect([
      differingPart('abcd', 'abXd'),
      differingPart('aa', 'aaa'),
      differingPart('', 'x'),
      differingPart('same', 'same'),
    ]).toEqual([
      { start: 2, end: 3, text: 'X' },
      { start: 2, end: 2, text: 'a' },
      { start: 0, end: 0, text: 'x' },
      { start: 4, end: 4, text: '' },
    ]);
  });

  it('hand Monaco colours in the long form', () => {
    // Put together here, because a colour written out has no place outside of the tokens.
    const short = `${'#'}1aF`;
    const long = `${'#'}11aaFF`;
    expect([toHex(` ${short} `), toHex(long)]).toEqual([long, long]);
  });
});
