import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';
import { NO_PROPERTIES } from '../protocol/packet.ts';
import { Publication } from './publication.ts';

const PAYLOAD = new Uint8Array(32).fill(7);

/** Retained straight into the store: a million PUBLISH packets would test the parser. */
function retain(world: BrokerWorld, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const topic = `site/${Math.floor(index / 1000)}/device/${index % 1000}`;
    const message = { topic, payload: PAYLOAD, qos: 0, retain: true, properties: NO_PROPERTIES, fromClientId: 'p', fromUsername: undefined, timestampMs: world.nowMs } as const;
    world.node.retained.store(new Publication(message));
  }
}

describe('`#` over a million retained messages', () => {
  it('goes out in slices of a turn each, no faster than the client takes them in', { timeout: 60_000 }, () => {
    const total = 1_000_000;
    const congestedAt = 256 * 1024;
    const world = new BrokerWorld();
    retain(world, total);
    const client = world.connect('reader', { version: 4 });
    const seen = { bytes: 0, waiting: 0, mostWaiting: 0, largestSlice: 0 };
    client.sendFrames = (bytes) => {
      seen.bytes += bytes.length;
      seen.waiting += bytes.length;
      seen.mostWaiting = Math.max(seen.mostWaiting, seen.waiting);
      seen.largestSlice = Math.max(seen.largestSlice, bytes.length);
      client.congested = seen.waiting >= congestedAt;
    };
    client.subscribe('#', { qos: 0 });
    let turns = 0;
    for (let drains = 0; client.channel.session?.retainedFeeds !== null; drains += 1) {
      expect(drains).toBeLessThan(total);
      turns += world.settle();
      seen.waiting = 0;
      client.congested = false;
      client.channel.drained();
    }
    expect(world.metrics.counters()).toMatchObject({ 'messages.qos0.sent': total, 'messages.delivered': total });
    expect(turns).toBeGreaterThan(total / 1_000);
    expect(seen.largestSlice).toBeLessThanOrEqual(48 * 1024);
    expect(seen.mostWaiting).toBeLessThan(congestedAt + 48 * 1024);
    expect(seen.bytes).toBeGreaterThan(total * PAYLOAD.length);
  });
});

describe('retained messages of several kinds', () => {
  it('reach clients of every version alike, together or one by one', () => {
    const world = new BrokerWorld();
    const publisher = world.connect('p');
    publisher.publish('a/small', 'x', { retain: true });
    publisher.publish('a/sure', 'y', { retain: true, qos: 1 });
    publisher.publish('a/large', 'z'.repeat(60_000), { retain: true });
    publisher.publish('a/typed', 'w', { retain: true, properties: { contentType: 't' } });
    for (const version of [3, 4, 5] as const) {
      for (const [qos, sure] of [[0, 'publish a/sure qos0 retain "y"'], [2, 'publish a/sure qos1 retain #1 "y"']] as const) {
        const client = world.connect(`c${version}${qos}`, { version });
        client.subscribe('a/+', { qos });
        world.settle();
        const [suback, ...rest] = client.taken();
        expect([suback, rest.toSorted()]).toEqual([
          qos === 0 ? 'suback #1 0x00' : 'suback #1 0x02',
          [`publish a/large qos0 retain "${'z'.repeat(60_000)}"`, 'publish a/small qos0 retain "x"', sure, 'publish a/typed qos0 retain "w"'],
        ]);
      }
    }
  });

  it('are seen by a client behind a mountpoint as its own topics', () => {
    const world = new BrokerWorld();
    world.connect('p').publish('m/a', 'x', { retain: true });
    const client = world.connect('c', { version: 4, mountpoint: 'm/' });
    client.subscribe('#', { qos: 0 });
    expect(client.taken()).toEqual(['suback #1 0x00', 'publish a qos0 retain "x"']);
  });
});
