/**
 * Sequences that are sound packet by packet and wrong, or dangerously near it, as a whole. Each game keeps a model of what the
 * standard says and stops at the first packet that must end the connection.
 */
import { NO_PROPERTIES, type Packet, type PublishPacket, type Qos } from '../../broker/protocol/packet.ts';
import { encodePacket } from '../../broker/protocol/writer.ts';
import { FUZZ_MAX_TOPIC_ALIAS } from './breakRule.ts';
import type { FuzzCase } from './cases.ts';
import type { Draw } from './draw.ts';

type Game = (draw: Draw, connect: Buffer) => FuzzCase;

/** What `mqtt.max_inflight` of the fuzzed world announces as Receive Maximum. */
const RECEIVE_MAXIMUM = 8;
const STEPS = 60;
const PROTOCOL_ERROR = 0x82;
const RECEIVE_MAXIMUM_EXCEEDED = 0x93;
const TOPIC_ALIAS_INVALID = 0x94;

function publish(qos: Qos, packetId: number, fields: Partial<PublishPacket> = {}): Packet {
  return { type: 'publish', dup: false, qos, retain: false, topic: 'game', packetId, payload: Buffer.of(packetId & 0xff), properties: NO_PROPERTIES, ...fields };
}

function ack(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number, reasonCode = 0): Packet {
  return { type, packetId, reasonCode, properties: NO_PROPERTIES };
}

function play(name: string, draw: Draw, connect: Buffer, packets: readonly Packet[], reasonCode: number | 'open'): FuzzCase {
  const bytes = Buffer.concat([connect, ...packets.map((packet) => encodePacket(packet, 5))]);
  return { name, version: 5, chunks: draw.cut(bytes), expected: { reasonCode } };
}

/** Ids reused, released twice, never released; one more than the window holds ends it [MQTT-3.3.4-9]. */
const qos2Ids: Game = (draw, connect) => {
  const held = new Set<number>();
  const packets: Packet[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const packetId = draw.pick([1, 2, 3, 65_535, 1 + draw.below(30)]);
    if (draw.chance(3)) {
      packets.push(ack(draw.pick(['pubrel', 'pubrel', 'pubcomp', 'pubrec', 'puback']), packetId, draw.chance(5) ? 0x92 & (draw.chance(2) ? 0xff : 0) : 0));
      const last = packets.at(-1);
      if (last?.type === 'pubrel') held.delete(packetId);
      else packets.pop();
      continue;
    }
    packets.push(publish(2, packetId, { dup: draw.chance(3), topic: draw.pick(['game', 'other']) }));
    if (!held.has(packetId) && held.size === RECEIVE_MAXIMUM) return play('QoS 2 ids, one too many', draw, connect, packets, RECEIVE_MAXIMUM_EXCEEDED);
    held.add(packetId);
  }
  return play('QoS 2 ids', draw, connect, packets, 'open');
};

/** Acknowledgements of what was never sent, in any order: answered or ignored, never an end. */
const strayAcks: Game = (draw, connect) => {
  const subscribe: Packet = { type: 'subscribe', packetId: 1, subscriptions: [{ topicFilter: 'game', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 }], properties: NO_PROPERTIES };
  const packets: Packet[] = [subscribe];
  for (let step = 0; step < STEPS; step += 1) {
    if (draw.chance(3)) packets.push(publish(1, 1 + draw.below(65_535)));
    else packets.push(ack(draw.pick(['puback', 'pubrec', 'pubrel', 'pubcomp']), draw.pick([1, 2, 3, 4, 5, 1 + draw.below(65_535)])));
  }
  return play('stray acknowledgements', draw, connect, packets, 'open');
};

/** Aliases set, moved, used, used before they were set, and beyond the maximum. */
const aliases: Game = (draw, connect) => {
  const known = new Set<number>();
  const packets: Packet[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const topicAlias = draw.pick([1, 2, 3, FUZZ_MAX_TOPIC_ALIAS, 1 + draw.below(FUZZ_MAX_TOPIC_ALIAS), draw.chance(20) ? FUZZ_MAX_TOPIC_ALIAS + 1 : 1]);
    const named = !known.has(topicAlias) ? !draw.chance(30) : draw.chance(2);
    packets.push(publish(0, 0, { topic: named ? draw.pick(['game', 'alias/a', 'alias/b']) : '', properties: { topicAlias } }));
    if (topicAlias > FUZZ_MAX_TOPIC_ALIAS) return play('a topic alias above the maximum', draw, connect, packets, TOPIC_ALIAS_INVALID);
    if (!named && !known.has(topicAlias)) return play('a topic alias before it was set', draw, connect, packets, PROTOCOL_ERROR);
    known.add(topicAlias);
  }
  return play('topic aliases', draw, connect, packets, 'open');
};

/** Subscriptions that overlap, replace each other and go again, under deliveries that nobody acknowledges. */
const subscriptions: Game = (draw, connect) => {
  const filters = ['game', 'game/#', '#', '+', '+/#', 'game/+', '$share/g/game', '$queue/game', '/', '//', 'x'.repeat(2_000)];
  const packets: Packet[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const packetId = 1 + draw.below(65_535);
    const chosen = Array.from({ length: 1 + draw.below(4) }, () => draw.pick(filters));
    if (draw.chance(3)) packets.push({ type: 'unsubscribe', packetId, topicFilters: chosen, properties: NO_PROPERTIES });
    else if (draw.chance(2)) packets.push(publish(draw.pick([0, 1] as const), packetId, { retain: draw.chance(4), topic: draw.pick(['game', 'game/x', '/', '//', '$game']) }));
    else {
      const properties = draw.chance(2) ? NO_PROPERTIES : { subscriptionIdentifiers: [draw.pick([1, 127, 128, 268_435_455])] };
      const item = (topicFilter: string) => ({ topicFilter, qos: draw.pick([0, 1, 2] as const), noLocal: !/^\$(?:share|queue)\//.test(topicFilter) && draw.chance(4), retainAsPublished: draw.chance(2), retainHandling: draw.pick([0, 1, 2] as const) });
      packets.push({ type: 'subscribe', packetId, subscriptions: chosen.map(item), properties });
    }
  }
  // QoS 0 packets have no id.
  const sound = packets.map((packet) => (packet.type === 'publish' && packet.qos === 0 ? { ...packet, packetId: 0 } : packet));
  return play('subscriptions', draw, connect, sound, 'open');
};

export const GAMES: readonly Game[] = [qos2Ids, strayAcks, aliases, subscriptions];
