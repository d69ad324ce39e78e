import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../test/support/waitFor.ts';
import { Lane, type LaneRule } from './lane.ts';

const lanes: Lane[] = [];
afterEach(() => lanes.splice(0).forEach((lane) => lane.dispose()));

const rule = (kind: LaneRule['kind'], numbers: Partial<LaneRule> = {}): LaneRule => ({ kind, delayMs: 0, bytesPerSecond: 0, ...numbers });

function laneWith(first: LaneRule | undefined) {
  const passed: string[] = [];
  let holes = 0;
  const lane = new Lane({ pass: (bytes) => void passed.push(Buffer.from(bytes).toString()), holed: () => (holes += 1) });
  lanes.push(lane);
  lane.use(first);
  return { lane, passed, text: () => passed.join(''), holes: () => holes, send: (text: string) => lane.push(Buffer.from(text)) };
}

describe('a lane', () => {
  it('without a fault lets bytes and the end of the stream pass at once', () => {
    const { lane, passed, send } = laneWith(undefined);
    send('a');
    lane.finish(() => passed.push('end'));
    expect(passed).toEqual(['a', 'end']);
  });

  it('that is cut holds bytes and the end of the stream, in order, until it is healed', () => {
    const { lane, passed, send } = laneWith(rule('cut'));
    send('a');
    send('bc');
    lane.finish(() => passed.push('end'));
    expect([passed, lane.heldBytes]).toEqual([[], 3]);
    lane.use(undefined);
    expect([passed, lane.heldBytes]).toEqual([['a', 'bc', 'end'], 0]);
  });

  it('that delays lets bytes pass in order after the delay, and what is left at once when it is healed', async () => {
    const { lane, text, send } = laneWith(rule('delay', { delayMs: 20 }));
    send('a');
    send('b');
    expect(text()).toBe('');
    await waitFor('both', () => text() === 'ab');
    lane.use(rule('delay', { delayMs: 600_000 }));
    send('c');
    lane.use(undefined);
    send('d');
    expect(text()).toBe('abcd');
  });

  it('that is throttled lets a chunk pass in parts', async () => {
    const { lane, passed, text, send } = laneWith(rule('throttle', { bytesPerSecond: 200 }));
    send('0123456789');
    lane.finish(() => passed.push('!'));
    expect(text()).not.toContain('9');
    await waitFor('all', () => text() === '0123456789!');
    expect(passed.length).toBeGreaterThan(2);
  });

  it('that drops lets nothing pass, and cannot go on when it is healed', () => {
    const { lane, text, holes, send } = laneWith(rule('drop'));
    send('a');
    lane.use(rule('cut'));
    expect(holes()).toBe(0);
    lane.use(undefined);
    expect([text(), holes()]).toEqual(['', 1]);
  });

  it('that dropped nothing goes on', () => {
    const { lane, text, holes, send } = laneWith(rule('drop'));
    lane.use(undefined);
    send('a');
    expect([text(), holes()]).toEqual(['a', 0]);
  });
});
