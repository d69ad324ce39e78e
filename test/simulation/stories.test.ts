/** Stories of cluster-protocol section 16 that the first slices cover, on the real cluster code in a simulated world. */
import { describe, expect, it } from 'vitest';
import type { AskResult } from '../../broker/cluster/ports.ts';
import { World } from './world.ts';

/** Two or more nodes that have found each other. */
function wholeWorld(nodes: number, prepare: (world: World) => void = () => {}): World {
  const world = new World({ seed: 7, nodes });
  prepare(world);
  world.startAll();
  world.until('all nodes are linked', () => world.whole);
  return world;
}

const refusals = (world: World, number: number) => world.node(number).told('cluster_link_refused');

describe('two nodes meet', () => {
  it('and know each other within half a second', () => {
    const world = new World({ seed: 1, nodes: 2 });
    world.startAll();
    expect(world.until('linked', () => world.whole)).toBeLessThan(500);
    expect(world.node(1).cluster.core.members()).toEqual([
      { node: 'n1@sim', status: 'running' },
      { node: 'n2@sim', status: 'running' },
    ]);
  });

  it('and keep one connection though both dialled (R8)', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const world = new World({ seed, nodes: 2 });
      world.startAll();
      world.run(5_000);
      expect({ seed, whole: world.whole, ends: world.network.connections }).toEqual({ seed, whole: true, ends: 2 });
    }
  });
});

describe('a node that does not belong', () => {
  it('S1 is refused for its cookie: one event on each side, and the reason at the link', () => {
    const world = new World({ seed: 3, nodes: 2 });
    world.node(2).cookie = 'guess';
    world.startAll();
    world.run(20_000);
    for (const number of [1, 2]) {
      expect(refusals(world, number)).toHaveLength(1);
      expect(refusals(world, number)[0]).toMatchObject({
        code: 'CLUSTER_WRONG_COOKIE',
        hint: 'Set the same node.cookie on all nodes.',
      });
      expect(world.node(number).cluster.links()).toMatchObject([
        { state: 'down', reason: expect.stringContaining('another cookie') },
      ]);
    }
    expect(world.node(1).cluster.core.members()).toEqual([{ node: 'n1@sim', status: 'running' }]);
  });

  it('is refused for the name of its cluster', () => {
    const world = new World({ seed: 3, nodes: 2 });
    world.node(2).clusterName = 'other';
    world.startAll();
    world.run(5_000);
    expect(refusals(world, 1)[0]).toMatchObject({ code: 'CLUSTER_WRONG_NAME', peer: 'n2@sim' });
    expect(refusals(world, 2)[0]).toMatchObject({ code: 'CLUSTER_WRONG_NAME', peer: 'n1@sim' });
  });

  it('is dialled less and less often, at most once a minute in the end (R7)', () => {
    const world = new World({ seed: 3, nodes: 2 });
    world.node(2).cookie = 'guess';
    world.startAll();
    world.run(600_000);
    const attempts = world.node(1).events.filter((event) => event.msg === 'cluster_link_refused').length;
    // Both dial: 1 s doubling to 60 s gives about 15 attempts of each in ten minutes.
    expect(attempts).toBeGreaterThan(20);
    expect(attempts).toBeLessThan(36);
  });

  it('S56 is refused when its clock is two hours ahead, and reported when it is three minutes ahead (S55)', () => {
    const far = new World({ seed: 3, nodes: 2 });
    far.node(2).skewMs = 2 * 3_600_000;
    far.startAll();
    far.run(3_000);
    expect(refusals(far, 1)[0]).toMatchObject({ code: 'CLUSTER_CLOCK_TOO_FAR' });
    const near = wholeWorld(2, (world) => {
      world.node(2).skewMs = 3 * 60_000;
    });
    expect(near.node(1).told('cluster_clock_differs')[0]).toMatchObject({ peer: 'n2@sim' });
  });

  it('S4 is refused under a name that is in use, and serves alone', () => {
    const world = new World({ seed: 5, nodes: 3 });
    const [n1, n2, n3] = [world.node(1), world.node(2), world.node(3)];
    n1.start();
    n2.start();
    world.run(2_000);
    Object.assign(n3, { name: n1.name });
    n3.start();
    world.run(10_000);
    expect(n2.told('cluster_link_refused')[0]).toMatchObject({ code: 'DUPLICATE_NODE_NAME', peer: 'n1@sim' });
    const refused = n3.told('cluster_link_refused');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ code: 'DUPLICATE_NODE_NAME', hint: 'Give every node its own node.name.' });
    expect(n1.cluster.core.members()).toEqual([
      { node: 'n1@sim', status: 'running' },
      { node: 'n2@sim', status: 'running' },
    ]);
  });

  it('S6 is refused with a copied data directory while the first one lives', () => {
    const world = new World({ seed: 5, nodes: 3 });
    world.node(1).start();
    world.node(2).start();
    world.run(2_000);
    world.node(3).copyDiskOf(world.node(2));
    world.node(3).start();
    world.run(5_000);
    expect(
      world
        .node(3)
        .told('cluster_link_refused')
        .map((event) => event['code']),
    ).toContain('DUPLICATE_NODE_ID');
    expect(world.node(1).cluster.core.members()).toEqual([
      { node: 'n1@sim', status: 'running' },
      { node: 'n2@sim', status: 'running' },
    ]);
  });
});

