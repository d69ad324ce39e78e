import { describe, expect, it } from 'vitest';
import type { NodeSnapshot } from '../../broker/api/schema/topology.ts';
import type { NodeState } from '../contract/cluster.ts';
import { JOIN_LIMIT_MS, judge } from './joining.ts';

type Links = Readonly<Record<string, 'up' | 'suspect' | 'down'>>;

const node = (name: string, state: NodeState, links: Links = {}, reason: string | null = null) => ({
  ...{ name, state, sinceMs: 0 },
  snapshot: { links: Object.entries(links).map(([peer, link]) => ({ peer: `${peer}@127.0.0.1`, state: link, reason })) } as unknown as NodeSnapshot,
});

describe('a ready node', () => {
  it('runs at once when it is the only one that is up', () => {
    const a = node('a', 'joining');
    expect(judge(a, [a, node('b', 'starting'), node('c', 'failed')], 0)).toEqual({ running: true, reason: null });
  });

  it('joins until it is linked to every peer that is up', () => {
    const b = node('b', 'joining', { a: 'up' });
    const peers = [node('a', 'running'), b, node('c', 'joining')];
    expect(judge(b, peers, 0)).toEqual({ running: false, reason: null });
    const linked = node('b', 'joining', { a: 'up', c: 'up' });
    expect(judge(linked, peers, 0)).toEqual({ running: true, reason: null });
  });

  it('runs with the reason when a link does not come', () => {
    const b = node('b', 'joining', { a: 'down' }, 'The cookie differs.');
    expect(judge(b, [node('a', 'running'), b], JOIN_LIMIT_MS)).toEqual({ running: true, reason: 'Not linked to a (The cookie differs).' });
  });
});

describe('a running node', () => {
  it('is not incomplete because a peer is only just joining', () => {
    const a = node('a', 'running');
    expect(judge(a, [a, node('b', 'joining')], 0)).toEqual({ running: true, reason: null });
  });

  it('names the running peer it has lost, but not one that is only suspected', () => {
    const a = node('a', 'running', { b: 'down', c: 'suspect' });
    expect(judge(a, [a, node('b', 'running'), node('c', 'running')], 0)).toEqual({ running: true, reason: 'Not linked to b.' });
  });
});

it('has no verdict on a node that is not ready', () => {
  expect(judge(node('a', 'starting'), [], 0)).toBeUndefined();
});
