import { describe, expect, it } from 'vitest';
import { linkHealth, markOf, problemsOf, sidesOf, unreachableFrom } from './health.ts';
import { bothWays, changeNode, sampleFrame, sampleStatus, type sampleLink } from './sampleFrames.ts';

const THREE = ['busbar-1', 'busbar-2', 'busbar-3'];
const mesh = (part = {}) => [...bothWays('busbar-1', 'busbar-2', part), ...bothWays('busbar-1', 'busbar-3', part), ...bothWays('busbar-2', 'busbar-3', part)];
const busy = { messagesPerSecond: 10, bytesPerSecond: 3_000 };

describe('a link', () => {
  const repeated = (part: Parameters<typeof sampleLink>[0], count = 12) => Array.from({ length: count }, () => sampleFrame(THREE, { links: [...mesh(busy).slice(2), ...bothWays('busbar-1', 'busbar-2', part)] }));

  it.each([
    ['is busy while something is sent', busy, 'busy'],
    ['is busy while only routes are sent', { controlPerSecond: 0.2 }, 'busy'],
    ['is idle when nothing was sent for ten seconds', {}, 'idle'],
    ['is slow when its round trip is far above the usual', { ...busy, rttMs: 186 }, 'slow'],
    ['is not slow below 20 ms, however fast the others are', { ...busy, rttMs: 12 }, 'busy'],
    ['is slow when its send queue grows', { ...busy, queueBytes: 100_000 }, 'slow'],
    ['is slow while heartbeats are late', { ...busy, state: 'suspect' as const }, 'slow'],
    ['is down when its node says so', { state: 'down' as const }, 'down'],
  ])('%s', (_what, part, health) => expect(linkHealth(repeated(part), 'busbar-1', 'busbar-2')).toBe(health));

  it('stays busy for the rest of the ten seconds', () => {
    const frames = [...repeated(busy, 3), ...repeated({}, 9)];
    expect(linkHealth(frames, 'busbar-1', 'busbar-2')).toBe('busy');
    expect(linkHealth([...frames, ...repeated({}, 1)], 'busbar-1', 'busbar-2')).toBe('idle');
  });
  it('is down when nobody tells of it', () => expect(linkHealth([sampleFrame(THREE)], 'busbar-1', 'busbar-2')).toBe('down'));
});

describe('a partition', () => {
  const cut = sampleFrame([...THREE, 'busbar-4'], {
    links: [...mesh(busy), ...['busbar-1', 'busbar-2', 'busbar-3'].flatMap((name) => bothWays(name, 'busbar-4', { state: 'down' as const }))],
  });

  it('has sides, the largest first', () => expect(sidesOf(cut)).toEqual([THREE, ['busbar-4']]));
  it('is not seen where links are only missing yet', () => expect(sidesOf(sampleFrame(THREE))).toEqual([THREE]));
  it('isolates the smaller side and says from whom', () => {
    const node = (name: string) => cut.nodes.find((one) => one.name === name);
    expect(THREE.map((name) => markOf(sampleStatus(name), node(name), cut))).toEqual(['running', 'running', 'running']);
    expect(markOf(sampleStatus('busbar-4'), node('busbar-4'), cut)).toBe('isolated');
    expect(unreachableFrom(cut, 'busbar-4')).toEqual(THREE);
  });
  it('of equal halves isolates the one without the first node', () => {
    const halves = sampleFrame(['busbar-1', 'busbar-2'], { links: bothWays('busbar-1', 'busbar-2', { state: 'down' }) });
    const marks = halves.nodes.map((node) => markOf(sampleStatus(node.name), node, halves));
    expect(marks).toEqual(['running', 'isolated']);
  });
});

describe('a node', () => {
  const frame = sampleFrame(THREE, { links: mesh(busy) });
  const marked = (turned: typeof frame) => markOf(sampleStatus('busbar-2'), turned.nodes[1], turned);

  it('is degraded when it drops, when its event loop is late, when memory is short', () => {
    expect(marked(frame)).toBe('running');
    expect(marked(changeNode(frame, 'busbar-2', (node) => ({ ...node, rates: { ...node.rates!, dropped: 1 } })))).toBe('degraded');
    expect(marked(changeNode(frame, 'busbar-2', (node) => ({ ...node, snapshot: { ...node.snapshot!, loopP99Ms: 101 } })))).toBe('degraded');
    expect(marked(changeNode(frame, 'busbar-2', (node) => ({ ...node, snapshot: { ...node.snapshot!, heapUsedBytes: 90, heapLimitBytes: 100 } })))).toBe('degraded');
  });
  it('has the state its supervisor says, whatever the last picture was', () => {
    expect((['starting', 'joining', 'stopping', 'stopped', 'failed'] as const).map((state) => markOf(sampleStatus('busbar-2', { state }), frame.nodes[1], frame))).toEqual([
      'starting', 'joining', 'stopping', 'stopped', 'failed',
    ]);
  });
});

describe('problems', () => {
  it('are listed worst first, each link once', () => {
    const links = [...bothWays('busbar-1', 'busbar-2', { state: 'down' as const }), ...bothWays('busbar-1', 'busbar-3', { ...busy, rttMs: 186 }), ...bothWays('busbar-2', 'busbar-3', busy)];
    const frame = changeNode(sampleFrame(THREE, { links, silent: ['busbar-4'] }), 'busbar-3', (node) => ({ ...node, rates: { ...node.rates!, dropped: 14 } }));
    const nodes = [...THREE.map((name) => sampleStatus(name)), sampleStatus('busbar-4', { state: 'failed', reason: 'port 1886 in use' })];
    expect(problemsOf(nodes, [frame])).toEqual([
      { key: 'failed', node: 'busbar-4', values: { reason: 'port 1886 in use' } },
      { key: 'linkDown', node: 'busbar-1', values: { peer: 'busbar-2' } },
      { key: 'linkSlow', node: 'busbar-1', values: { peer: 'busbar-3', ms: 186, queue: 0 } },
      { key: 'dropping', node: 'busbar-3', values: { rate: 14 } },
    ]);
  });
});
