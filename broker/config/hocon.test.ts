import { describe, expect, it } from 'vitest';
import { MAX_CONFIG_CHARS, MAX_CONFIG_DEPTH, parseHocon, parseHoconPath, parseHoconValue, type HoconValue } from './hocon.ts';

/** The tree without places, as plain data: objects are lists of [path, value], because order and repetition matter. */
function plain(value: HoconValue): unknown {
  if (value.type === 'scalar') return value.text;
  if (value.type === 'array') return value.items.map(plain);
  return { fields: value.fields.map((field) => [field.path.join('|'), plain(field.value)]) };
}
const read = (text: string) => {
  const { root, problems } = parseHocon(text);
  expect(problems).toEqual([]);
  return (plain(root) as { fields: unknown[] }).fields;
};
const problemsOf = (text: string) => parseHocon(text).problems.map(({ at, message }) => `${at.line}:${at.column} ${message}`);

describe('a configuration text', () => {
  it.each<[string, string, unknown[]]>([
    ['nothing', '', []],
    ['comments of all three kinds', '# a\n## b\n// c\n', []],
    ['a dotted key', 'node.name = emqx@127.0.0.1', [['node|name', 'emqx@127.0.0.1']]],
    ['a colon for the equals sign', 'a : 1', [['a', '1']]],
    ['nested objects without a sign', 'a { b { c = 1 } }', [['a', { fields: [['b', { fields: [['c', '1']] }]] }]]],
    [
      'fields separated by commas',
      '{a = 1, b = "x,y", c = z}',
      [
        ['a', '1'],
        ['b', 'x,y'],
        ['c', 'z'],
      ],
    ],
    [
      'the same key twice, in order',
      'a = 1\na = 2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    ['a quoted key with a dot', '"a.b".c = 1', [['a.b|c', '1']]],
    ['an array over several lines', 'a = [\n  x@h, # one\n  "y z"\n  3,\n]', [['a', ['x@h', 'y z', '3']]]],
    [
      'objects in an array',
      'a = [{type = file, enable = true}]',
      [
        [
          'a',
          [
            {
              fields: [
                ['type', 'file'],
                ['enable', 'true'],
              ],
            },
          ],
        ],
      ],
    ],
    ['the comma list of EMQX 4', 'a = x@1.2.3.4,y@h:4370,z', [['a', 'x@1.2.3.4,y@h:4370,z']]],
    [
      'a comma list of numbers',
      'a.ports = 4369,4370\nb = 1',
      [
        ['a|ports', '4369,4370'],
        ['b', '1'],
      ],
    ],
    [
      'a comma at the end of a line',
      'a = 1,\nb = 2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a comma before a comment',
      'a = 1, // one\nb = 2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'nothing after the sign',
      'a =\nb = 2',
      [
        ['a', ''],
        ['b', '2'],
      ],
    ],
    ['a brace on the next line', 'a =\n\n{ b = 1 }', [['a', { fields: [['b', '1']] }]]],
    [
      'a comment after a value',
      'a = 15s # why\nb = 2 // because',
      [
        ['a', '15s'],
        ['b', '2'],
      ],
    ],
    ['slashes inside a value', 'a = http://h:80/x', [['a', 'http://h:80/x']]],
    ['a bracketed address', 'a = [::1]:1883', [['a', '[::1]:1883']]],
    ['escapes', String.raw`a = "q\" b\\ t\t u\u00e9"`, [['a', 'q" b\\ t\t ué']]],
    ['text in three quotes', 'a = """x "y"\nz"""', [['a', 'x "y"\nz']]],
    ['quoted marks', 'a = "t/# {x} = [1], //"', [['a', 't/# {x} = [1], //']]],
    [
      'Windows line ends',
      'a = 1\r\nb = 2\r\n',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a key named include', 'include = 1', [['include', '1']]],
  ])('may hold %s', (_, text, fields) => {
    expect(read(text)).toEqual(fields);
  });

  it.each([
    ['include "other.conf"', '1:1 include is not supported; put the included settings into this file'],
    ['a = 1\n  include file("x")', '2:3 include is not supported; put the included settings into this file'],
    ['a += 1', '1:3 += is not supported; write the whole list'],
    ['a = ${b}', '1:6 substitution is not supported; put the value in quotes'],
    ['just words', '1:6 expected = or { after just'],
    ['= 1', '1:1 expected a key'],
    ['a..b = 1', '1:3 expected a key'],
    ['a {\n b = 1', '2:7 the { of line 1, column 3 is not closed'],
    ['a = [1, 2', '1:10 the [ of line 1, column 5 is not closed'],
    ['a = 1 }', '1:7 } without {'],
    ['a = "open\nb = 1', '1:5 the quoted text is not closed on its line'],
    ['a = """open', '1:5 the """ is not closed'],
    ['a = "x" y', '1:9 text after the end of the value; put the whole value in quotes'],
    ['a = x "y"', '1:7 a " inside a value: put the whole value in quotes'],
    ['{a = 1 b = 2}', '1:10 a = inside a value: put the whole value in quotes'],
    ['a = b#c', '1:6 a # inside a value: put the value in quotes, or a space before the comment'],
    [String.raw`a = "\q"`, String.raw`1:7 unknown escape \q`],
  ])('%j is refused with its place', (text, problem) => {
    expect(problemsOf(text)[0]).toBe(problem);
  });

  it('reports every problem and keeps what could be read', () => {
    const { root, problems } = parseHocon('a = 1\nnonsense\nb = x "y"\nc = 3');
    expect(problems.map((problem) => problem.at.line)).toEqual([2, 3]);
    expect(root.fields.map((field) => field.path.join('.'))).toEqual(['a', 'b', 'c']);
  });

  it('is refused whole above the size bound, and nesting has a bound', () => {
    expect(problemsOf('a'.repeat(MAX_CONFIG_CHARS + 1))).toEqual([
      `1:1 the configuration is longer than ${MAX_CONFIG_CHARS} characters`,
    ]);
    expect(problemsOf(`a = ${'['.repeat(100_000)}`)[0]).toBe(
      `1:${5 + MAX_CONFIG_DEPTH} nested deeper than ${MAX_CONFIG_DEPTH} levels`,
    );
  });

  it('never makes the parser throw or hang, whatever it holds', () => {
    const marks = ['a', '.', ' ', '=', ':', '{', '}', '[', ']', ',', '"', '#', '/', '\n', '\\', '$', '+', '"""', 'include '];
    let state = 7;
    for (let round = 0; round < 3000; round += 1) {
      let text = '';
      for (let length = 0; length < 24; length += 1) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        text += marks[(state >>> 16) % marks.length];
      }
      const { problems } = parseHocon(text);
      for (const { at } of problems) expect(at.line > 0 && at.column > 0, JSON.stringify(text)).toBe(true);
    }
  });
});

describe('a single value', () => {
  it.each<[string, unknown]>([
    ['  static ', 'static'],
    ['[a@h, b@h]', ['a@h', 'b@h']],
    ['"quoted"', 'quoted'],
    ['se#cret=x{', 'se#cret=x{'],
    ['a@h,b@h', 'a@h,b@h'],
    ['[::1]:1883', '[::1]:1883'],
    ['', ''],
  ])('%j is read', (text, value) => {
    const parsed = parseHoconValue(text);
    expect([plain(parsed.value), parsed.problems]).toEqual([value, []]);
  });

  it('with text behind it is refused', () => {
    expect(parseHoconValue('[a] b').problems.map((problem) => problem.message)).toEqual(['text after the end of the value']);
  });
});

describe('a key', () => {
  it.each([
    ['a.b-c."d.e"', ['a', 'b-c', 'd.e']],
    ['a', ['a']],
    ['', undefined],
    ['a.', undefined],
    ['a b', undefined],
  ])('%j', (text, segments) => {
    expect(parseHoconPath(text)).toEqual(segments);
  });
});
