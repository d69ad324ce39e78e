import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng, type Prng } from '../base/prng.ts';
import type { MqttVersion, Packet } from './packet.ts';
import { packetCases } from './packets/cases/packetCases.ts';
import { parseAll, plainBytes } from './packets/cases/parseAll.ts';
import { wire } from './packets/cases/wire.ts';
import { PacketParser, type ParserOptions } from './parser.ts';
import type { Violation } from './violations.ts';
import { encodePacket } from './writer.ts';

const CONNECT_4 = wire('10 { "MQTT" 04 02 003c "c1" }');
const CONNECT_5 = wire('10 { "MQTT" 05 02 003c 00 "c1" }');

interface Recorder {
  readonly parser: PacketParser;
  readonly packets: Packet[];
  readonly owned: boolean[];
  readonly errors: Violation[];
}

function recorder(options: Partial<ParserOptions> = {}, onPacket?: (recorder: Recorder) => void): Recorder {
  const packets: Packet[] = [];
  const owned: boolean[] = [];
  const errors: Violation[] = [];
  const sink = {
    onPacket(packet: Packet, payloadOwned: boolean): void {
      packets.push(packet);
      owned.push(payloadOwned);
      onPacket?.(made);
    },
    onError(violation: Violation): void {
      errors.push(violation);
    },
  };
  const made: Recorder = { parser: new PacketParser(sink, { maxPacketSize: 1024, ...options }), packets, owned, errors };
  return made;
}

function push({ parser }: Recorder, bytes: Uint8Array, owned = false): void {
  const chunk = Buffer.from(bytes);
  parser.push(chunk, 0, chunk.length, owned);
}

/** All places to cut a short packet, and those near the ends of a long one. */
function cuts(length: number): number[] {
  return Array.from({ length: length - 1 }, (_, index) => index + 1).filter((cut) => cut < 60 || cut > length - 20);
}

