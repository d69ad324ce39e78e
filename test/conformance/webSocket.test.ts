/** MQTT over WebSocket (section 6): frames and packets, and the sub-protocol. */
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { within } from '../support/waitFor.ts';
import { conformanceBroker } from './broker.ts';
import { connectPacket, PINGREQ, publishPacket, subscribePacket, type Level } from './raw/build.ts';
import { readPackets } from './raw/read.ts';

const broker = conformanceBroker(['listeners.ws.default.enable=true', 'listeners.ws.default.bind=127.0.0.1:0']);

interface Peer {
  readonly socket: WebSocket;
  /** The first `count` packets, in text. */
  readonly take: (count: number) => Promise<string[]>;
  readonly closed: Promise<number>;
  /** Kinds of the frames that came. */
  readonly binary: Set<boolean>;
}

async function open(level: Level, protocols: readonly string[] = ['mqtt']): Promise<Peer> {
  const socket = new WebSocket(`ws://${broker.listeners['ws:default']}/mqtt`, [...protocols]);
  let bytes: Buffer = Buffer.alloc(0);
  let wake = () => {};
  const binary = new Set<boolean>();
  socket.on('message', (data: Buffer, isBinary) => {
    binary.add(isBinary);
    bytes = Buffer.concat([bytes, data]);
    wake();
  });
  socket.on('error', () => {});
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await within('the upgrade', new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  }));
  const take = async (count: number) => {
    for (;;) {
      const { packets } = readPackets(bytes, level);
      if (packets.length >= count) return packets.map((packet) => packet.text);
      await within(`${count} packets, got ${packets.map((packet) => packet.text).join()}`, new Promise<void>((resolve) => (wake = resolve)));
    }
  };
  return { socket, take, closed, binary };
}

describe.each([4, 5] as const)('level %i over WebSocket', (level) => {
  const packets = () => [connectPacket('', { level }), subscribePacket(level, 1, [['ws', 0]]), publishPacket(level, 'ws', 'x'), PINGREQ];
  const answers = ['connack 00', 'suback #1 00', 'publish ws q0 "x"', 'pingresp'];

  it('a frame may hold many packets, and a packet may take many frames [MQTT-6.0.0-1] [MQTT-6.0.0-2] [MQTT3-6.0.0-1] [MQTT3-6.0.0-2]', async () => {
    const together = await open(level);
    together.socket.send(Buffer.concat(packets()));
    expect(await together.take(4)).toEqual(answers);
    expect([...together.binary]).toEqual([true]);
    const apart = await open(level);
    for (const byte of Buffer.concat(packets())) apart.socket.send(Buffer.of(byte));
    expect(await apart.take(4)).toEqual(answers);
    // Fragments of one message, with an empty one among them.
    const fragments = await open(level);
    for (const packet of packets()) {
      fragments.socket.send(packet.subarray(0, 1), { fin: false });
      fragments.socket.send(Buffer.alloc(0), { fin: false });
      fragments.socket.send(packet.subarray(1), { fin: true });
    }
    expect(await fragments.take(4)).toEqual(answers);
    for (const peer of [together, apart, fragments]) peer.socket.terminate();
  });

  it('a text frame closes [MQTT-6.0.0-1] [MQTT3-6.0.0-1]', async () => {
    const peer = await open(level);
    peer.socket.send(connectPacket('', { level }));
    await peer.take(1);
    peer.socket.ping();
    peer.socket.send('text');
    expect(await within('the close', peer.closed)).toBe(1003);
  });

  it('a packet of wrong form closes as it does over TCP', async () => {
    const peer = await open(level);
    peer.socket.send(Buffer.concat([connectPacket('', { level }), wire('0000'), PINGREQ]));
    await within('the close', peer.closed);
    expect(await peer.take(1)).toEqual(level === 5 ? ['connack 00', 'disconnect 81'] : ['connack 00']);
  });

  it('sub-protocol mqtt is selected wherever it is offered, and without it there is no connection [MQTT-6.0.0-3] [MQTT-6.0.0-4] [MQTT3-6.0.0-3] [MQTT3-6.0.0-4]', async () => {
    for (const protocols of [['mqtt'], ['chat', 'mqtt']]) {
      const peer = await open(level, protocols);
      expect(peer.socket.protocol).toBe('mqtt');
      peer.socket.terminate();
    }
    for (const protocols of [[], ['chat']]) await expect(open(level, protocols)).rejects.toThrow();
  });
});
