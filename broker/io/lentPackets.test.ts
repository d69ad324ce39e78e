/** Large packets lie in memory that is used again: nobody may see what another one's packet left there, nor lose its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SwiftClients, type SwiftSocket } from '../../test/support/swiftClients.ts';
import { NO_PROPERTIES, type MqttVersion, type Packet, type Qos } from '../protocol/packet.ts';
import { encodePacket } from '../protocol/writer.ts';

const PAYLOAD_BYTES = 70_000;
const READ_BYTES = 65_536;

let clients: SwiftClients;
beforeEach(() => void (clients = new SwiftClients()));
afterEach(() => clients.dispose());

const publish = (fill: number, qos: Qos = 0, retain = false, packetId = qos): Packet => ({
  type: 'publish',
  dup: false,
  qos,
  retain,
  topic: 'a/b',
  packetId,
  payload: Buffer.alloc(PAYLOAD_BYTES, fill),
  properties: NO_PROPERTIES,
});

/** As it comes from a network: in reads of one buffer, which the next read overwrites. */
function send(socket: SwiftSocket, packet: Packet): void {
  const bytes = encodePacket(packet, 4);
  for (let at = 0; at < bytes.length; at += READ_BYTES) socket.emit('data', Buffer.from(bytes.subarray(at, at + READ_BYTES)));
}

const subscription = (qos: Qos): Packet => ({
  type: 'subscribe',
  packetId: 1,
  subscriptions: [{ topicFilter: 'a/+', qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
  properties: NO_PROPERTIES,
});

function subscriber(clientId: string, options: { version?: MqttVersion; qos?: Qos; direct?: boolean } = {}): SwiftSocket {
  const { version = 4, qos = 0, direct = true } = options;
  const socket = clients.open(clientId, version, { direct });
  socket.emit('data', encodePacket(subscription(qos), version));
  clients.settle([socket]);
  return socket;
}

const taken = ({ copies }: SwiftSocket): Buffer => {
  clients.output.flush();
  return Buffer.concat(copies);
};

/** The payloads of the packets at the end of what was taken in, each by its byte; `damaged` for a packet that is not as it should be. */
function payloads(bytes: Buffer, expected: readonly Packet[], version: MqttVersion = 4): (number | 'damaged')[] {
  const wanted = expected.map((packet) => encodePacket(packet, version));
  let at = bytes.length - wanted.reduce((sum, { length }) => sum + length, 0);
  return wanted.map((packet) => {
    const found = bytes.subarray(at, at + packet.length);
    at += packet.length;
    return found.equals(packet) ? found.at(-1)! : 'damaged';
  });
}

const plain = (fills: readonly number[]): Packet[] => fills.map((fill) => publish(fill));

describe('large QoS 0 packets', () => {
  it('use the same memory one after the other, and reach every subscriber as they were', () => {
    const listeners = [subscriber('s1'), subscriber('s2'), subscriber('s5', { version: 5 }), subscriber('tls', { direct: false })];
    const publisher = clients.open('p');
    for (const fill of [1, 2, 3]) send(publisher, publish(fill));
    for (const [index, version] of ([4, 4, 5, 4] as const).entries()) expect(payloads(taken(listeners[index]!), plain([1, 2, 3]), version)).toEqual([1, 2, 3]);
    expect(new Set(listeners[0]!.written.map(({ buffer }) => buffer)).size).toBe(1);
  });

  it('stay as they are for a subscriber that has not taken them in, while others go on', () => {
    const [slow, swift] = [subscriber('slow'), subscriber('swift')];
    const publisher = clients.open('p');
    slow.stop();
    for (const fill of [1, 2, 3, 4]) send(publisher, publish(fill));
    expect(payloads(taken(swift), plain([1, 2, 3, 4]))).toEqual([1, 2, 3, 4]);
    slow.goOn();
    expect(payloads(taken(slow), plain([1, 2, 3, 4]))).toEqual([1, 2, 3, 4]);
  });

  it('leave nothing behind with a subscriber that ends while it holds them', () => {
    const [slow, swift] = [subscriber('slow'), subscriber('swift')];
    const publisher = clients.open('p');
    slow.stop();
    for (const fill of [1, 2]) send(publisher, publish(fill));
    slow.emit('close');
    for (const fill of [3, 4]) send(publisher, publish(fill));
    expect(payloads(taken(swift), plain([1, 2, 3, 4]))).toEqual([1, 2, 3, 4]);
    expect(payloads(Buffer.from(slow.written[0]!), plain([1]))).toEqual([1]);
  });

  it('are copied for a session that is away', () => {
    const away = clients.open('away', 4, { cleanStart: false });
    away.emit('data', encodePacket(subscription(0), 4));
    away.emit('close');
    const publisher = clients.open('p');
    for (const fill of [1, 2, 3]) send(publisher, publish(fill));
    expect(payloads(taken(clients.open('away', 4, { cleanStart: false })), plain([1, 2, 3]))).toEqual([1, 2, 3]);
  });

  it('are copied for a hook, which may keep the message', () => {
    const heard: Uint8Array[] = [];
    const keep = ({ message }: { message: { payload: Uint8Array } }): undefined => void heard.push(message.payload);
    clients.world.hooks.on('message.publish', keep, { owner: 'test' });
    const [listener, publisher] = [subscriber('s'), clients.open('p')];
    for (const fill of [1, 2]) send(publisher, publish(fill));
    expect(heard.map((payload) => [...new Set(payload)])).toEqual([[1], [2]]);
    expect(payloads(taken(listener), plain([1, 2]))).toEqual([1, 2]);
  });
});

describe('large packets that are kept', () => {
  it('because they are retained stay as they are', () => {
    const publisher = clients.open('p');
    send(publisher, publish(1, 0, true));
    for (const fill of [2, 3]) send(publisher, publish(fill));
    const late = clients.open('late');
    late.emit('data', encodePacket(subscription(0), 4));
    clients.world.settle();
    expect(payloads(taken(late), [publish(1, 0, true)])).toEqual([1]);
  });

  it('until they are acknowledged stay as they are', () => {
    const listener = subscriber('s', { qos: 1 });
    const publisher = clients.open('p');
    listener.stop();
    send(publisher, publish(1, 1));
    send(publisher, publish(2));
    send(publisher, publish(3, 1, false, 2));
    listener.goOn();
    expect(payloads(taken(listener), [publish(1, 1), publish(2), publish(3, 1, false, 2)])).toEqual([1, 2, 3]);
  });
});
