import { describe, expect, it } from 'vitest';
import { isTemplate, resolveTemplate } from './template.ts';

const generators = { nowMs: () => 1_700_000_000_000, random: () => 0.5, seq: 7 };
const resolve = (text: string, variables: Record<string, string> = {}) => {
  const resolved = resolveTemplate(text, variables, generators);
  return resolved.ok ? resolved.text : `${resolved.problem}: ${resolved.detail}`;
};

describe('variables and generators', () => {
  it('are replaced wherever they stand', () => {
    expect(resolve('{{site}}/{{ line }}/{{$seq}}', { site: 'plant', line: '2' })).toBe('plant/2/7');
    expect(resolve('{{$ts}} {{$iso}}')).toBe('1700000000000 2023-11-14T22:13:20.000Z');
    expect(resolve('{{$uuid}}')).toBe('88888888-8888-4888-8888-888888888888');
    expect([resolve('{{$rand}}'), resolve('{{$rand 1 100}}'), resolve('{{$rand -5 5}}'), resolve('{{$rand 20.0 22.50}}')]).toEqual(['0.500000', '51', '0', '21.3']);
  });

  it('do not touch what only looks alike', () => {
    const text = '{"a":{"b":{{}}}} {{not an expression}} {{$}}';
    expect([resolve(text), isTemplate(text)]).toEqual([text, false]);
    expect(resolve('\\{{site}}', { site: 'x' })).toBe('{{site}}');
  });

  it('that nobody knows are a problem, not an empty place', () => {
    expect([resolve('{{sitee}}'), resolve('{{toString}}'), resolve('{{$now}}'), resolve('{{$rand 5 1}}'), resolve('{{$ts 1}}')]).toEqual([
      'unknownVariable: sitee',
      'unknownVariable: toString',
      'unknownGenerator: $now',
      'badArguments: {{$rand 5 1}}',
      'badArguments: {{$ts 1}}',
    ]);
  });
});
