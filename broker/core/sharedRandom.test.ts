/** A shared group under random life: members come, go, acknowledge, refuse, leave and die while messages are published. */
import { describe, expect, it } from 'vitest';
import { BrokerWorld, type TestClient } from '../../test/support/brokerWorld.ts';
import { randomBelow, seededPrng, type Prng } from '../base/prng.ts';
import type { Qos } from '../protocol/packet.ts';
import type { Session } from '../session/session.ts';

const FILTER = '$share/g/t/#';
const NAMES = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof NAMES)[number];
const EXPIRY_S = 30;
const STRATEGIES = ['random', 'round_robin', 'round_robin_per_group', 'sticky', 'local', 'hash_clientid', 'hash_topic'] as const;

/** A delivery that a client has seen and not answered to the end. */
interface Open {
  readonly text: string;
  readonly packetId: number;
  readonly qos: Qos;
  /** QoS 2: what the client sends next. */
  next: 'puback' | 'pubrec' | 'pubcomp';
}

/** What became of one message. */
interface Fate {
  readonly qos: Qos;
  /** Sessions that got it, in order. */
  readonly holders: Session[];
  /** How many times a client has said it has it (PUBACK, PUBREC), whatever it thought of it. */
  answered: number;
  /** Some time after it was published the group had no member at all. */
  orphaned: boolean;
}

class Life {
  readonly world: BrokerWorld;
  readonly #prng: Prng;
  readonly #publisher: TestClient;
  readonly #clients = new Map<Name, TestClient>();
  readonly #open = new Map<Name, Open[]>();
  readonly fates = new Map<string, Fate>();
  readonly problems: string[] = [];
  #published = 0;

  constructor(seed: number) {
    this.#prng = seededPrng(seed);
    const strategy = this.#of(STRATEGIES);
    this.world = new BrokerWorld({
      sets: ['mqtt.max_mqueue_len=infinity', `mqtt.shared_subscription_strategy=${strategy}`, `mqtt.shared_subscription_prefer_connected=${this.#below(3) > 0}`],
    });
    this.#publisher = this.world.connect('publisher');
  }

