import { describe, expect, it } from 'vitest';
import { nodeNamed } from '../../test/support/brokerWorld.ts';
import { seededPrng } from '../base/prng.ts';
import { MAX_PUBLISHERS, PublisherMemories } from './publisherMemory.ts';
import type { SharedPolicy } from '../topics/sharedPolicy.ts';
import { SharedGroup } from './sharedGroup.ts';

interface Member {
  readonly name: string;
}
const SELF = nodeNamed('b@h');
const BEFORE = nodeNamed('a@h');
const BEHIND = nodeNamed('c@h');

function groupOf(policy: Partial<SharedPolicy>, self = SELF): SharedGroup<Member> {
  return new SharedGroup('g', 't', self, { strategy: 'random', initialStickyPick: 'random', preferConnected: true, ...policy }, seededPrng(7));
}

/** A group with members m1, m2, … of this node, all connected. */
function membersOf(count: number, policy: Partial<SharedPolicy>) {
  const group = groupOf(policy);
  const members = Array.from({ length: count }, (_, index): Member => ({ name: `m${index + 1}` }));
  for (const member of members) group.join(member, true);
  return { group, members };
}

function picks(group: SharedGroup<Member>, count: number, fromClientId = 'p', topic = 't'): string[] {
  return Array.from({ length: count }, () => {
    const chosen = group.pick({ topic, fromClientId });
    return typeof chosen === 'object' ? chosen.name : (chosen ?? 'nobody');
  });
}

function counts(names: readonly string[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const name of names.toSorted()) out[name] = (out[name] ?? 0) + 1;
  return out;
}

describe('the choice of a member', () => {
  it('round_robin goes round for each publisher by itself', () => {
    const { group } = membersOf(3, { strategy: 'round_robin' });
    const [p, q]: string[][] = [[], []];
    for (let round = 0; round < 6; round += 1) {
      p?.push(...picks(group, 1, 'p'));
      q?.push(...picks(group, 1, 'q'));
    }
    expect([counts(p ?? []), counts(q ?? [])]).toEqual([
      { m1: 2, m2: 2, m3: 2 },
      { m1: 2, m2: 2, m3: 2 },
    ]);
    expect(p?.slice(0, 3)).toEqual(p?.slice(3));
  });

  it('round_robin_per_group goes round for all publishers together', () => {
    const { group } = membersOf(3, { strategy: 'round_robin_per_group' });
    const chosen = ['p', 'q', 'r', 's', 't', 'u'].flatMap((publisher) => picks(group, 1, publisher));
    expect([counts(chosen), chosen.slice(0, 3)]).toEqual([{ m1: 2, m2: 2, m3: 2 }, chosen.slice(3)]);
  });

  it('random reaches everybody about equally', () => {
    const { group } = membersOf(4, { strategy: 'random' });
    for (const [name, count] of Object.entries(counts(picks(group, 4_000)))) expect({ name, fair: count > 850 && count < 1_150 }).toEqual({ name, fair: true });
  });

  it.each([
    ['hash_clientid', (index: number) => ({ fromClientId: `c${index}`, topic: 't' })],
    ['hash_topic', (index: number) => ({ fromClientId: 'c', topic: `t/${index}` })],
  ] as const)('%s gives the same to the same member, and others to others', (strategy, messageOf) => {
    const { group } = membersOf(4, { strategy });
    const once = Array.from({ length: 100 }, (_, index) => group.pick(messageOf(index)));
    const again = Array.from({ length: 100 }, (_, index) => group.pick(messageOf(index)));
    expect(again).toEqual(once);
    expect(new Set(once).size).toBe(4);
  });

  it('sticky keeps to one member until that one goes', () => {
    const { group, members } = membersOf(3, { strategy: 'sticky' });
    const [first = ''] = picks(group, 1);
    group.join({ name: 'late' }, true);
    expect(new Set(picks(group, 20))).toEqual(new Set([first]));
    const stuck = members.find((member) => member.name === first) as Member;
    group.setOnline(stuck, false);
    const [second = ''] = picks(group, 1);
    expect(second).not.toBe(first);
    group.setOnline(stuck, true);
    expect(new Set(picks(group, 20))).toEqual(new Set([second]));
  });

  it.each(['hash_topic', 'hash_clientid', 'local', 'random'] as const)('sticky may begin with %s', (initialStickyPick) => {
    const { group } = membersOf(3, { strategy: 'sticky', initialStickyPick });
    group.setRemote(BEHIND, 5, 5);
    const chosen = ['p', 'q', 'r'].map((publisher) => new Set(picks(group, 5, publisher)));
    expect(chosen.map((names) => names.size)).toEqual([1, 1, 1]);
    if (initialStickyPick === 'local') expect(chosen.flatMap((names) => [...names])).not.toContain(BEHIND);
    if (initialStickyPick === 'hash_topic') expect(new Set(chosen.flatMap((names) => [...names])).size).toBe(1);
  });

  it('local stays on this node while it has a member that is connected', () => {
    const { group, members } = membersOf(1, { strategy: 'local' });
    group.setRemote(BEHIND, 9, 9);
    expect(counts(picks(group, 20))).toEqual({ m1: 20 });
    group.setOnline(members[0] as Member, false);
    expect(counts(picks(group, 20))).toEqual({ [BEHIND]: 20 });
  });
});

