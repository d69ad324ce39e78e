import { describe, expect, it } from 'vitest';
import { createWords } from '../../lib/i18n/i18n.ts';
import { nodeCards, shortName } from './nodeCards.ts';
import { spokenNode, stateLine } from './nodeWords.ts';
import { bothWays, sampleFrame, sampleStatus } from './sampleFrames.ts';

const { t } = createWords('en').global;
const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const noPanes = () => [];
const base = { frames: [sampleFrame(['busbar-1'])], live: true, nowMs: 512_000, docked: noPanes };
const only = (part: Partial<Parameters<typeof nodeCards>[0]>) => nodeCards({ nodes: [sampleStatus('busbar-1')], ...base, ...part })[0]!;

describe('the card of a node', () => {
  it('shows figures with their last minute and counts foreign clients', () => {
    const card = only({ docked: () => [{ id: 'x', name: 'device' }] });
    expect(card).toMatchObject({ name: 'busbar-1', mark: 'running', docked: [{ name: 'device' }], foreign: 0, problems: [] });
    expect(card.figures.connections).toEqual({ value: 1, trend: [1] });
    expect(only({}).foreign).toBe(1);
  });
  it.each([
    [{ state: 'starting' as const }, 'starting · 12 s'],
    [{ state: 'joining' as const }, 'joining · 12 s'],
    [{ state: 'failed' as const, reason: 'port 1883 in use' }, 'failed · port 1883 in use'],
  ])('says %j as %s, with no figures', (part, line) => {
    const card = only({ nodes: [sampleStatus('busbar-1', part)] });
    expect(plain(stateLine(card, true, t))).toBe(line);
    expect(card.figures.messagesIn).toEqual({ value: null, trend: [] });
  });
  it('shows the past as it was: a node that did not report was not running', () => {
    const card = only({ live: false, frames: [sampleFrame([], { silent: ['busbar-1'] })] });
    expect([card.mark, stateLine(card, false, t)]).toEqual(['stopped', 'not running then']);
  });
  it('names whom an isolated node cannot reach', () => {
    const frames = [sampleFrame(['busbar-1', 'busbar-2'], { links: bothWays('busbar-1', 'busbar-2', { state: 'down' }) })];
    const cards = nodeCards({ ...base, frames, nodes: [sampleStatus('busbar-2'), sampleStatus('busbar-1')] });
    expect(cards.map((card) => [card.name, card.mark])).toEqual([['busbar-1', 'running'], ['busbar-2', 'isolated']]);
    expect(stateLine(cards[1]!, true, t)).toBe('isolated from 1');
  });
  it('speaks in one sentence', () => {
    expect(plain(spokenNode(only({}), true, t))).toBe('busbar-1, running · 16 m 40 s, connections: 1');
  });
});

it('short names are numbers where names have them', () => expect(['busbar-12', 'edge'].map(shortName)).toEqual(['12', 'edge']));
