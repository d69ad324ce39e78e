import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';
import { plainConnect } from '../../test/support/plainConnect.ts';
import { NO_PROPERTIES, type Packet } from '../protocol/packet.ts';
import { encodePacket } from '../protocol/writer.ts';
import type { ByteSocket } from './byteSocket.ts';
import { Connection } from './connection.ts';
import { MqttConnection } from './mqttConnection.ts';
import { OutputTurn } from './outputTurn.ts';
import { TurnClock } from './turnClock.ts';

const SUBSCRIBERS = 50;

/** A socket that takes everything at once and remembers what it was given. */
class SwiftSocket extends EventEmitter implements ByteSocket {
  readonly remoteAddress = '127.0.0.1';
  readonly writableLength = 0;
  readonly destroyed = false;
  readonly written: Uint8Array[] = [];
  readonly copies: Buffer[] = [];
  setNoDelay(): void {}
  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    this.copies.push(Buffer.from(bytes));
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
  destroySoon(): void {}
}

const output = new OutputTurn();
afterEach(() => output.dispose());

/** One publisher and many subscribers of `a`, whose sockets have nothing to remember yet. */
function fanOut() {
  const world = new BrokerWorld();
  const clock = new TurnClock();
  const open = (clientId: string): SwiftSocket => {
    const socket = new SwiftSocket();
    const connection = new Connection({ socket, output, bytes: { received() {}, sent() {} }, congestedBytes: 1024 * 1024 });
    new MqttConnection(world.node, connection, { listener: 'tcp:default', host: '127.0.0.1', port: 1 }, clock, () => {});
    send(socket, plainConnect(clientId));
    return socket;
  };
  const subscriptions = [{ topicFilter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 }] as const;
  const subscribers = Array.from({ length: SUBSCRIBERS }, (_, index) => open(`s${index}`));
  for (const socket of subscribers) send(socket, { type: 'subscribe', packetId: 1, subscriptions, properties: NO_PROPERTIES });
  const publisher = open('p');
  output.flush();
  for (const socket of subscribers) socket.written.length = socket.copies.length = 0;
  return { publisher, subscribers };
}

function send(socket: SwiftSocket, ...packets: Packet[]): void {
  socket.emit('data', Buffer.concat(packets.map((packet) => encodePacket(packet, 4))));
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
    send(publisher, ...batch);
    output.flush();
    const expected = Buffer.concat(batch.map((packet) => encodePacket(packet, 4)));
    for (const { copies } of subscribers) expect(copies).toEqual([expected]);
  });

  it('of one QoS 0 message hands the very bytes that came to every subscriber: none gets a buffer of its own', () => {
    const { publisher, subscribers } = fanOut();
    send(publisher, publish(0, 'x'));
    output.flush();
    const [first] = subscribers[0]!.written;
    for (const { written } of subscribers) {
      expect(written).toHaveLength(1);
      expect(written[0]).toBe(first);
    }
    expect(Buffer.from(first!)).toEqual(encodePacket(publish(0, 'x'), 4));
  });

  it('of QoS 1 messages shares their bytes too, with the id of each subscriber put in while they are gathered', () => {
    const { publisher, subscribers } = fanOut();
    send(publisher, publish(1, 'x'), publish(1, 'y'));
    output.flush();
    const [one, two] = [encodePacket(publish(1, 'x'), 4), encodePacket({ ...publish(1, 'y'), packetId: 2 } as Packet, 4)];
    for (const { written, copies } of subscribers) {
      expect(copies).toEqual([Buffer.concat([one, two])]);
      expect(written[0]!.buffer).toBe(subscribers[0]!.written[0]!.buffer);
    }
  });
});
