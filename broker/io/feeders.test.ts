import { describe, expect, it } from 'vitest';
import { waitFor } from '../../test/support/waitFor.ts';
import { Feeders, type Feeder } from './feeders.ts';

const LONG_MS = 60_000;

/** Senders by name; what happens to them is written down. `onLetGo` is what a sender does with its freedom. */
function story() {
  const events: string[] = [];
  const feeders = new Feeders();
  const onLetGo = new Map<string, () => void>();
  const sender = (name: string): Feeder => ({
    heldBack: () => void events.push(`${name} held`),
    letGo: () => {
      events.push(`${name} goes on`);
      onLetGo.get(name)?.();
    },
  });
  return { events, feeders, onLetGo, a: sender('a'), b: sender('b'), c: sender('c') };
}

describe('senders of a subscriber with too much in its queue', () => {
  it('are held once each, and go on in the order in which they were held', async () => {
    const { events, feeders, a, b } = story();
    for (const feeder of [a, b, a]) feeders.hold(feeder, LONG_MS);
    feeders.eased();
    feeders.eased();
    await waitFor('both to go on', () => events.length === 4);
    expect(events).toEqual(['a held', 'b held', 'a goes on', 'b goes on']);
  });

  it('take turns when one of them fills the queue again', async () => {
    const { events, feeders, onLetGo, a, b, c } = story();
    for (const feeder of [a, b, c]) feeders.hold(feeder, LONG_MS);
    for (const [name, feeder] of Object.entries({ a, b, c })) onLetGo.set(name, () => feeders.hold(feeder, LONG_MS));
    events.length = 0;
    for (let count = 1; count <= 4; count += 1) {
      feeders.eased();
      await waitFor('the next one', () => events.length === 2 * count);
    }
    expect(events.filter((event) => event.endsWith('on'))).toEqual(['a goes on', 'b goes on', 'c goes on', 'a goes on']);
    feeders.dispose();
  });

  it('do not wait longer than they should, and not again until the subscriber has caught up', async () => {
    const { events, feeders, a, b } = story();
    feeders.hold(a, 5);
    await waitFor('the end of patience', () => events.includes('a goes on'));
    feeders.hold(b, LONG_MS);
    expect(events).toEqual(['a held', 'a goes on']);
    feeders.eased();
    feeders.hold(b, LONG_MS);
    expect(events).toEqual(['a held', 'a goes on', 'b held']);
    feeders.dispose();
  });

  it('go on when the subscriber is gone', () => {
    const { events, feeders, a, b } = story();
    feeders.hold(a, LONG_MS);
    feeders.dispose();
    feeders.hold(b, LONG_MS);
    expect(events).toEqual(['a held', 'a goes on']);
  });
});
