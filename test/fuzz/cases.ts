/** The kinds of case: each draws what hostile or broken clients do, and says what must become of them where that is known. */
import { NO_PROPERTIES, type ConnectPacket, type MqttVersion, type Packet } from '../../broker/protocol/packet.ts';
import { PacketDraw } from '../../broker/protocol/packets/cases/drawPacket.ts';
import { encodePacket } from '../../broker/protocol/writer.ts';
import { BROKEN_RULES, FUZZ_MAX_PACKET_SIZE } from './breakRule.ts';
import { lengthBytes, VERSIONS, type Draw } from './draw.ts';
import { mutate } from './mutate.ts';
import { GAMES } from './games.ts';

export interface FuzzCase {
  /** Kind and what was drawn, for people. */
  readonly name: string;
  readonly version: MqttVersion;
  readonly chunks: readonly Buffer[];
  /**
   * What must become of the connection: `reasonCode` tells an MQTT 5 client why (in CONNACK if `refused`); 'open' is none.
   * Undefined: whatever the rules say, as long as it ends by a rule.
   */
  readonly expected?: { readonly reasonCode: number | 'open'; readonly refused?: true };
}

type Kind = (draw: Draw) => FuzzCase;

export function plainConnect(version: MqttVersion, clientId: string): ConnectPacket {
  return { type: 'connect', version, bridge: false, clientId, cleanStart: true, keepalive: 60, username: undefined, password: undefined, will: undefined, properties: NO_PROPERTIES };
}

function connectBytes(draw: Draw, version: MqttVersion): Buffer {
  return encodePacket(plainConnect(version, `attacker-${draw.below(8)}`), version);
}

function drawn(draw: Draw, version: MqttVersion): PacketDraw {
  return new PacketDraw(draw.prng, version, 'client');
}

/** Packets of a client that does nothing wrong, as far as each packet alone can be. */
function validPackets(draw: Draw, version: MqttVersion, most: number): Buffer[] {
  const packets = drawn(draw, version);
  return Array.from({ length: draw.below(most + 1) }, () => encodePacket(packets.packet(), version));
}

const valid: Kind = (draw) => {
  const version = draw.pick(VERSIONS);
  const connect = draw.chance(2) ? encodePacket(drawn(draw, version).connect(), version) : connectBytes(draw, version);
  return { name: 'valid packets', version, chunks: draw.cut(Buffer.concat([connect, ...validPackets(draw, version, 8)])) };
};

const broken: Kind = (draw) => {
  const rule = draw.pick(BROKEN_RULES);
  const version = draw.pick(rule.versions);
  const quiet: readonly Packet[] = [{ type: 'pingreq' }];
  const before = Array.from({ length: draw.below(3) }, () => encodePacket(draw.pick(quiet), version));
  const bytes = rule.bytes(draw, version);
  const behind = draw.chance(3) ? validPackets(draw, version, 3) : [];
  return {
    name: `broken rule: ${rule.name}, MQTT ${version}`,
    version,
    chunks: draw.cut(Buffer.concat([connectBytes(draw, version), ...before, bytes, ...behind])),
    expected: { reasonCode: rule.reasonCode },
  };
};

const mutated: Kind = (draw) => {
  const version = draw.pick(VERSIONS);
  const packets = drawn(draw, version);
  const stream = Array.from({ length: 1 + draw.below(4) }, () => {
    const bytes = encodePacket(packets.packet(), version);
    return draw.chance(2) ? mutate(bytes, draw) : bytes;
  });
  return { name: 'mutated packets', version, chunks: draw.cut(Buffer.concat([connectBytes(draw, version), ...stream])) };
};

const mutatedConnect: Kind = (draw) => {
  const version = draw.pick(VERSIONS);
  const connect = mutate(encodePacket(drawn(draw, version).connect(), version), draw);
  return { name: 'a mutated CONNECT', version, chunks: draw.cut(Buffer.concat([connect, ...validPackets(draw, version, 2)])) };
};

const soup: Kind = (draw) => {
  const version = draw.pick(VERSIONS);
  const before = draw.chance(2) ? connectBytes(draw, version) : Buffer.alloc(0);
  return { name: 'byte soup', version, chunks: draw.cut(Buffer.concat([before, draw.bytes(1 + draw.below(draw.pick([8, 200, 3_000])))])) };
};

/** Packets cut and glued: valid heads on foreign bodies. */
const spliced: Kind = (draw) => {
  const version = draw.pick(VERSIONS);
  const parts = [...validPackets(draw, version, 5), ...validPackets(draw, draw.pick(VERSIONS), 5)];
  const pieces = parts.map((bytes) => (draw.chance(2) ? bytes : bytes.subarray(draw.below(bytes.length + 1))));
  return { name: 'spliced packets', version, chunks: draw.cut(Buffer.concat([connectBytes(draw, version), ...pieces])) };
};

const firstPacket: Kind = (draw) => {
  const version = draw.pick(VERSIONS);
  const packets = drawn(draw, version);
  let bytes = encodePacket(packets.packet(), version);
  if (draw.chance(3)) bytes = Buffer.from(draw.pick(['GET / HTTP/1.1\r\n\r\n', 'SSH-2.0-x\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n']), 'latin1');
  return { name: 'another packet than CONNECT first', version: 4, chunks: draw.cut(bytes), expected: { reasonCode: 0x82 } };
};

/** A header that promises much; what comes of it is little. */
const hugeLength: Kind = (draw) => {
  const version = draw.pick(VERSIONS);
  const length = draw.pick([FUZZ_MAX_PACKET_SIZE - 4, 60_000, 50_000]);
  const bytes = Buffer.concat([Buffer.of(0x30), lengthBytes(length), draw.bytes(draw.below(600))]);
  return { name: 'a large packet that never ends', version, chunks: draw.cut(Buffer.concat([connectBytes(draw, version), bytes])), expected: { reasonCode: 'open' } };
};

const KINDS: readonly (readonly [weight: number, kind: Kind])[] = [
  [3, valid],
  [6, broken],
  [5, mutated],
  [3, mutatedConnect],
  [2, soup],
  [2, spliced],
  [1, firstPacket],
  [1, hugeLength],
  ...GAMES.map((game) => [2, (draw: Draw) => game(draw, connectBytes(draw, 5))] as const),
];
const LOTS = KINDS.flatMap(([weight, kind]) => Array.from({ length: weight }, () => kind));

export function drawCase(draw: Draw): FuzzCase {
  return draw.pick(LOTS)(draw);
}