describe('a node that goes and comes', () => {
  it('S5 with a wiped disk replaces the dead one of its name', () => {
    const world = wholeWorld(3);
    world.node(3).crash();
    world.node(3).wipe();
    world.run(300);
    world.node(3).start();
    world.until('linked again', () => world.whole, 5_000);
    expect(
      world
        .node(1)
        .cluster.core.members()
        .map((member) => member.node),
    ).toEqual(['n1@sim', 'n2@sim', 'n3@sim']);
  });

  it('S7 is the same node with a higher incarnation; its old routes are gone', () => {
    const world = wholeWorld(2);
    world.node(2).subscribe('old');
    world.run(500);
    world.node(2).crash();
    world.node(2).local.clear();
    world.node(2).local.add('new');
    world.node(2).start();
    world.until('linked again', () => world.whole, 5_000);
    expect(world.knownRoutes(world.node(1))).toEqual({ 'n2@sim': ['new'] });
  });

  it('S8 is down after 4 s of silence, not before', () => {
    const world = wholeWorld(2);
    world.node(2).subscribe('t');
    world.run(1_000);
    world.node(2).pause();
    world.run(3_400);
    expect(world.node(1).cluster.core.links()[0]?.state).toBe('up');
    world.run(1_200);
    expect(world.node(1).cluster.core.links()[0]).toMatchObject({ state: 'down', reason: 'n2@sim does not answer for 4 s' });
    expect(world.knownRoutes(world.node(1))).toEqual({});
    world.node(2).resume();
    world.until('back', () => world.whole, 12_000);
    expect(world.knownRoutes(world.node(1))).toEqual({ 'n2@sim': ['t'] });
  });

  it('S9 is down within 1.2 s when its port refuses', () => {
    const world = wholeWorld(2);
    world.node(2).crash();
    const tookMs = world.until('down', () => world.node(1).cluster.core.links()[0]?.state === 'down');
    expect(tookMs).toBeGreaterThan(800);
    expect(tookMs).toBeLessThan(1_200);
  });

  it('is down at once when it says goodbye', () => {
    const world = wholeWorld(2);
    world.node(2).stop();
    const tookMs = world.until('down', () => world.node(1).cluster.core.links()[0]?.state === 'down');
    expect(tookMs).toBeLessThan(200);
    expect(world.node(1).cluster.core.links()[0]?.reason).toBe('n2@sim was stopped');
  });

  it('S10 is given up by both ends when one direction is cut', () => {
    const world = wholeWorld(2);
    world.network.cut(world.node(1), world.node(2));
    world.until('both have it down', () => world.nodes.every((node) => node.cluster.core.links()[0]?.state === 'down'), 9_000);
    world.network.heal();
    world.until('both have it back', () => world.whole, 15_000);
  });

  it('S11 stays in the tables through a flap of 3 s', () => {
    const world = wholeWorld(2);
    world.node(2).subscribe('t');
    world.run(500);
    world.network.reset(world.node(1), world.node(2));
    world.network.cut(world.node(1), world.node(2));
    world.network.cut(world.node(2), world.node(1));
    world.run(1_500);
    expect(world.node(1).cluster.core.links()[0]?.state).toBe('suspect');
    expect(world.knownRoutes(world.node(1))).toEqual({ 'n2@sim': ['t'] });
    world.network.heal();
    world.until('back', () => world.whole, 5_000);
    expect(world.node(1).told('cluster_node_down')).toEqual([]);
  });

  it('S12 has its rows read again when only the other side had given up (C6)', () => {
    const world = wholeWorld(2);
    world.node(2).subscribe('t');
    world.run(500);
    // n2 stands still: n1 gives it up, n2 knows of nothing and keeps the rows of n1 until it hears of it.
    world.node(1).subscribe('u');
    world.run(500);
    world.node(2).pause();
    world.run(6_000);
    world.node(2).resume();
    world.until('back', () => world.whole, 12_000);
    expect(world.knownRoutes(world.node(2))).toEqual({ 'n1@sim': ['u'] });
    expect(world.knownRoutes(world.node(1))).toEqual({ 'n2@sim': ['t'] });
  });
});

