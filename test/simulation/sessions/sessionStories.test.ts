/** Stories of cluster-protocol section 16 about sessions that move while nodes cannot see each other, on the real engine in a simulated world. */
import { describe, expect, it } from 'vitest';
import { unquiet } from './checks.ts';
import type { Device } from './device.ts';
import { realEngine } from './realEngine.ts';
import { SessionsWorld } from './sessionsWorld.ts';

/** Everything comes to rest within this after a heal (section 15). */
const QUIET_MS = 45_000;

/** One subscriber at n1 and one publisher; everybody has met, and nothing may be lost. */
class Story {
  readonly world: SessionsWorld;
  readonly subscriber: Device;
  readonly publisher: Device;

  constructor(nodes: number, publisherAt: number, skewMs: readonly number[] = []) {
    this.world = new SessionsWorld({ seed: 11, nodes, engine: realEngine('replicated'), replicated: true });
    this.world.stations.forEach((node, index) => (node.sim.skewMs = skewMs[index] ?? 0));
    this.subscriber = this.world.device('s1');
    this.publisher = this.world.device('p1');
    this.subscriber.subscribe('t/#', 2);
    this.world.startAll();
    this.world.world.until('the first meeting', () => this.world.world.whole);
    this.subscriber.connect(this.world.node(1));
    this.publisher.connect(this.world.node(publisherAt));
    this.world.world.until('all are settled', () => this.world.devices.every((device) => device.settled));
    this.world.world.until('protection', () => this.world.isProtected);
  }

  run(ms: number): void {
    this.world.world.run(ms);
  }

  /** Messages of QoS 1 and 2 by turns; a publisher that waits for eight acknowledgements leaves some out. */
  publish(count: number, everyMs = 40): void {
    for (let index = 0; index < count; index += 1)
      this.world.queue.in(everyMs * index, () => this.publisher.publish('t/a', index % 2 === 0 ? 1 : 2));
  }

  /** Cuts nodes into groups; tells how to mend it. */
  split(...groups: readonly (readonly number[])[]): () => void {
    const disturbance = this.world.disturb();
    const { network } = this.world.world;
    const pairs = groups.flatMap((group) => groups.flatMap((other) => (group === other ? [] : group.flatMap((a) => other.map((b) => [this.world.node(a).sim, this.world.node(b).sim] as const)))));
    for (const [from, to] of pairs) network.cut(from, to);
    return () => {
      for (const [from, to] of pairs) network.mend(from, to);
      disturbance.over();
    };
  }

  moves(to: number, awayMs = 50): void {
    this.subscriber.move('drop', this.world.node(to), awayMs);
  }

  /** All is quiet again, and what there is to say of it. */
  ends(): { lost: readonly string[]; faults: readonly string[]; owner: string | undefined; sessionMissed: number } {
    const endMs = this.world.queue.nowMs + QUIET_MS;
    while (unquiet(this.world).length > 0 && this.world.queue.nowMs < endMs) this.run(100);
    const owner = this.world.stations.find((node) => node.engine.copies().some(({ clientId, role }) => clientId === 's1' && role === 'owner'));
    return { lost: this.world.ledger.missing(true), faults: [...this.world.faults, ...unquiet(this.world)], owner: owner?.name, sessionMissed: this.world.missed.length };
  }

  /** Repeated and turned deliveries; nothing of the kind is allowed where no node was away (I3, I4). */
  get disorder(): readonly string[] {
    const { exactlyOnce, unmarked } = this.world.ledger.repeats();
    return [...exactlyOnce, ...unmarked, ...this.world.ledger.inversions()];
  }

  get published(): number {
    return this.world.ledger.published.size;
  }

  get delivered(): number {
    return new Set(this.world.ledger.deliveries('s1').map(({ body }) => body)).size;
  }
}

/** A story takes a third of a second of CPU, on a busy machine many times that. */
const LIMIT_MS = 60_000;

const GOOD = { lost: [], faults: [], sessionMissed: 0 };

describe('a session that moves', { timeout: LIMIT_MS }, () => {
  it('S21 under traffic comes with its tail, in order and once', () => {
    const story = new Story(3, 2);
    story.publish(60);
    for (const [atMs, to] of [[400, 3], [900, 2], [1_400, 1]] as const) story.world.queue.in(atMs, () => story.moves(to));
    story.run(3_000);
    expect({ ...story.ends(), disorder: story.disorder, delivered: story.delivered }).toEqual({ ...GOOD, owner: 'n1', disorder: [], delivered: 60 });
  });

  it('S22 waits with its tail for the FLUSH of a node that stands still', () => {
    const story = new Story(3, 2);
    story.publish(40);
    story.world.queue.in(300, () => story.world.node(2).sim.pause());
    story.world.queue.in(350, () => story.moves(3));
    story.world.queue.in(2_300, () => story.world.node(2).sim.resume());
    story.run(5_000);
    expect({ ...story.ends(), disorder: story.disorder }).toEqual({ ...GOOD, owner: 'n3', disorder: [] });
  });

  it('S25 to a node that is killed behind CONNACK goes on elsewhere', () => {
    const story = new Story(3, 2);
    story.publish(40);
    story.moves(3);
    story.world.world.until('CONNACK', () => story.subscriber.state === 'online' && story.subscriber.station === story.world.node(3));
    story.world.node(3).crash();
    story.world.queue.in(6_000, () => story.world.node(3).start());
    story.run(8_000);
    expect(story.ends()).toMatchObject(GOOD);
  });

  it('S26 is taken over by a third node before its tail has come', () => {
    const story = new Story(3, 2);
    story.publish(60);
    for (let move = 0; move < 12; move += 1) story.world.queue.in(150 * move, () => story.moves(1 + (move % 3), 5));
    story.run(4_000);
    expect({ ...story.ends(), disorder: story.disorder, delivered: story.delivered }).toMatchObject({ ...GOOD, disorder: [], delivered: 60 });
  });

  it.each([
    ['S55 three minutes ahead and behind', [180_000, 0, -180_000]],
    ['behind the others', [-180_000, 0, 0]],
  ])('is the same where clocks are %s', (_name, skewMs) => {
    const story = new Story(3, 2, skewMs);
    story.publish(60);
    for (const [atMs, to] of [[400, 3], [900, 2], [1_400, 1], [1_900, 3]] as const) story.world.queue.in(atMs, () => story.moves(to));
    story.world.queue.in(1_000, () => (story.world.node(3).sim.skewMs += 50_000));
    story.run(3_000);
    expect({ ...story.ends(), disorder: story.disorder, delivered: story.delivered }).toEqual({ ...GOOD, owner: 'n3', disorder: [], delivered: 60 });
  });
});

