/** Our codec and mqtt-packet must agree on every well-formed packet, in both directions. */
import { describe, expect, it } from 'vitest';
import { seededPrng } from '../../base/prng.ts';
import type { MqttVersion, Packet } from '../packet.ts';
import { validatePacket } from '../packetCodec.ts';
import type { Sender } from '../sender.ts';
import { encodePacket } from '../writer.ts';
import { PacketDraw } from './cases/drawPacket.ts';
import { oracleCanWrite, oracleReads, oracleWords, oracleWrites } from './cases/oracle.ts';
import { parseAll, plainBytes } from './cases/parseAll.ts';

const PACKETS_PER_SEED = 150;
const combinations = ([3, 4, 5] as const).flatMap((version) => (['client', 'server'] as const).flatMap((sender) => [1, 2, 3].map((seed) => [version, sender, seed] as const)));

function draw(version: MqttVersion, sender: Sender, seed: number): Packet[] {
  const source = new PacketDraw(seededPrng(seed * 100 + version), version, sender);
  return Array.from({ length: PACKETS_PER_SEED }, (_, index) => (sender === 'client' && index % 5 === 0 ? source.connect() : source.packet()));
}

describe.each(combinations)('MQTT level %i, packets of a %s, seed %i', (version, sender, seed) => {
  const packets = draw(version, sender, seed);

  it('mqtt-packet reads what we write', () => {
    for (const packet of packets) expect(oracleReads(encodePacket(packet, version), version)).toEqual(plainBytes(oracleWords(packet, version)));
  });

  it('we read what mqtt-packet writes', () => {
    for (const packet of packets.filter(oracleCanWrite)) {
      expect(parseAll({ version, sender, bytes: oracleWrites(packet, version) })).toEqual([plainBytes(packet)]);
    }
  });

  it('all of them are valid, and read back equal from one stream', () => {
    for (const packet of packets) expect([packet, validatePacket(packet, version, sender)]).toEqual([packet, undefined]);
    const bytes = Buffer.concat(packets.map((packet) => encodePacket(packet, version)));
    expect(parseAll({ version, sender, bytes })).toEqual(plainBytes(packets));
  });
});
