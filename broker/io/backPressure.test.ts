import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendFrom, SwiftClients, type SwiftSocket } from '../../test/support/swiftClients.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import { NO_PROPERTIES, type Packet } from '../protocol/packet.ts';

/** What may wait for a client before QoS 0 is left out: `SwiftClients` sets 1 MiB. */
const CONGESTED_BYTES = 1024 * 1024;
const PAYLOAD_BYTES = 10_000;
const MOST_MESSAGES = Math.ceil(CONGESTED_BYTES / 2 / PAYLOAD_BYTES);

let clients: SwiftClients;
beforeEach(() => void (clients = new SwiftClients()));
afterEach(() => clients.dispose());

const message = (number: number): Packet => ({
  type: 'publish',
  dup: false,
  qos: 0,
  retain: false,
  topic: 'a',
  packetId: 0,
  payload: Buffer.alloc(PAYLOAD_BYTES, number % 256),
  properties: NO_PROPERTIES,
});

function subscriber(clientId: string): SwiftSocket {
  const socket = clients.open(clientId);
  const subscriptions = [{ topicFilter: 'a', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }] as const;
  sendFrom(socket, { type: 'subscribe', packetId: 1, subscriptions, properties: NO_PROPERTIES });
  clients.settle([socket]);
  return socket;
}

/** Sends until it is not read any more, as a client does that TCP holds back. Returns how many messages that were. */
function pour(publisher: SwiftSocket, most: number): number {
  let sent = 0;
  for (; sent < most && !publisher.paused; sent += 1) sendFrom(publisher, message(sent));
  return sent;
}

const bytesIn = ({ copies }: SwiftSocket): number => copies.reduce((sum, { length }) => sum + length, 0);
const dropped = (): number => clients.world.metrics.get('delivery.dropped');

describe('a publisher of QoS 0', () => {
  it('is not read while a subscriber has half of what it may take in front of it, and goes on when that has left', async () => {
    const [slow, swift, publisher] = [subscriber('slow'), subscriber('swift'), clients.open('p')];
    slow.stop();
    const sent = pour(publisher, 10 * MOST_MESSAGES);
    expect(sent).toBeGreaterThan(MOST_MESSAGES / 2);
    expect(sent).toBeLessThanOrEqual(MOST_MESSAGES + 1);
    slow.goOn();
    await waitFor('the publisher to go on', () => !publisher.paused);
    clients.output.flush();
    expect({ slow: bytesIn(slow), dropped: dropped() }).toEqual({ slow: bytesIn(swift), dropped: 0 });
    expect(bytesIn(slow)).toBeGreaterThan(sent * PAYLOAD_BYTES);
  });

  it('keeps nobody else waiting: other publishers are read as before', () => {
    const [slow, publisher, other] = [subscriber('slow'), clients.open('p'), clients.open('other')];
    slow.stop();
    pour(publisher, 10 * MOST_MESSAGES);
    sendFrom(other, { ...message(1), topic: 'b' } as Packet);
    expect({ publisher: publisher.paused, other: other.paused }).toEqual({ publisher: true, other: false });
  });

  it('goes on all the same when the subscriber takes nothing in, and what is too much for that one is left out', async () => {
    const [deaf, swift, publisher] = [subscriber('deaf'), subscriber('swift'), clients.open('p')];
    deaf.stop();
    const before = pour(publisher, 10 * MOST_MESSAGES);
    await waitFor('the end of patience', () => !publisher.paused);
    const count = 4 * MOST_MESSAGES;
    expect(pour(publisher, count)).toBe(count);
    clients.output.flush();
    expect(bytesIn(swift)).toBeGreaterThan((before + count) * PAYLOAD_BYTES);
    expect(dropped()).toBeGreaterThan(MOST_MESSAGES);
  });

  it('does not wait for itself', () => {
    const own = subscriber('own');
    own.stop();
    const count = 4 * MOST_MESSAGES;
    expect(pour(own, count)).toBe(count);
    expect(dropped()).toBeGreaterThan(MOST_MESSAGES);
  });
});
