/** What a node must keep under load, in figures that do not depend on the machine (hot-path.md section 12). */
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { NO_PROPERTIES, type Packet, type Qos } from '../../broker/protocol/packet.ts';
import { PacketParser } from '../../broker/protocol/parser.ts';
import { encodePacket } from '../../broker/protocol/writer.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { plainConnect } from '../support/plainConnect.ts';
import { waitFor } from '../support/waitFor.ts';

const LIMIT_MS = 30_000;

let broker: BrokerProcess | undefined;
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await broker?.end();
});

/** A client of 3.1.1 on a raw socket; `onPacket` sees what comes, CONNACK and SUBACK included. */
async function client(
  port: number,
  clientId: string,
  onPacket: (packet: Packet, client: { send: (packet: Packet) => void }) => void = () => {},
) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  sockets.push(socket);
  socket.on('error', () => {}); // they end with their broker
  const answers: Packet[] = [];
  const self = { socket, send: (packet: Packet) => void socket.write(encodePacket(packet, 4)) };
  const sink = {
    onPacket: (packet: Packet) => {
      if (packet.type === 'connack' || packet.type === 'suback') answers.push(packet);
      onPacket(packet, self);
    },
    onError: (violation: { message: string }) => {
      throw new Error(violation.message);
    },
  };
  const parser = new PacketParser(sink, { maxPacketSize: 1_000_000, sender: 'server', version: 4 });
  socket.on('data', (chunk: Buffer) => parser.push(chunk, 0, chunk.length, true));
  self.send(plainConnect(clientId));
  await waitFor('a CONNACK', () => answers.length === 1, LIMIT_MS);
  return {
    ...self,
    async subscribe(topicFilter: string, qos: Qos) {
      self.send({
        type: 'subscribe',
        packetId: 1,
        subscriptions: [{ topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
        properties: NO_PROPERTIES,
      });
      await waitFor('a SUBACK', () => answers.length === 2, LIMIT_MS);
    },
  };
}

function publishes(topic: string, qos: Qos, count: number, payload: (index: number) => string): Buffer {
  const packet = (index: number) =>
    ({
      type: 'publish',
      dup: false,
      qos,
      retain: false,
      topic,
      packetId: qos === 0 ? 0 : (index % 60_000) + 1,
      payload: Buffer.from(payload(index)),
      properties: NO_PROPERTIES,
    }) as const;
  return Buffer.concat(Array.from({ length: count }, (_, index) => encodePacket(packet(index), 4)));
}

describe('under load', () => {
  it('publishers at full speed are slowed to the pace of a subscriber that acknowledges: nothing lost, doubled or reordered', async () => {
    broker = await startBroker(['mqtt.max_inflight=32', 'mqtt.max_mqueue_len=100']);
    const publishers = 5;
    const each = 4_000;
    const heard = Array.from({ length: publishers }, () => [] as number[]);
    const subscriber = await client(broker.port, 's', (packet, self) => {
      if (packet.type !== 'publish') return;
      const [publisher = 0, number = 0] = Buffer.from(packet.payload).toString().split(' ').map(Number);
      heard[publisher]?.push(number);
      self.send({ type: 'puback', packetId: packet.packetId, reasonCode: 0, properties: NO_PROPERTIES });
    });
    await subscriber.subscribe('load/+', 1);
    for (let publisher = 0; publisher < publishers; publisher += 1) {
      const { socket } = await client(broker.port, `p${publisher}`);
      socket.write(publishes(`load/${publisher}`, 1, each, (index) => `${publisher} ${index}`));
    }
    await waitFor('every message', () => heard.every((numbers) => numbers.length >= each), LIMIT_MS);
    const expected = Array.from({ length: each }, (_, index) => index);
    for (const numbers of heard) expect(numbers).toEqual(expected);
  }, 60_000);

  it('publishers of QoS 0 at full speed are slowed to the pace of a subscriber that reads: nothing left out or reordered', async () => {
    broker = await startBroker();
    const publishers = 4;
    const each = 60_000;
    const filler = '.'.repeat(100);
    const heard = Array.from({ length: publishers }, () => [] as number[]);
    const subscriber = await client(broker.port, 's', (packet) => {
      if (packet.type !== 'publish') return;
      const [publisher = 0, number = 0] = Buffer.from(packet.payload).toString().split(' ').map(Number);
      heard[publisher]?.push(number);
    });
    await subscriber.subscribe('load/+', 0);
    // Many times what may wait for it and what the system takes: 30 MB, in messages that take it longer than the broker.
    const floods = heard.map((_, publisher) => publishes(`load/${publisher}`, 0, each, (index) => `${publisher} ${index} ${filler}`));
    for (const [publisher, flood] of floods.entries()) (await client(broker.port, `p${publisher}`)).socket.write(flood);
    await waitFor('every message', () => heard.every((numbers) => numbers.length >= each), LIMIT_MS);
    const expected = Array.from({ length: each }, (_, index) => index);
    for (const numbers of heard) expect(numbers).toEqual(expected);
  }, 60_000);

  it('a subscriber that never reads is not waited for', async () => {
    broker = await startBroker();
    const deaf = await client(broker.port, 'deaf');
    await deaf.subscribe('load/#', 0);
    deaf.socket.pause();
    let bytes = 0;
    const listener = await client(broker.port, 's', (packet) => void (packet.type === 'publish' && (bytes += packet.payload.length)));
    await listener.subscribe('load/#', 0);
    const { socket } = await client(broker.port, 'p');
    const [count, filler] = [2_000, '.'.repeat(20_000)];
    socket.write(publishes('load/x', 0, count, () => filler));
    await waitFor('every message', () => bytes >= count * filler.length, LIMIT_MS);
    expect(bytes).toBe(count * filler.length);
  }, 60_000);

  it('a subscriber that never acknowledges is not waited for', async () => {
    broker = await startBroker(['mqtt.max_inflight=4', 'mqtt.max_mqueue_len=10']);
    const deaf = await client(broker.port, 'deaf');
    await deaf.subscribe('load/#', 1);
    const heard: string[] = [];
    const listener = await client(
      broker.port,
      's',
      (packet) => void (packet.type === 'publish' && heard.push(Buffer.from(packet.payload).toString())),
    );
    await listener.subscribe('load/#', 0);
    const { socket } = await client(broker.port, 'p');
    socket.write(publishes('load/x', 1, 1_000, String));
    await waitFor('every message', () => heard.length === 1_000, LIMIT_MS);
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, index) => String(index)));
  }, 60_000);
});
