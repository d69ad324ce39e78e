import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../../electron/contract/cluster.ts';
import { fieldsOf, filterLines, lineText } from './logLines.ts';

const line = (seq: number, part: Partial<LogLine> = {}): LogLine => ({ seq, timeMs: 0, node: 'busbar-1', level: 'info', msg: 'client_connected', fields: '{"clientid":"press-07"}', ...part });
const lines = [line(1), line(2, { node: 'busbar-2', level: 'error', msg: 'link_lost', fields: '' }), line(3, { level: 'debug' }), line(4, { level: 'warning', fields: '{"clientid":"Edge"}' })];
const seqs = (filter: Partial<Parameters<typeof filterLines>[1]>) => filterLines(lines, { node: null, least: 'debug', text: '', ...filter }).map(({ seq }) => seq);

describe('log lines', () => {
  it('are filtered by node, by least level, and by words in any order', () => {
    expect(seqs({})).toEqual([1, 2, 3, 4]);
    expect(seqs({ node: 'busbar-2' })).toEqual([2]);
    expect(seqs({ least: 'warning' })).toEqual([2, 4]);
    expect(seqs({ text: 'EDGE connected' })).toEqual([4]);
    expect(seqs({ text: 'nobody' })).toEqual([]);
  });
  it('show their fields in order, and what is no object as it came', () => {
    expect(fieldsOf('{"clientid":"a","port":1883,"tags":["x"]}')).toEqual([{ name: 'clientid', value: 'a' }, { name: 'port', value: '1883' }, { name: 'tags', value: '["x"]' }]);
    expect(fieldsOf('')).toEqual([]);
    expect(fieldsOf('{broken')).toEqual([{ name: '', value: '{broken' }]);
    expect(fieldsOf('7')).toEqual([{ name: '', value: '7' }]);
  });
  it('go to the clipboard with time, node, level and fields', () => expect(lineText(lines[1]!)).toBe('1970-01-01T00:00:00.000Z busbar-2 error link_lost'));
});