describe('members that are away', () => {
  it('get nothing while one is connected anywhere, and share everything when none is', () => {
    const { group, members } = membersOf(3, { strategy: 'round_robin_per_group' });
    for (const member of members.slice(1)) group.setOnline(member, false);
    expect(counts(picks(group, 6))).toEqual({ m1: 6 });
    group.setRemote(BEHIND, 0, 2);
    expect(counts(picks(group, 6))).toEqual({ m1: 6 });
    group.leave(members[0] as Member);
    expect(counts(picks(group, 8))).toEqual({ [BEHIND]: 4, m2: 2, m3: 2 });
    group.setRemote(BEHIND, 1, 2);
    expect(counts(picks(group, 6))).toEqual({ [BEHIND]: 6 });
  });

  it('count like others where EMQX’s way is configured', () => {
    const { group, members } = membersOf(3, { strategy: 'round_robin_per_group', preferConnected: false });
    group.setOnline(members[1] as Member, false);
    expect(counts(picks(group, 6))).toEqual({ m1: 2, m2: 2, m3: 2 });
  });
});

describe('a group over several nodes', () => {
  it('weighs nodes by their members', () => {
    const { group } = membersOf(2, { strategy: 'round_robin_per_group' });
    group.setRemote(BEFORE, 1, 3);
    group.setRemote(BEHIND, 3, 3);
    expect(counts(picks(group, 12))).toEqual({ [BEFORE]: 2, m1: 2, m2: 2, [BEHIND]: 6 });
    group.setRemote(BEHIND, 0, 0);
    expect(counts(picks(group, 6))).toEqual({ [BEFORE]: 2, m1: 2, m2: 2 });
  });

  it.each(['hash_clientid', 'hash_topic'] as const)('%s means the same member on every node', (strategy) => {
    const here = groupOf({ strategy }, SELF);
    const there = groupOf({ strategy }, BEHIND);
    const ours = ['m1', 'm2'].map((name) => ({ name }));
    const theirs = ['m3', 'm4', 'm5'].map((name) => ({ name }));
    for (const member of ours) here.join(member, true);
    for (const member of theirs) there.join(member, true);
    here.setRemote(BEHIND, 3, 3);
    there.setRemote(SELF, 2, 2);
    const end = (from: SharedGroup<Member>, other: SharedGroup<Member>, index: number) => {
      const message = { topic: `t/${index}`, fromClientId: `c${index}` };
      const chosen = from.pick(message);
      return typeof chosen === 'object' ? chosen.name : other.pickHere(message)?.name;
    };
    const seen = new Set<string | undefined>();
    for (let index = 0; index < 200; index += 1) {
      const name = end(here, there, index);
      expect({ index, name: end(there, here, index) }).toEqual({ index, name });
      seen.add(name);
    }
    expect([...seen].toSorted()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
  });

  it.each(['random', 'round_robin', 'round_robin_per_group', 'sticky', 'local', 'hash_clientid', 'hash_topic'] as const)(
    'with %s, a message from elsewhere finds a member of this node, the connected ones first',
    (strategy) => {
      const { group, members } = membersOf(3, { strategy });
      group.setRemote(BEHIND, 3, 3);
      const message = { topic: 't', fromClientId: 'far' };
      for (let time = 0; time < 20; time += 1) expect(members).toContain(group.pickHere(message));
      for (const member of members.slice(1)) group.setOnline(member, false);
      for (let time = 0; time < 5; time += 1) expect(group.pickHere(message)).toBe(members[0]);
      for (const member of members) group.leave(member);
      expect([group.pickHere(message), group.otherNodes(), group.localMembers, group.members]).toEqual([undefined, [BEHIND], 0, 3]);
    },
  );
});

describe('the memory of publishers', () => {
  it('is bounded; who goes on publishing is not forgotten', () => {
    const memories = new PublisherMemories<Member>(2);
    const busy = memories.of('busy', () => 1);
    for (let index = 0; index < 10; index += 1) {
      memories.of(`other${index}`, () => 2);
      expect(memories.of('busy', () => 3)).toBe(busy);
    }
    expect(memories.of('other0', () => 9).turn).toBe(9);
    expect(MAX_PUBLISHERS).toBe(10_000);
  });
});
