import { describe, expect, it } from 'vitest';
import { NO_PROPERTIES, type Packet, type PublishPacket } from './packet.ts';
import { validatePacket } from './packetCodec.ts';
import { wire } from './packets/cases/wire.ts';
import { encodePacket, encodeWithin, packetIdOffset } from './writer.ts';

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex');

describe('for an older client', () => {
  it.each([3, 4] as const)('what it cannot read is mapped or left out (level %i)', (version) => {
    const properties = { reasonString: 'why', userProperties: [['a', 'b']] } as const;
    const packets: Packet[] = [
      { type: 'connack', sessionPresent: false, reasonCode: 0x8a, properties },
      { type: 'publish', dup: false, qos: 1, retain: false, topic: 'a', packetId: 1, payload: wire('01'), properties: { topicAlias: 1 } },
      { type: 'puback', packetId: 1, reasonCode: 0x97, properties },
      { type: 'pubrel', packetId: 1, reasonCode: 0x92, properties },
      { type: 'suback', packetId: 1, reasonCodes: [1, 0x87, 0x8f], properties },
      { type: 'unsuback', packetId: 1, reasonCodes: [0, 0x11], properties },
      { type: 'subscribe', packetId: 1, subscriptions: [{ topicFilter: 'a', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 }], properties: {} },
      { type: 'disconnect', reasonCode: 4, properties },
    ];
    expect(packets.map((packet) => hex(encodePacket(packet, version)))).toEqual([
      '20020005',
      '320600016100' + '0101',
      '40020001',
      '62020001',
      '9005' + '0001' + '018080',
      'b0020001',
      '8206' + '0001' + '000161' + '01',
      'e000',
    ]);
  });

  it('session present exists from 3.1.1 on', () => {
    const connack: Packet = { type: 'connack', sessionPresent: true, reasonCode: 0, properties: NO_PROPERTIES };
    expect([3, 4, 5].map((version) => hex(encodePacket(connack, version as 3 | 4 | 5)))).toEqual(['20020000', '20020100', '2003010000']);
  });

  it('AUTH is a fault of ours', () => {
    expect(() => encodePacket({ type: 'auth', reasonCode: 0x18, properties: NO_PROPERTIES }, 4)).toThrow('AUTH exists in 5.0 only');
  });
});

describe('the shortest form', () => {
  it('is written for empty properties, however they are given', () => {
    const forms = [NO_PROPERTIES, {}].flatMap((properties): Packet[] => [
      { type: 'puback', packetId: 1, reasonCode: 0, properties },
      { type: 'puback', packetId: 1, reasonCode: 0x10, properties },
      { type: 'disconnect', reasonCode: 0, properties },
      { type: 'disconnect', reasonCode: 0x8e, properties },
      { type: 'publish', dup: false, qos: 0, retain: false, topic: 'a', packetId: 0, payload: wire(''), properties },
      { type: 'suback', packetId: 1, reasonCodes: [0], properties },
    ]);
    const written = ['40020001', '4003000110', 'e000', 'e0018e', '300400016100', '900400010000'];
    expect(forms.map((packet) => hex(encodePacket(packet, 5)))).toEqual([...written, ...written]);
  });

  it('of the property length is right at its borders', () => {
    for (const length of [118, 119, 120, 16_374, 16_375, 16_376, 16_377]) {
      const reasonString = 'x'.repeat(length);
      const packet: Packet = { type: 'pubrec', packetId: 1, reasonCode: 0, properties: { reasonString } };
      expect(hex(encodePacket(packet, 5))).toBe(hex(wire(`50 { 0001 00 { 1f "${reasonString}" } }`)));
    }
  });
});

