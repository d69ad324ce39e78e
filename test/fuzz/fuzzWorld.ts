/**
 * A node under attack, with bystanders who must notice nothing: one that is connected, one that is away with messages waiting,
 * one retained message. Time stands still unless a case moves it.
 */
import { BrokerWorld, type TestClient } from '../support/brokerWorld.ts';
import { FUZZ_MAX_PACKET_SIZE, FUZZ_MAX_TOPIC_ALIAS, FUZZ_MAX_TOPIC_LEVELS } from './breakRule.ts';
import { FuzzPeer } from './fuzzPeer.ts';

/** Small bounds are reached often. */
const MAX_AWAITING_REL = 20;
const MAX_INFLIGHT = 8;
const MAX_MQUEUE = 50;
const MAX_RETAINED = 200;
const SETS = [
  `mqtt.max_packet_size=${FUZZ_MAX_PACKET_SIZE}`,
  `mqtt.max_topic_alias=${FUZZ_MAX_TOPIC_ALIAS}`,
  `mqtt.max_topic_levels=${FUZZ_MAX_TOPIC_LEVELS}`,
  `mqtt.max_awaiting_rel=${MAX_AWAITING_REL}`,
  `mqtt.max_inflight=${MAX_INFLIGHT}`,
  `mqtt.max_mqueue_len=${MAX_MQUEUE}`,
  `retainer.max_retained_messages=${MAX_RETAINED}`,
];
/** What every client id of an attacker is longer or other than. */
const LIVE = 'bystander-live';
const AWAY = 'bystander-away';
const BYSTANDERS: ReadonlySet<string> = new Set([LIVE, AWAY, 'bystander-publisher']);
const WAITING = 3;

export class FuzzWorld {
  readonly world = new BrokerWorld({ sets: SETS });
  readonly #live: TestClient;
  readonly #publisher: TestClient;
  readonly #baseRoutes: number;
  /** Attackers whose connection may still be told something. */
  #peers: FuzzPeer[] = [];
  #round = 0;

  constructor() {
    const { world } = this;
    const away = world.connect(AWAY, { properties: { sessionExpiryInterval: 0xffff_ffff } });
    away.subscribe('canary/kept/+', { qos: 1 });
    away.vanish();
    this.#live = world.connect(LIVE);
    this.#live.subscribe('canary/#', { qos: 1 });
    this.#publisher = world.connect('bystander-publisher');
    this.#publisher.publish('canary/retained', 'still here', { qos: 1, retain: true });
    for (let index = 0; index < WAITING; index += 1) this.#publisher.publish(`canary/kept/${index}`, 'waiting', { qos: 1 });
    for (const packet of this.#live.take()) if (packet.type === 'publish' && packet.qos > 0) this.#live.ack('puback', packet.packetId);
    this.#publisher.take();
    this.#baseRoutes = world.node.routes.filters;
    this.world.logged.length = 0;
  }

  accept(): FuzzPeer {
    const peer = new FuzzPeer(this.world.node, FUZZ_MAX_PACKET_SIZE);
    this.#peers.push(peer);
    return peer;
  }

  /** What is wrong with the node after a case, in words; empty when all is well. */
  check(): string[] {
    const { node, logged } = this.world;
    const problems = this.#peers.flatMap((peer) => peer.faults.splice(0));
    this.#peers = this.#peers.filter((peer) => !peer.ended);
    for (const { msg, fields } of logged) if (msg.endsWith('_failed')) problems.push(`the node logged ${msg}: ${JSON.stringify(fields)}`);
    logged.length = 0;
    for (const session of node.sessions.values()) {
      const held = { awaitingRel: session.awaitingRel?.size ?? 0, inflight: session.inflight?.count ?? 0, mqueue: session.mqueueLength, aliases: session.channel?.aliases?.size ?? 0 };
      if (held.awaitingRel > MAX_AWAITING_REL || held.inflight > MAX_INFLIGHT || held.mqueue > MAX_MQUEUE || held.aliases > FUZZ_MAX_TOPIC_ALIAS) {
        problems.push(`a table of ${session.clientId} is over its bound: ${JSON.stringify(held)}`);
      }
      if (session.ended) problems.push(`an ended session is still known: ${session.clientId}`);
    }
    if (node.retained.size > MAX_RETAINED) problems.push(`${node.retained.size} retained messages`);
    if (node.sessions.get(LIVE)?.channel !== this.#live.channel || this.#live.closed) problems.push('the connected bystander lost its connection');
    if (node.sessions.get(AWAY)?.mqueueLength !== WAITING) problems.push('the queue of the absent bystander has changed');
    return problems;
  }

  /** A message to the bystander and back, and a look at the retained one. Every so often: it is dearer than a case. */
  roundTrip(): string[] {
    this.#round += 1;
    const text = `round ${this.#round}`;
    this.#live.take();
    this.#publisher.publish('canary/round', text, { qos: 1 });
    const got = this.#live.take().find((packet) => packet.type === 'publish');
    const acked = this.#publisher.taken().some((line) => line.startsWith('puback'));
    if (got?.type !== 'publish' || new TextDecoder().decode(got.payload) !== text || !acked) return ['the canary is silent'];
    this.#live.ack('puback', got.packetId);
    const kept = this.world.node.retainer.find('canary/retained');
    return kept === undefined ? ['the retained message of a bystander is gone'] : [];
  }

  /** Everybody but the bystanders goes, sessions and all: nothing of them may stay behind. */
  clear(): string[] {
    const { node } = this.world;
    for (const channel of [...node.channels]) if (!BYSTANDERS.has(channel.identity.clientId)) channel.closed('test');
    for (const clientId of [...node.sessions.keys()]) if (!BYSTANDERS.has(clientId)) node.kick(clientId);
    this.world.settle();
    this.world.advance(400_000);
    this.world.settle();
    const left = { sessions: node.sessions.size, channels: node.channels.size, routes: node.routes.filters };
    const expected = { sessions: BYSTANDERS.size, channels: BYSTANDERS.size - 1, routes: this.#baseRoutes };
    return JSON.stringify(left) === JSON.stringify(expected) ? [] : [`left behind: ${JSON.stringify(left)} instead of ${JSON.stringify(expected)}`];
  }
}

