/** Connections with nothing unfinished share one parser: what one of them leaves in it must never reach another. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SwiftClients, type SwiftSocket } from '../../test/support/swiftClients.ts';
import { NO_PROPERTIES, type MqttVersion, type Packet, type Properties } from '../protocol/packet.ts';
import { encodePacket } from '../protocol/writer.ts';

let clients: SwiftClients;
beforeEach(() => void (clients = new SwiftClients()));
afterEach(() => clients.dispose());

const subscription = (topicFilter: string, properties: Properties = NO_PROPERTIES): Packet => ({
  type: 'subscribe',
  packetId: 1,
  subscriptions: [{ topicFilter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
  properties,
});
const publish = (topic: string, payload: string): Packet => ({
  type: 'publish',
  dup: false,
  qos: 0,
  retain: false,
  topic,
  packetId: 0,
  payload: Buffer.from(payload),
  properties: NO_PROPERTIES,
});
const filtersOf = (clientId: string): string[] => [...(clients.world.node.sessions.get(clientId)?.subscriptions?.keys() ?? [])];

/** In pieces, a bit of each client's packet in turn. */
function interleave(parts: readonly { socket: SwiftSocket; bytes: Buffer }[], size: number): void {
  const longest = Math.max(...parts.map(({ bytes }) => bytes.length));
  for (let at = 0; at < longest; at += size) for (const { socket, bytes } of parts) if (at < bytes.length) socket.emit('data', bytes.subarray(at, at + size));
}

it.each([1, 2, 3, 5, 8, 1000])('clients of every version may send their packets in pieces of %i bytes in turn', (size) => {
  const versions: readonly MqttVersion[] = [3, 4, 5];
  const parts = versions.flatMap((version) => ['a', 'b'].map((name) => {
    const clientId = `${name}${version}`;
    const properties = version === 5 ? { subscriptionIdentifiers: [7] } : NO_PROPERTIES;
    return { clientId, socket: clients.open(clientId, version), bytes: encodePacket(subscription(`of/${clientId}/+`, properties), version) };
  }));
  interleave(parts.map((part) => ({ ...part, bytes: Buffer.from(part.bytes) })), size);
  expect(parts.map(({ clientId }) => filtersOf(clientId))).toEqual(parts.map(({ clientId }) => [`of/${clientId}/+`]));
});

it('a publisher keeps its topic to itself', () => {
  const [one, two, listener] = [clients.open('one'), clients.open('two', 5), clients.open('listener')];
  listener.emit('data', encodePacket(subscription('#'), 4));
  clients.settle([listener]);
  one.emit('data', encodePacket(publish('from/one', '1'), 4));
  two.emit('data', encodePacket(publish('from/two', '2'), 5));
  one.emit('data', encodePacket(publish('from/one', '3'), 4));
  clients.output.flush();
  const expected = [publish('from/one', '1'), publish('from/two', '2'), publish('from/one', '3')].map((packet) => encodePacket(packet, 4));
  expect(Buffer.concat(listener.copies)).toEqual(Buffer.concat(expected));
});

it('what one does wrong ends its own connection only', () => {
  const [bad, good] = [clients.open('bad', 5), clients.open('good')];
  bad.emit('data', Buffer.from([0xf0, 0x00, 0xff]));
  bad.emit('data', encodePacket(subscription('bad'), 5));
  good.emit('data', encodePacket(subscription('good'), 4));
  clients.output.flush();
  expect({ bad: filtersOf('bad'), badEnded: bad.ended, good: filtersOf('good'), goodEnded: good.ended }).toEqual({
    bad: [],
    badEnded: true,
    good: ['good'],
    goodEnded: false,
  });
});
