/** Stories of membership and shared tables (cluster-protocol section 16, S50 to S56), on the real code in a simulated world. */
import { describe, expect, it } from 'vitest';
import type { NodeName } from '../../../broker/base/ids.ts';
import { World } from '../world.ts';
import { SharedNode } from './sharedNode.ts';

function clusterOf(count: number, membership = { autoheal: true, autocleanMs: Number.POSITIVE_INFINITY }, prepare: (node: SharedNode, index: number) => void = () => {}) {
  const world = new World({ seed: 11, nodes: count });
  const nodes = world.nodes.map((sim, index) => {
    const node = new SharedNode(sim);
    node.membership = membership;
    prepare(node, index);
    return node;
  });
  const node = (number: number): SharedNode => {
    const found = nodes[number - 1];
    if (found === undefined) throw new Error(`There is no node n${number}`);
    return found;
  };
  const has = (number: number, key: string) => node(number).table('users').get(key);
  const settled = () => world.living.length > 0 && nodes.every((each) => !each.sim.alive || each.sync.settled);
  const view = (number: number) => node(number).sim.cluster.core.members().map(({ node: name, status }) => `${name.slice(0, 2)} ${status}`);
  world.startAll();
  world.until('all nodes are linked', () => world.whole);
  world.until('all tables are equal', settled);
  world.run(2_000);
  return { world, nodes, node, has, settled, view };
}

/** Nobody hears node `number` any more, and it hears nobody. */
function isolate(world: World, number: number): void {
  const lone = world.node(number);
  for (const other of world.nodes) {
    if (other === lone) continue;
    world.network.cut(lone, other);
    world.network.cut(other, lone);
  }
}