  #below(count: number): number {
    return randomBelow(this.#prng, count);
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  step(): void {
    const name = this.#of(NAMES);
    const client = this.#clients.get(name);
    const dice = this.#below(100);
    if (dice < 45) this.#publish();
    else if (dice < 75) this.#answer(name);
    else if (client === undefined) this.#connect(name, this.#below(8) === 0);
    else if (dice < 83) this.#vanish(name);
    else if (dice < 86) this.#connect(name, false);
    else if (dice < 90) client.subscribe(FILTER, { qos: this.#of([1, 2] as const) });
    else if (dice < 93) client.unsubscribe(FILTER);
    else if (dice < 96) this.#kill(name);
    else this.world.advance(this.#below(EXPIRY_S * 1_500));
    this.#look();
  }

  /** All come back, and everything that anybody holds is answered. */
  end(): void {
    for (const name of NAMES) if (!this.#clients.has(name) && this.world.node.sessions.has(name)) this.#connect(name, false);
    this.#look();
    for (let round = 0; round < 2_000 && [...this.#open.values()].some((open) => open.length > 0); round += 1) {
      for (const name of NAMES) this.#answer(name);
      this.#look();
    }
    for (const [text, fate] of this.fates) this.#judge(text, fate);
  }

  #judge(text: string, { qos, holders, answered, orphaned }: Fate): void {
    // QoS 2 that was sent to a client whose session has ended is nobody's any more [MQTT-4.8.2-5].
    const perished = qos === 2 && holders.some((holder) => holder.ended);
    if (answered > 1) this.problems.push(`${text} was answered ${answered} times`);
    if (answered === 0 && !orphaned && !perished) this.problems.push(`${text} (QoS ${qos}) was lost, held by ${holders.length}`);
  }

  #publish(): void {
    this.#published += 1;
    const text = String(this.#published);
    const qos = this.#of([1, 2] as const);
    this.fates.set(text, { qos, holders: [], answered: 0, orphaned: this.#members === 0 });
    const packetId = this.#publisher.publish(`t/${this.#below(5)}`, text, { qos });
    if (qos === 2) this.#publisher.ack('pubrel', packetId);
    this.#publisher.take();
  }

  get #members(): number {
    return this.world.metrics.getStat('subscriptions.shared');
  }

  #connect(name: Name, cleanStart: boolean): void {
    this.#open.set(name, []);
    const properties = { sessionExpiryInterval: EXPIRY_S, receiveMaximum: 1 + this.#below(4) };
    this.#clients.get(name)?.vanish();
    const client = this.world.connect(name, { cleanStart, properties });
    this.#clients.set(name, client);
    this.#noteOrphans();
    if (client.connack?.type === 'connack' && !client.connack.sessionPresent) client.subscribe(FILTER, { qos: 2 });
  }

  #vanish(name: Name): void {
    this.#clients.get(name)?.vanish();
    this.#clients.delete(name);
    this.#open.delete(name);
  }

  #kill(name: Name): void {
    this.world.node.kick(name);
    this.#clients.delete(name);
    this.#open.delete(name);
  }

  /** The client answers its oldest deliveries. */
  #answer(name: Name): void {
    const client = this.#clients.get(name);
    const open = this.#open.get(name) ?? [];
    const [first] = open;
    if (client === undefined || first === undefined) return;
    const fate = this.fates.get(first.text);
    const refuses = first.next !== 'pubcomp' && this.#below(10) === 0;
    if (first.next !== 'pubcomp' && fate !== undefined) fate.answered += 1;
    client.ack(first.next, first.packetId, refuses ? 0x83 : 0);
    open.shift();
    if (first.next === 'pubrec' && !refuses) open.unshift({ ...first, next: 'pubcomp' });
  }

  /** What the clients have got since. */
  #look(): void {
    this.#noteOrphans();
    for (const [name, client] of this.#clients) {
      for (const packet of client.take()) {
        if (packet.type === 'publish') this.#got(name, { text: new TextDecoder().decode(packet.payload), packetId: packet.packetId, qos: packet.qos, next: packet.qos === 1 ? 'puback' : 'pubrec' });
        else if (packet.type === 'pubrel') this.#released(name, packet.packetId);
      }
    }
  }

  /** The last member that goes takes the share with it. */
  #noteOrphans(): void {
    if (this.#members === 0) for (const fate of this.fates.values()) fate.orphaned = true;
  }

  #got(name: Name, delivery: Open): void {
    const fate = this.fates.get(delivery.text);
    const session = this.world.node.sessions.get(name);
    if (fate === undefined || session === undefined) return void this.problems.push(`${name} got ${delivery.text}, which nobody sent`);
    for (const holder of fate.holders) {
      if (holder !== session && !holder.ended) this.problems.push(`${delivery.text} is with ${holder.clientId} and ${name}`);
      if (holder !== session && delivery.qos === 2 && fate.qos === 2 && sentAtTwo(holder, delivery.text)) this.problems.push(`${delivery.text} went to a second client at QoS 2`);
    }
    if (fate.holders.at(-1) !== session) fate.holders.push(session);
    this.#open.get(name)?.push(delivery);
  }

  /** After a reconnect PUBREL may come for what the client has answered before. */
  #released(name: Name, packetId: number): void {
    const open = this.#open.get(name);
    if (open === undefined || open.some((delivery) => delivery.packetId === packetId)) return;
    open.push({ text: '', packetId, qos: 2, next: 'pubcomp' });
  }
}

/** The session had sent this message at QoS 2. */
function sentAtTwo(session: Session, text: string): boolean {
  return (session.inflight?.entries() ?? []).some(({ qos, publication }) => qos === 2 && new TextDecoder().decode(publication.message.payload) === text);
}

describe('a shared group', () => {
  it.each(Array.from({ length: 40 }, (_, index) => index + 1))('loses no message and gives none to two that live (seed %i)', (seed) => {
    const life = new Life(seed);
    for (let step = 0; step < 400; step += 1) life.step();
    life.end();
    expect(life.problems).toEqual([]);
    expect([...life.fates.values()].filter((fate) => fate.answered === 1).length).toBeGreaterThan(10);
  });
});
