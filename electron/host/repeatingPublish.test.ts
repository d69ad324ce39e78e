import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RepeatRequest, RepeatState } from '../contract/publishing.ts';
import { MAX_WAITING_SENDS, RepeatingPublish } from './repeatingPublish.ts';

const request = (change: Partial<RepeatRequest>): RepeatRequest => ({
  draft: { id: 'a', topic: 't', content: { kind: 'text', text: '', format: 'text' }, qos: 0, retain: false, properties: {} },
  ...{ periodMs: 100, jitterMs: 0, count: null },
  ...change,
});

function start(change: Partial<RepeatRequest>, send: (seq: number) => Promise<unknown> = () => Promise.resolve()) {
  const sentMs: number[] = [];
  const states: RepeatState[] = [];
  const repeat = new RepeatingPublish({
    ...{ request: request(change), now: Date.now, random: () => 0.75, onState: (state: RepeatState) => void states.push(state) },
    send: (seq) => {
      sentMs.push(Date.now());
      return send(seq);
    },
  });
  return { repeat, sentMs, states };
}

describe('a message that is sent again and again', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  it('is due at once and then by the period from the start, as often as was asked', async () => {
    const { sentMs, states } = start({ count: 3 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([sentMs, states.at(-1)]).toEqual([[0, 100, 200], { id: 'a', running: false, sent: 3, failed: 0, missed: 0, count: 3, periodMs: 100, problem: null }]);
  });

  it('does not drift: due times that passed are counted as missed, the next keep to the beat', async () => {
    const { repeat, sentMs } = start({});
    await vi.advanceTimersByTimeAsync(100);
    vi.setSystemTime(470);
    await vi.advanceTimersByTimeAsync(240);
    expect([sentMs, repeat.stop().missed]).toEqual([[0, 100, 570, 600, 700], 3]);
  });

  it('moves sends by the jitter without moving the beat', async () => {
    const { repeat, sentMs } = start({ jitterMs: 20 });
    await vi.advanceTimersByTimeAsync(350);
    repeat.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sentMs).toEqual([0, 110, 210, 310]);
  });

  it('goes on after failures and tells the last one', async () => {
    const { states } = start({ count: 2 }, () => Promise.reject(new Error('offline')));
    await vi.advanceTimersByTimeAsync(300);
    expect(states.at(-1)).toMatchObject({ running: false, sent: 0, failed: 2, problem: 'offline' });
  });

  it('stops sending while too many wait for their acknowledgement', async () => {
    const { repeat } = start({ periodMs: 1 }, () => new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(MAX_WAITING_SENDS + 50);
    expect(repeat.stop().missed).toBeGreaterThanOrEqual(50);
  });
});