describe('routes', () => {
  it('S13 written between the two SNAPs reach the peer (C5)', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const world = new World({ seed, nodes: 2 });
      world.startAll();
      for (let step = 0; step < 30; step += 1) {
        world.run(5);
        world.node(1 + (step % 2)).subscribe(`t/${step}`);
      }
      world.until('linked', () => world.whole);
      world.run(1_000);
      for (const node of world.nodes) expect(world.knownRoutes(node)).toEqual(world.expectedRoutes(node));
    }
  });

  it('S16 subscribe at n1, publish at n2 as soon as SUBACK may go: it arrives', () => {
    const world = wholeWorld(3);
    let confirmed = false;
    world.node(1).subscribe('t', () => {
      confirmed = true;
      world.node(2).publish('t');
    });
    const tookMs = world.until('confirmed', () => confirmed);
    world.run(500);
    expect(tookMs).toBeLessThan(1_000);
    expect(world.node(1).arrivals).toEqual([{ origin: world.node(2).actor, n: 1, topic: 't' }]);
    expect(world.node(3).arrivals).toEqual([]);
  });

  it('many subscriptions of a turn cost each peer one frame of rows and one question, and each SUBACK goes in time (R28)', () => {
    const world = wholeWorld(3);
    const [n1, n2] = [world.node(1), world.node(2)];
    world.run(1_000);
    const before = n1.cluster.links().map((link) => link.controlOut);
    let confirmed = 0;
    for (let count = 0; count < 2_000; count += 1) {
      n1.subscribe(`t/${count}`, () => {
        confirmed += 1;
        n2.publish(`t/${count}`);
      });
    }
    world.until('all to be confirmed', () => confirmed === 2_000, 1_000);
    world.run(500);
    expect(new Set(n1.arrivals.map(({ topic }) => topic)).size).toBe(2_000);
    expect(n1.cluster.links().map((link, index) => link.controlOut - (before[index] ?? 0))).toEqual([2, 2]);
  });

  it('do not hold a SUBACK back for more than a second when a peer does not confirm', () => {
    const world = wholeWorld(2);
    world.node(2).pause();
    let confirmed = false;
    world.node(1).subscribe('t', () => {
      confirmed = true;
    });
    const tookMs = world.until('let go', () => confirmed);
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(tookMs).toBeLessThanOrEqual(1_200);
    expect(world.node(1).cluster.core.losses().barriersUnconfirmed).toBe(1);
  });

  it('of 50,000 filters reach a node that joins later', () => {
    const world = new World({ seed: 2, nodes: 2 });
    for (let index = 0; index < 50_000; index += 1) world.node(1).local.add(`plant/line-${index % 100}/device-${index}/state`);
    world.node(1).start();
    world.run(1_000);
    world.node(2).start();
    world.until('linked', () => world.whole);
    expect(world.node(2).remote.get(world.node(1).name)?.size).toBe(50_000);
  });
});

