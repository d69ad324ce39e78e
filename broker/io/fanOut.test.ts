import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendFrom, SwiftClients } from '../../test/support/swiftClients.ts';
import { NO_PROPERTIES, type Packet } from '../protocol/packet.ts';
import { encodePacket } from '../protocol/writer.ts';

const SUBSCRIBERS = 50;

let clients: SwiftClients;
beforeEach(() => void (clients = new SwiftClients()));
afterEach(() => clients.dispose());

/** One publisher and many subscribers of `a`, whose sockets have nothing to remember yet. */
function fanOut() {
  const subscriptions = [{ topicFilter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 }] as const;
  const subscribers = Array.from({ length: SUBSCRIBERS }, (_, index) => clients.open(`s${index}`));
  for (const socket of subscribers) sendFrom(socket, { type: 'subscribe', packetId: 1, subscriptions, properties: NO_PROPERTIES });
  const publisher = clients.open('p');
  clients.settle(subscribers);
  return { publisher, subscribers };
}

function publish(qos: 0 | 1, payload: string): Packet {
  return {
    type: 'publish',
    dup: false,
    qos,
    retain: false,
    topic: 'a',
    packetId: qos,
    payload: Buffer.from(payload),
    properties: NO_PROPERTIES,
  };
}

describe('fan-out', () => {
  it('of a batch takes one write per subscriber: far fewer than a tenth of the deliveries', () => {
    const { publisher, subscribers } = fanOut();
    const batch = Array.from({ length: 20 }, (_, index) => publish(0, String(index)));
    sendFrom(publisher, ...batch);
    clients.output.flush();
    const expected = Buffer.concat(batch.map((packet) => encodePacket(packet, 4)));
    for (const { copies } of subscribers) expect(copies).toEqual([expected]);
  });

  it('of one QoS 0 message hands the very bytes that came to every subscriber: none gets a buffer of its own', () => {
    const { publisher, subscribers } = fanOut();
    sendFrom(publisher, publish(0, 'x'));
    clients.output.flush();
    const [first] = subscribers[0]!.written;
    for (const { written } of subscribers) {
      expect(written).toHaveLength(1);
      expect(written[0]).toBe(first);
    }
    expect(Buffer.from(first!)).toEqual(encodePacket(publish(0, 'x'), 4));
  });

  it('of QoS 1 messages shares their bytes too, with the id of each subscriber put in while they are gathered', () => {
    const { publisher, subscribers } = fanOut();
    sendFrom(publisher, publish(1, 'x'), publish(1, 'y'));
    clients.output.flush();
    const [one, two] = [encodePacket(publish(1, 'x'), 4), encodePacket({ ...publish(1, 'y'), packetId: 2 } as Packet, 4)];
    for (const { written, copies } of subscribers) {
      expect(copies).toEqual([Buffer.concat([one, two])]);
      expect(written[0]!.buffer).toBe(subscribers[0]!.written[0]!.buffer);
    }
  });
});
