import { describe, expect, it } from 'vitest';
import type { Channel } from './channel.ts';
import { MAX_PENDING_ACKS, PendingAcks } from './pendingAcks.ts';

function rig() {
  const calls: string[] = [];
  const out = { hold: () => void calls.push('hold'), release: () => void calls.push('release') };
  const channel = { connState: 'connected', out };
  const acks = new PendingAcks(channel as unknown as Channel);
  return { acks, calls, channel, add: (name: string) => acks.add((receivers) => void calls.push(`${name}:${receivers}`)) };
}

describe('acknowledgements that must wait', () => {
  it('leave in the order of their packets, whichever is done first', () => {
    const { calls, add } = rig();
    const [a, b, c] = [add('a'), add('b'), add('c')];
    b.published(2);
    expect(calls).toEqual([]);
    a.published(0);
    expect(calls).toEqual(['a:0', 'b:2']);
    c.published(1);
    expect(calls).toEqual(['a:0', 'b:2', 'c:1']);
  });

  it('are not sent on a connection that has ended', () => {
    const { calls, add, channel, acks } = rig();
    const ack = add('a');
    channel.connState = 'disconnected';
    ack.published(1);
    expect(calls).toEqual([]);
    expect(acks.length).toBe(0);
  });

  it('hold the publisher back when too many wait, until half of them are answered', () => {
    const { calls, add } = rig();
    const waiting = Array.from({ length: MAX_PENDING_ACKS }, (_, index) => add(String(index)));
    expect(calls).toEqual(['hold']);
    for (const ack of waiting.slice(0, MAX_PENDING_ACKS / 2 - 1)) ack.published(1);
    expect(calls.includes('release')).toBe(false);
    waiting[MAX_PENDING_ACKS / 2 - 1]!.published(1);
    expect(calls.at(-1)).toBe('release');
  });
});