describe('messages', () => {
  it('go only to nodes with a matching route', () => {
    const world = wholeWorld(3);
    world.node(2).subscribe('a');
    world.run(500);
    for (let count = 0; count < 10; count += 1) world.node(1).publish('a');
    world.node(1).publish('b');
    world.run(500);
    const out = world
      .node(1)
      .cluster.core.links()
      .map(({ peer, messagesOut }) => ({ peer, messagesOut }));
    expect(out).toEqual([
      { peer: 'n2@sim', messagesOut: 10 },
      { peer: 'n3@sim', messagesOut: 0 },
    ]);
    expect(world.node(2).arrivals.map((arrival) => arrival.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe('messages that go down with a link', () => {
  it('are counted by their sender when it hears what has arrived, and none is counted twice (R24)', () => {
    const world = wholeWorld(2);
    const [n1, n2] = [world.node(1), world.node(2)];
    n2.subscribe('t');
    world.until('the route', () => n1.remote.get(n2.name)?.has('t') === true);
    let published = 0;
    for (let round = 0; round < 3; round += 1) {
      for (let count = 0; count < 5; count += 1) published = n1.publish('t');
      world.run(500);
      world.network.cut(n1, n2);
      for (let count = 0; count < 7; count += 1) published = n1.publish('t');
      world.run(100);
      world.network.reset(n1, n2);
      world.network.heal();
      world.run(2_000);
      world.until('the new link', () => world.whole);
    }
    world.run(2_000);
    expect([published, n2.arrivals.length]).toEqual([36, 15]);
    expect(n1.failed).toEqual({ dropped: 0, lost: 21 });
    expect(n1.cluster.links()).toMatchObject([{ messagesOut: 36, messagesLost: 21, messagesDropped: 0 }]);
    expect(n2.failed).toEqual({ dropped: 0, lost: 0 });
  });
});

describe('questions between nodes', () => {
  const ask = (world: World, to: number, params: unknown = { limit: 3 }) => {
    const results: AskResult[] = [];
    world.node(1).cluster.core.ask(world.node(to).name, 'clients', params, (result) => results.push(result));
    return results;
  };

  it('are answered by the peer, and at once by the node itself', () => {
    const world = wholeWorld(2);
    const own = ask(world, 1);
    expect(own).toEqual([{ ok: true, answer: { question: 'clients', params: { limit: 3 }, node: 'n1@sim' } }]);
    const remote = ask(world, 2);
    world.until('answered', () => remote.length === 1, 1_000);
    expect(remote).toEqual([{ ok: true, answer: { question: 'clients', params: { limit: 3 }, node: 'n2@sim' } }]);
  });

  it('cross as code, message and hint when they fail', () => {
    const world = wholeWorld(2);
    world.node(2).answer = () => ({ ok: false, code: 'BAD_REQUEST', message: 'limit is too large', hint: 'Use at most 10000.' });
    const results = ask(world, 2);
    world.until('answered', () => results.length === 1, 1_000);
    expect(results).toEqual([{ ok: false, code: 'BAD_REQUEST', message: 'limit is too large', hint: 'Use at most 10000.' }]);
  });

  it('fail after 5 s without an answer, when the peer goes, and without a link', () => {
    const world = wholeWorld(2);
    world.node(2).pause();
    const late = ask(world, 2);
    world.until('given up', () => late.length === 1, 6_000);
    expect(late[0]).toMatchObject({ ok: false, code: expect.stringMatching(/NODE_TIMEOUT|NODE_DOWN/) as string });
    expect(ask(world, 2)[0]).toMatchObject({ ok: false, code: 'NODE_DOWN' });
    world.node(2).resume();
    world.until('back', () => world.whole);
    const cut = ask(world, 2);
    world.node(2).crash();
    world.until('failed', () => cut.length === 1, 1_000);
    expect(cut[0]).toMatchObject({ ok: false, code: 'NODE_DOWN' });
    expect(world.node(1).cluster.core.pending().calls).toBe(0);
  });

  it('are bounded in number and in bytes, each way', () => {
    const world = wholeWorld(2);
    world.node(2).answer = () => ({ ok: true, answer: 'x'.repeat(9 * 1024 * 1024) });
    const large = ask(world, 2);
    world.until('refused', () => large.length === 1, 2_000);
    expect(large[0]).toMatchObject({ ok: false, code: 'ANSWER_TOO_LARGE' });
    expect(ask(world, 2, 'x'.repeat(2 * 1024 * 1024))[0]).toMatchObject({ ok: false, code: 'BAD_REQUEST' });
    const many = Array.from({ length: 65 }, () => ask(world, 2));
    expect(many[64]?.[0]).toMatchObject({ ok: false, code: 'NODE_BUSY' });
  });
});