describe('chunks', () => {
  const rows = packetCases.flatMap(([group, cases]) => cases.map((row) => [`${group}, ${row.name}`, row] as const));

  it.each(rows)('may end anywhere: %s', (_name, row) => {
    const whole = parseAll(row);
    expect(parseAll(row, [row.bytes], true)).toEqual(whole);
    for (const cut of cuts(row.bytes.length)) {
      const chunks = [row.bytes.subarray(0, cut), row.bytes.subarray(cut)];
      expect([cut, parseAll(row, chunks), parseAll(row, chunks, true)]).toEqual([cut, whole, whole]);
    }
    if (row.bytes.length < 1000) expect(parseAll(row, [...row.bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it('may hold many packets and parts of packets', () => {
    const valid = packetCases.flatMap(([, cases]) => cases.filter((row) => row.version === 5 && row.error === undefined && row.sender === undefined));
    const bytes = Buffer.concat(valid.map((row) => row.bytes));
    const expected = valid.map((row) => plainBytes(row.packet));
    for (const size of [1, 7, 100, 4096, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
      for (const fast of [false, true]) expect(parseAll({ version: 5, bytes: CONNECT_5 }, [CONNECT_5, ...chunks], fast).slice(1)).toEqual(expected);
    }
  });

  it('are read within the bounds given', () => {
    const seen = recorder({ version: 4 });
    const chunk = wire('ff c000 ff');
    seen.parser.push(chunk, 1, 3, false);
    seen.parser.push(chunk, 2, 2, false);
    expect([seen.packets, seen.errors]).toEqual([[{ type: 'pingreq' }], []]);
  });
});

describe('the version', () => {
  it('is unknown until CONNECT tells it, and then holds for what follows in the same chunk', () => {
    const seen = recorder();
    expect(seen.parser.version).toBe(0);
    push(seen, Buffer.concat([CONNECT_5, wire('30 { "a" { 23 0001 } }')]));
    expect([seen.parser.version, seen.packets[1]]).toMatchObject([5, { topic: 'a', properties: { topicAlias: 1 } }]);
  });

  it('stays that of the first CONNECT; a second one is for the session to refuse', () => {
    const seen = recorder();
    push(seen, Buffer.concat([CONNECT_5, CONNECT_4]));
    expect([seen.parser.version, seen.packets.map((packet) => packet.type), seen.errors]).toEqual([5, ['connect', 'connect'], []]);
  });

  it.each([
    ['a level from the future', wire('10 { "MQTT" 06 02 003c 00 "c1" }'), 5],
    ['a level from the past', wire('10 { "MQTT" 02 02 003c "c1" }'), 4],
    ['a flaw behind the level', wire('10 { "MQIsdp" 03 01 }'), 3],
    ['no level', wire('10 { "MQTT" }'), 0],
    ['another packet first', wire('60 02 0001'), 0],
    ['one byte of another packet', wire('c0'), 0],
    ['a CONNECT with flags', wire('12'), 0],
  ])('is known as far as it was told: %s', (_name, bytes, version) => {
    const seen = recorder();
    push(seen, bytes);
    expect([seen.parser.version, seen.errors.length]).toEqual([version, 1]);
  });
});

describe('the maximum packet size', () => {
  it('is the whole packet: equal may pass, one byte more may not', () => {
    const bytes = wire('30 { "a" 78*100 }');
    const fits = recorder({ version: 4, maxPacketSize: bytes.length });
    push(fits, bytes);
    const tooLarge = recorder({ version: 5, maxPacketSize: bytes.length - 1 });
    push(tooLarge, bytes);
    expect([fits.packets.length, fits.errors]).toEqual([1, []]);
    expect([tooLarge.packets, tooLarge.errors]).toEqual([[], [{ reasonCode: 0x95, spec: 'MQTT-3.2.2-15', message: 'the packet is larger than this broker takes' }]]);
  });

  it('is judged by the header alone', () => {
    const seen = recorder({ version: 4 });
    push(seen, wire('30 ffffff'));
    expect(seen.errors).toEqual([]);
    push(seen, wire('7f'));
    expect(seen.errors.map((violation) => violation.reasonCode)).toEqual([0x95]);
  });

  it('of a CONNECT is judged once its version is known, so that a 5.0 client can be told', () => {
    for (const [level, version] of [['05', 5], ['04', 4]] as const) {
      const bytes = wire(`10 { "MQTT" ${level} 02 003c 00 "c1" 00*2000 }`).subarray(0, 200);
      for (const cut of cuts(16)) {
        const seen = recorder();
        push(seen, bytes.subarray(0, cut));
        push(seen, bytes.subarray(cut));
        expect([cut, seen.parser.version, seen.errors.map((violation) => violation.reasonCode)]).toEqual([cut, version, [0x95]]);
      }
    }
  });

  it('of a CONNECT that is nothing but its header is judged, too', () => {
    const seen = recorder({ maxPacketSize: 4 });
    push(seen, wire('10 { "MQ" }'));
    expect([seen.parser.version, seen.errors.map((violation) => violation.reasonCode)]).toEqual([0, [0x95]]);
  });
});

describe('a remaining length', () => {
  it('of more than four bytes is refused at the fourth', () => {
    const seen = recorder({ version: 5 });
    push(seen, wire('30 808080'));
    expect(seen.errors).toEqual([]);
    push(seen, wire('80'));
    expect(seen.errors).toMatchObject([{ reasonCode: 0x81, spec: '§1.5.5' }]);
  });
});

describe('after the end', () => {
  it('of an error nothing follows, in this chunk or later', () => {
    const seen = recorder({ version: 4 });
    push(seen, wire('c000 f000 c000'));
    push(seen, wire('c000 f000'));
    expect([seen.packets.length, seen.errors.length, seen.parser.stopped]).toEqual([1, 1, true]);
  });

  it('of a stop from within a packet nothing follows [MQTT-3.14.4-1]', () => {
    const seen = recorder({ version: 4 }, ({ parser, packets }) => {
      if (packets.at(-1)?.type === 'disconnect') parser.stop();
    });
    push(seen, wire('c000 e000 c000 30'));
    push(seen, wire('00'));
    expect([seen.packets.map((packet) => packet.type), seen.errors]).toEqual([['pingreq', 'disconnect'], []]);
  });

  it('of a stop on a packet that two chunks made nothing follows', () => {
    const seen = recorder({ version: 4 }, ({ parser }) => parser.stop());
    push(seen, wire('c0'));
    push(seen, wire('00 c000'));
    expect(seen.packets).toEqual([{ type: 'pingreq' }]);
  });
});

describe('a parser that is held', () => {
  const PINGS = wire('c000 30 { "a" "payload" } c000');

  it('keeps what arrives, cut anywhere, and reads it in order when released', () => {
    for (const cut of cuts(PINGS.length)) {
      const seen = recorder({}, ({ packets, parser }) => packets.length === 1 && parser.hold());
      push(seen, Buffer.concat([CONNECT_4, PINGS.subarray(0, cut)]));
      push(seen, PINGS.subarray(cut));
      expect([cut, seen.packets.map(({ type }) => type), seen.parser.unreadBytes]).toEqual([cut, ['connect'], PINGS.length]);
      seen.parser.release();
      push(seen, wire('c000'));
      expect([cut, seen.packets.map(({ type }) => type), seen.parser.unreadBytes]).toEqual([
        cut,
        ['connect', 'pingreq', 'publish', 'pingreq', 'pingreq'],
        0,
      ]);
    }
  });

  it('keeps a copy: the chunk may be used again at once', () => {
    const seen = recorder({}, ({ packets, parser }) => packets.length === 1 && parser.hold());
    const chunk = Buffer.concat([CONNECT_4, PINGS]);
    seen.parser.push(chunk, 0, chunk.length, false);
    chunk.fill(0xff);
    seen.parser.release();
    expect(seen.packets[2]).toMatchObject({ type: 'publish', topic: 'a', payload: wire('"payload"') });
  });

  it('may be held again by what it reads on release, and forgets everything when stopped', () => {
    const seen = recorder({}, ({ packets, parser }) => packets.length <= 2 && parser.hold());
    push(seen, Buffer.concat([CONNECT_4, PINGS]));
    seen.parser.release();
    expect([seen.packets.length, seen.parser.unreadBytes]).toEqual([2, PINGS.length - 2]);
    seen.parser.stop();
    seen.parser.release();
    expect([seen.packets.length, seen.parser.unreadBytes]).toEqual([2, 0]);
  });
});

describe('the payload', () => {
  const publish = wire('30 { "a" 010203 }');
  const payloadOf = (seen: Recorder): Uint8Array | undefined => {
    const packet = seen.packets[0];
    return packet?.type === 'publish' ? packet.payload : undefined;
  };

  it('is a view of a shared chunk, and marked as such', () => {
    const seen = recorder({ version: 4 });
    const chunk = Buffer.from(publish);
    seen.parser.push(chunk, 0, chunk.length, false);
    chunk.fill(0xff);
    expect([seen.owned, payloadOf(seen)]).toEqual([[false], Buffer.from('ffffff', 'hex')]);
  });

  it('may be kept when the chunk is given away', () => {
    const seen = recorder({ version: 4 });
    push(seen, publish, true);
    expect([seen.owned, payloadOf(seen)]).toEqual([[true], Buffer.from('010203', 'hex')]);
  });

  it.each(cuts(publish.length))('may be kept when chunks were put together (cut at %i)', (cut) => {
    const seen = recorder({ version: 4 });
    for (const part of [publish.subarray(0, cut), publish.subarray(cut)]) {
      const chunk = Buffer.from(part);
      seen.parser.push(chunk, 0, chunk.length, false);
      chunk.fill(0xff);
    }
    expect([seen.owned, payloadOf(seen)]).toEqual([[true], Buffer.from('010203', 'hex')]);
  });

  it('is the only thing that refers to the chunk', () => {
    const chunk = Buffer.concat([
      wire('10 { "MQTT" 05 c6 003c { 26 "k" "v" 15 "M" 16 0002 0102 } "c1" { 09 0002 0102 } "w" 0002 0102 "user" 0002 0102 }'),
      wire('30 { "topic" { 03 "type" 08 "reply" 09 0002 0102 26 "k" "v" } 01 } 82 { 0001 00 "filter" 00 }'),
    ]);
    const seen = recorder();
    seen.parser.push(chunk, 0, chunk.length, false);
    const before = plainBytes(seen.packets.map((packet) => ({ ...packet, payload: null })));
    chunk.fill(0xff);
    expect(plainBytes(seen.packets.map((packet) => ({ ...packet, payload: null })))).toEqual(before);
    expect(seen.packets.length).toBe(3);
  });
});

describe('a repeated topic', () => {
  it('is told from others of its length, and from none', () => {
    const topics = ['aaa', 'aab', 'aab', 'aaa', 'aaaa', 'aa', 'é!', 'aaa', '温', 'aaa', 'a'.repeat(300), 'a'.repeat(300), 'aaa'];
    const seen = recorder({ version: 4 });
    for (const topic of topics) push(seen, wire(`30 { "${topic}" }`));
    expect(seen.packets.map((packet) => packet.type === 'publish' && packet.topic)).toEqual(topics);
  });

  it('does not hide that it is invalid', () => {
    for (const bytes of ['30 { "a" } 30 { "#" }', '30 { "a" } 30 { "" }', '30 { "a" } 30 { 0001 00 }']) {
      const seen = recorder({ version: 4 });
      push(seen, wire(bytes));
      expect([seen.packets.length, seen.errors.length]).toEqual([1, 1]);
    }
  });
});

/** Bytes of valid packets with some of them changed, cut out, doubled or put in. */
function mutate(prng: Prng, bytes: Buffer): Buffer {
  const mutated = [...bytes];
  for (let count = randomBelow(prng, 4); count >= 0; count -= 1) {
    const at = randomBelow(prng, mutated.length + 1);
    const byte = randomBelow(prng, 3) === 0 ? [0x00, 0x7f, 0x80, 0xff][randomBelow(prng, 4)]! : randomBelow(prng, 256);
    const kind = randomBelow(prng, 4);
    if (kind === 0) mutated.splice(at, 1, byte);
    else if (kind === 1) mutated.splice(at, 1);
    else if (kind === 2) mutated.splice(at, 0, byte);
    else mutated[at % mutated.length] = (mutated[at % mutated.length] ?? 0) ^ (1 << randomBelow(prng, 8));
  }
  return Buffer.from(mutated);
}

function split(prng: Prng, bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + randomBelow(prng, 40);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

describe('broken bytes', () => {
  const corpus = packetCases.flatMap(([, cases]) => cases.filter((row) => row.bytes.length < 500));

  it.each(Array.from({ length: 8 }, (_, seed) => seed))('never throw, whatever the chunks, and give at most one error, last (seed %i)', (seed) => {
    const prng = seededPrng(seed);
    const drawn = (version: MqttVersion): Buffer => {
      const rows = corpus.filter((row) => row.version === version);
      return Buffer.concat(Array.from({ length: 1 + randomBelow(prng, 3) }, () => rows[randomBelow(prng, rows.length)]!.bytes));
    };
    for (let round = 0; round < 600; round += 1) {
      const version = ([3, 4, 5] as const)[randomBelow(prng, 3)]!;
      const row = { version, bytes: mutate(prng, drawn(version)) };
      const whole = parseAll(row, [row.bytes]);
      expect(parseAll(row, split(prng, row.bytes))).toEqual(whole);
      expect(whole.slice(0, -1).filter((outcome) => !('type' in outcome))).toEqual([]);
      reencodeAgrees(row.version, whole);
    }
  });

  /** What was accepted is valid: written out again, it is read back the same. */
  function reencodeAgrees(version: MqttVersion, outcomes: ReturnType<typeof parseAll>): void {
    for (const outcome of outcomes) {
      if (!('type' in outcome) || outcome.type === 'connect') continue;
      expect(parseAll({ version, bytes: encodePacket(outcome, version) })).toEqual([outcome]);
    }
  }
});