describe('the maximum packet size of the peer', () => {
  const puback: Packet = { type: 'puback', packetId: 1, reasonCode: 0x97, properties: { reasonString: 'full', userProperties: [['a', 'b']] } };
  const whole = encodePacket(puback, 5);
  const withReason = encodePacket({ ...puback, properties: { reasonString: 'full' } }, 5);
  const bare = encodePacket({ ...puback, properties: NO_PROPERTIES }, 5);

  it.each([
    ['everything fits', whole.length, whole],
    ['user properties go first', whole.length - 1, withReason],
    ['the reason string goes next', withReason.length - 1, bare],
    ['nothing is left to leave out', bare.length - 1, undefined],
  ])('%s', (_name, size, expected) => {
    expect(hex(encodeWithin(puback, 5, size))).toBe(hex(expected));
  });

  it('never takes anything from a PUBLISH', () => {
    const publish: Packet = { type: 'publish', dup: false, qos: 0, retain: false, topic: 'a', packetId: 0, payload: wire('01'), properties: { userProperties: [['a', 'b']] } };
    const size = encodePacket(publish, 5).length;
    expect([encodeWithin(publish, 5, size)?.length, encodeWithin(publish, 5, size - 1)]).toEqual([size, undefined]);
  });

  it('is kept by packets without properties, and by those that have others', () => {
    const connack: Packet = { type: 'connack', sessionPresent: false, reasonCode: 0, properties: { assignedClientIdentifier: 'x'.repeat(50) } };
    expect([encodeWithin({ type: 'pingresp' }, 5, 1), encodeWithin(connack, 5, 20)]).toEqual([undefined, undefined]);
  });
});

describe('a PUBLISH encoded once', () => {
  const publish = (over: Partial<PublishPacket>): PublishPacket => ({
    type: 'publish',
    dup: false,
    qos: 1,
    retain: false,
    topic: 'a/b',
    packetId: 0,
    payload: wire('0102'),
    properties: NO_PROPERTIES,
    ...over,
  });

  it.each([
    ['5.0', publish({}), 5],
    ['3.1.1', publish({ qos: 2 }), 4],
    ['long topic', publish({ topic: '温'.repeat(100) }), 5],
    ['long payload', publish({ payload: new Uint8Array(20_000) }), 5],
    ['properties', publish({ properties: { contentType: 't' } }), 5],
  ] as const)('differs in two bytes only for another packet id: %s', (_name, packet, version) => {
    const patched = Buffer.from(encodePacket(packet, version));
    patched.writeUInt16BE(0x1234, packetIdOffset(patched));
    expect(hex(patched)).toBe(hex(encodePacket({ ...packet, packetId: 0x1234 }, version)));
  });

  it('has bytes of its own, as every packet has', () => {
    const first = encodePacket(publish({ properties: { contentType: 'one' } }), 5);
    const before = hex(first);
    encodePacket(publish({ properties: { contentType: 'two' }, payload: new Uint8Array(200_000) }), 5);
    encodePacket({ type: 'suback', packetId: 1, reasonCodes: new Array<number>(100_000).fill(1), properties: NO_PROPERTIES }, 5);
    expect(hex(first)).toBe(before);
  });
});

describe('a packet made from foreign data', () => {
  const publish = { type: 'publish', dup: false, qos: 0, retain: false, topic: 'a', packetId: 0, payload: wire(''), properties: NO_PROPERTIES } as const;
  const connect = { type: 'connect', version: 5, bridge: false, clientId: 'c', cleanStart: true, keepalive: 0, username: undefined, password: undefined, will: undefined, properties: NO_PROPERTIES } as const;

  it.each<[string, Packet, number]>([
    ['half a surrogate pair', { ...publish, topic: '\uD800' }, 0x81],
    ['U+0000', { ...connect, clientId: '\0' }, 0x81],
    ['a string too long', { ...connect, username: 'x'.repeat(65_536) }, 0x81],
    ['binary data too long', { ...connect, password: new Uint8Array(65_536) }, 0x81],
    ['a will too long', { ...connect, will: { topic: 'w', payload: new Uint8Array(65_536), qos: 0, retain: false, properties: NO_PROPERTIES } }, 0x81],
    ['correlation data too long', { ...publish, properties: { correlationData: new Uint8Array(65_536) } }, 0x81],
    ['a property value that is no integer', { ...publish, properties: { messageExpiryInterval: 1.5 } }, 0x82],
    ['a property value out of range', { ...publish, properties: { messageExpiryInterval: 2 ** 32 } }, 0x82],
    ['a property of another packet', { ...publish, properties: { sessionExpiryInterval: 1 } }, 0x81],
  ])('is refused by validating, before encoding: %s', (_name, packet, reasonCode) => {
    expect(validatePacket(packet, 5, 'client')?.reasonCode).toBe(reasonCode);
  });
});