describe('members', () => {
  it('are known after a restart though they are away, and are found again without seeds of their own (R10)', () => {
    const { world, node, view } = clusterOf(3);
    node(2).sim.stop();
    node(1).sim.stop();
    world.run(3_000);
    node(1).sim.start();
    world.until('n1 to find n3', () => view(1).includes('n3 running'));
    expect(view(1)).toEqual(['n1 running', 'n2 stopped', 'n3 running']);
  });

  it('S50 leave, and do not come back by themselves, not after a restart either (R12)', () => {
    const { world, node, has, view } = clusterOf(3);
    node(1).table('users').put('kept', 'here');
    world.run(1_000);
    node(2).roster.announceLeave();
    world.run(1_000);
    node(2).roster.goAlone();
    world.run(20_000);
    expect([view(1), view(2), view(3)]).toEqual([['n1 running', 'n3 running'], ['n2 running'], ['n1 running', 'n3 running']]);
    node(2).sim.stop();
    node(2).sim.start();
    node(1).sim.stop();
    node(1).sim.start();
    world.run(90_000);
    expect([view(1), view(2), view(3)]).toEqual([['n1 running', 'n3 running'], ['n2 running'], ['n1 running', 'n3 running']]);
    expect(has(2, 'kept')).toBe('here');
  });

  it('that left are members again when they join', () => {
    const { world, node, view } = clusterOf(2);
    node(2).roster.announceLeave();
    world.run(1_000);
    node(2).roster.goAlone();
    world.run(2_000);
    node(2).tables.reset(node(2).sim.clock.wallMs());
    node(2).roster.goTogether();
    node(2).sim.cluster.join(node(1).sim.address);
    world.until('both to be linked', () => view(1).includes('n2 running') && view(2).includes('n1 running'), 5_000);
    world.run(2_000);
    expect([...node(1).roster.entries()].map(([, { name, state }]) => `${name} ${state}`).sort()).toEqual(['n1@sim member', 'n2@sim member']);
  });

  it('are removed by another one while they run: they leave (R13)', () => {
    const { world, node, view } = clusterOf(3);
    expect(node(1).roster.remove('n3@sim' as NodeName, true)).toBe(true);
    world.run(3_000);
    expect([view(1), view(2), view(3)]).toEqual([['n1 running', 'n2 running'], ['n1 running', 'n2 running'], ['n3 running']]);
    expect(node(3).toldAlone).toBe(1);
    expect(node(1).roster.remove('n9@sim' as NodeName, true)).toBe(false);
  });

  it('S51 are forgotten when they stay away; with autoheal they return by themselves, and their tables merge (R14)', () => {
    const { world, node, has, view, settled } = clusterOf(3, { autoheal: true, autocleanMs: 10_000 });
    node(1).table('users').put('deleted', 'old');
    world.run(1_000);
    node(3).sim.stop();
    world.run(16_000);
    expect(view(1)).toEqual(['n1 running', 'n2 running']);
    node(1).table('users').remove('deleted');
    world.run(3_000);
    expect(node(1).tables.replica.rows.tombstones).toBe(0);
    node(3).sim.start();
    node(3).table('users').put('alone', 'written before anybody was met');
    world.until('n3 to be a member again', () => view(1).includes('n3 running') && view(3).includes('n1 running'));
    world.until('the tables to be equal', () => settled() && has(1, 'alone') !== undefined);
    expect([has(1, 'deleted'), has(2, 'deleted'), has(3, 'deleted')]).toEqual([undefined, undefined, undefined]);
    expect(node(3).sim.told('cluster_rejoined')).toHaveLength(1);
  });

  it('S51 without autoheal they stay alone, and say what joins them', () => {
    const { world, node, view } = clusterOf(3, { autoheal: false, autocleanMs: 10_000 });
    node(3).sim.stop();
    world.run(16_000);
    node(3).sim.start();
    world.run(10_000);
    expect([view(1), view(3)]).toEqual([['n1 running', 'n2 running'], ['n3 running']]);
    expect(node(3).sim.told('cluster_forgotten')).toMatchObject([{ hint: expect.stringContaining('cluster join') as unknown }]);
  });

  it('S51 that find nobody when they return forget nobody: it was they who were away', () => {
    const { world, node, view } = clusterOf(2, { autoheal: false, autocleanMs: 10_000 });
    node(2).sim.stop();
    world.run(16_000);
    isolate(world, 2);
    node(2).sim.start();
    world.run(30_000);
    expect(view(2)).toEqual(['n1 stopped', 'n2 running']);
    world.network.heal();
    world.run(15_000);
    expect([view(1), view(2)]).toEqual([['n1 running'], ['n2 running']]);
    expect([1, 2].map((number) => [node(number).toldAlone, node(number).sim.told('cluster_forgotten').length])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('S51 that were cut off from most others forget none of them: these stay together when the cut is healed', () => {
    const { world, node, view } = clusterOf(3, { autoheal: false, autocleanMs: 10_000 });
    isolate(world, 3);
    world.run(30_000);
    expect([view(1), view(3)]).toEqual([
      ['n1 running', 'n2 running'],
      ['n1 stopped', 'n2 stopped', 'n3 running'],
    ]);
    world.network.heal();
    world.until('n3 to hear of it', () => node(3).toldAlone === 1, 30_000);
    world.run(5_000);
    expect([view(1), view(2), view(3)]).toEqual([['n1 running', 'n2 running'], ['n1 running', 'n2 running'], ['n3 running']]);
    expect([1, 2, 3].map((number) => node(number).toldAlone)).toEqual([0, 0, 1]);
  });

  it('S5 that lost their disk replace what they were', () => {
    const { world, node, view } = clusterOf(2);
    const before = node(2).sim.nodeId;
    node(2).sim.crash();
    node(2).sim.wipe();
    node(2).sim.start();
    world.until('both to be linked', () => world.whole);
    world.run(3_000);
    expect(node(1).roster.get(before)?.state).toBe('left');
    expect([...node(1).roster.memberIds()]).toHaveLength(2);
    expect(view(1)).toEqual(['n1 running', 'n2 running']);
  });
});

describe('shared rows', () => {
  it('S52 deleted while a member is away stay deleted: the absent member holds the tombstone (C19)', () => {
    const { world, node, has, settled } = clusterOf(3);
    node(1).table('users').put('gone', 'x');
    world.run(1_000);
    node(3).sim.stop();
    node(1).table('users').remove('gone');
    world.run(60_000);
    expect(node(2).tables.replica.rows.tombstones).toBe(1);
    node(3).sim.start();
    world.until('the tables to be equal', () => world.whole && settled());
    world.run(5_000);
    expect([has(1, 'gone'), has(3, 'gone'), node(1).tables.replica.rows.tombstones]).toEqual([undefined, undefined, 0]);
  });

  it('S53, S54 written on both sides of a split: the later write wins everywhere, a delete like any other', () => {
    const { world, node, has } = clusterOf(2);
    for (const key of ['changed', 'deleted']) node(1).table('users').put(key, 'before');
    world.run(1_000);
    isolate(world, 2);
    world.run(6_000);
    node(1).table('users').put('changed', 'first');
    node(2).table('users').put('deleted', 'changed here');
    world.run(500);
    node(2).table('users').put('changed', 'second');
    node(1).table('users').remove('deleted');
    world.run(3_000);
    world.network.heal();
    world.until('both to be linked', () => world.whole);
    world.run(3_000);
    expect([1, 2].map((number) => [has(number, 'changed'), has(number, 'deleted')])).toEqual([
      ['second', undefined],
      ['second', undefined],
    ]);
  });

  it('S55 keep the order of what was seen though a clock is three minutes ahead, or behind', () => {
    for (const skewMs of [180_000, -180_000]) {
      const { world, node, has } = clusterOf(2, undefined, ({ sim }, index) => {
        if (index === 0) sim.skewMs = skewMs;
      });
      for (let turn = 0; turn < 6; turn += 1) {
        node(1 + (turn % 2)).table('users').put('k', String(turn));
        world.run(500);
        expect([has(1, 'k'), has(2, 'k')]).toEqual([String(turn), String(turn)]);
      }
    }
  });

  it('S55 survive a clock that is set back while a node is down: what it writes afterwards is newer', () => {
    const { world, node, has } = clusterOf(2);
    node(1).table('users').put('k', 'before');
    world.run(1_000);
    node(1).sim.stop();
    node(1).sim.skewMs = -600_000;
    node(1).sim.start();
    node(1).table('users').put('k', 'after');
    world.until('both to be linked', () => world.whole);
    world.run(2_000);
    expect([has(1, 'k'), has(2, 'k')]).toEqual(['after', 'after']);
  });

  it('S56 of a node two hours ahead are kept out: its link is refused (R9)', () => {
    const world = new World({ seed: 5, nodes: 2 });
    const nodes = world.nodes.map((sim) => new SharedNode(sim));
    world.node(2).skewMs = 7_200_000;
    world.startAll();
    nodes[1]?.table('users').put('k', 'from the future');
    world.run(10_000);
    expect(nodes[0]?.table('users').get('k')).toBeUndefined();
    expect(world.node(1).told('cluster_link_refused')).toMatchObject([{ code: 'CLUSTER_CLOCK_TOO_FAR' }]);
  });

  it('belong to the node id: a node that is renamed keeps them (R1)', () => {
    const { world, node, has, view } = clusterOf(2);
    node(1).table('users').put('k', 'v');
    world.run(1_000);
    node(2).sim.stop();
    Object.assign(node(2).sim, { name: 'renamed@sim' });
    node(2).sim.start();
    world.until('n1 to know the new name', () => view(1).includes('re running'));
    world.run(2_000);
    expect([has(2, 'k'), view(1)]).toEqual(['v', ['n1 running', 're running']]);
    expect([...node(1).roster.entries()].map(([, { name }]) => name).sort()).toEqual(['n1@sim', 'renamed@sim']);
  });
});