describe('a split', { timeout: LIMIT_MS }, () => {
  it('S29 of two nodes, with a client that moves to the other side, leaves one session with all of both', () => {
    const story = new Story(2, 1);
    const heal = story.split([1], [2]);
    story.run(5_000);
    story.publish(30);
    story.moves(2);
    story.run(8_000);
    heal();
    expect({ ...story.ends(), delivered: story.delivered }).toEqual({ ...GOOD, owner: 'n2', delivered: 30 });
  });

  it('S30 of two nodes parks what is published on the other side', () => {
    const story = new Story(2, 2);
    const heal = story.split([1], [2]);
    story.publish(30, 400);
    story.run(14_000);
    expect(story.delivered).toBeLessThan(story.published);
    heal();
    expect({ ...story.ends(), delivered: story.delivered }).toEqual({ ...GOOD, owner: 'n1', delivered: story.published });
  });

  it('S31 that hides a session, which subscribes again, hides no message from before (C7)', () => {
    const story = new Story(3, 1);
    const backup = story.world.nameOf(story.world.node(1).engine.copies().find(({ clientId }) => clientId === 's1')?.backup ?? ('' as never));
    const hidden = backup === 'n2' ? 3 : 2;
    const heal = story.split([1, hidden === 2 ? 3 : 2], [hidden]);
    story.run(5_000);
    story.publish(30);
    story.moves(hidden);
    story.run(14_000);
    heal();
    expect({ ...story.ends(), delivered: story.delivered }).toMatchObject({ lost: [], faults: [], owner: `n${hidden}`, delivered: 30 });
  });

  it('S32 in three, with a connection in each part, leaves the last one', () => {
    const story = new Story(3, 1);
    const heal = story.split([1], [2], [3]);
    story.run(5_000);
    story.publish(40);
    for (const [atMs, to] of [[500, 2], [10_000, 3]] as const) story.world.queue.in(atMs, () => story.subscriber.move('silently', story.world.node(to), 10));
    story.run(20_000);
    heal();
    expect({ ...story.ends(), delivered: story.delivered }).toMatchObject({ lost: [], faults: [], owner: 'n3', delivered: 40 });
  });

  it('S33 in which a session moves twice on the one side loses nothing of the other, though another cut follows (C11)', () => {
    const story = new Story(4, 4);
    const heal = story.split([1, 2, 3], [4]);
    story.run(5_000);
    story.publish(30, 200);
    story.world.queue.in(300, () => story.moves(2));
    story.world.queue.in(1_500, () => story.moves(3));
    story.run(6_000);
    heal();
    story.run(80);
    const healAgain = story.split([4], [3]);
    story.run(3_000);
    healAgain();
    expect({ ...story.ends(), delivered: story.delivered }).toEqual({ ...GOOD, owner: 'n3', delivered: story.published });
  });

  it('S31 keeps what a client subscribed to on its last connection, though a node that stood still reads the one before later (R53.3)', () => {
    const story = new Story(2, 2);
    const { world, subscriber } = story;
    const still = world.disturb();
    world.node(1).sim.pause();
    subscriber.unsubscribe('t/#');
    story.run(50);
    story.moves(2);
    world.world.until('the session goes on at n2', () => subscriber.settled && subscriber.station === world.node(2));
    subscriber.subscribe('t/#', 2);
    world.world.until('SUBACK', () => subscriber.settled);
    world.node(1).sim.resume();
    still.over();
    world.world.until('all have met again', () => world.isProtected);
    story.publish(20);
    story.run(2_000);
    expect({ ...story.ends(), delivered: story.delivered }).toEqual({ ...GOOD, owner: 'n2', delivered: 20 });
  });

  it('S27 in which a client starts clean on the other side keeps nothing of before', () => {
    const story = new Story(2, 1);
    const heal = story.split([1], [2]);
    story.run(5_000);
    story.subscriber.leave('drop');
    story.publish(10);
    story.run(3_000);
    story.subscriber.startCleanNext();
    story.subscriber.wanted.clear();
    story.subscriber.connect(story.world.node(2));
    story.run(3_000);
    heal();
    const ended = story.ends();
    const copies = story.world.stations.flatMap((node) => node.engine.copies().filter(({ clientId, role }) => clientId === 's1' && role === 'owner'));
    expect({ ...ended, delivered: story.delivered, subscriptions: copies.map(({ subscriptions }) => subscriptions), items: copies.map(({ items }) => items) }).toEqual({
      ...GOOD,
      owner: 'n2',
      delivered: 0,
      subscriptions: [[]],
      items: [0],
    });
  });
});
