import { describe, expect, it } from 'vitest';
import type { NodeId, NodeName } from '../base/ids.ts';
import { DialPlan, type DialTarget } from './dialPlan.ts';

const self = { name: 'n1@h' as NodeName, address: { host: 'h', port: 4371 } };
const seed = (number: number, host = 'h') => ({ node: `n${number}@h` as NodeName, host, port: 4370 + number });
const n2 = '22'.repeat(16) as NodeId;

/** When the target is dialled within the time, each dial ending as told. */
function dials(
  plan: DialPlan,
  untilMs: number,
  standing: 'suspect' | 'unlinked',
  end: (target: DialTarget, nowMs: number) => void,
): number[] {
  const times: number[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 100) {
    for (const target of plan.due(nowMs, () => standing)) {
      times.push(nowMs);
      target.busy = true;
      end(target, nowMs);
    }
  }
  return times;
}

describe('the plan of addresses', () => {
  it('leaves ourselves out: by name, by address, and once we have answered ourselves', () => {
    const plan = new DialPlan([seed(1, 'other-name-of-h'), { ...seed(9), port: 4371 }, seed(2)], self);
    expect(plan.due(0, () => 'unlinked').map((target) => target.seedName)).toEqual(['n2@h']);
    const found = plan.get(seed(2));
    if (found) found.self = true;
    expect(plan.due(1e9, () => 'unlinked')).toEqual([]);
  });

  it('tries an address where nobody answers after 1, 2, 4, 8, 10, 10 s', () => {
    const plan = new DialPlan([seed(2)], self);
    const times = dials(plan, 36_000, 'unlinked', (target, nowMs) => plan.unreachable(target, 'unlinked', 'refused', nowMs));
    expect(times).toEqual([0, 1_000, 3_000, 7_000, 15_000, 25_000, 35_000]);
  });

  it('waits up to a minute after refusals on principle (R7)', () => {
    const plan = new DialPlan([seed(2)], self);
    const times = dials(plan, 200_000, 'unlinked', (target, nowMs) => plan.refused(target, 'wrong cookie', nowMs));
    expect(times).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 123_000, 183_000]);
  });

  it('dials a suspect peer every 200 ms (R17)', () => {
    const plan = new DialPlan([seed(2)], self);
    const times = dials(plan, 900, 'suspect', (target, nowMs) => plan.unreachable(target, 'suspect', 'refused', nowMs));
    expect(times).toEqual([0, 200, 400, 600, 800]);
  });

  it('does not dial what is linked or being dialled, and starts afresh when a link has worked', () => {
    const plan = new DialPlan([seed(2)], self);
    expect(plan.due(0, () => 'linked')).toEqual([]);
    const [target] = plan.due(0, () => 'unlinked');
    if (target === undefined) throw new Error('no target');
    target.busy = true;
    expect(plan.due(0, () => 'unlinked')).toEqual([]);
    target.nodeId = n2;
    plan.refused(target, 'wrong cookie', 0);
    plan.worked(n2);
    expect(plan.due(1, () => 'unlinked')).toEqual([target]);
  });

  it('forgets the address of a member that was replaced, but never a seed', () => {
    const plan = new DialPlan([seed(2)], self);
    plan.addMember({ host: 'h', port: 4372 }, n2);
    plan.addMember({ host: 'h', port: 9_999 }, n2);
    plan.removeMember(n2);
    expect([...plan.all()].map((target) => [target.address.port, target.nodeId])).toEqual([
      [4372, undefined],
      [4371, undefined],
    ]);
  });

  it('takes what discovery proposes, and forgets what it no longer names unless a member is there', () => {
    const plan = new DialPlan([], self);
    const address = (port: number) => ({ host: 'h', port });
    const known = () => [...plan.all()].filter((target) => !target.self).map((target) => [target.address.port, target.seedName]);
    plan.propose([{ node: seed(2).node, address: address(4372) }, { node: undefined, address: address(4373) }, { node: self.name, address: address(9) }]);
    plan.addMember(address(4372), n2);
    expect(known()).toEqual([
      [4372, 'n2@h'],
      [4373, undefined],
    ]);
    plan.propose([{ node: undefined, address: address(4374) }]);
    expect(known()).toEqual([
      [4372, undefined],
      [4374, undefined],
    ]);
    plan.removeMember(n2);
    expect(known()).toEqual([[4374, undefined]]);
  });

  it('takes no more than 64 addresses of discovery', () => {
    const plan = new DialPlan([], self);
    const many = Array.from({ length: 70 }, (_, index) => ({ node: undefined, address: { host: 'h', port: 5000 + index } }));
    expect(plan.propose(many)).toBe(6);
    expect([...plan.all()].filter((target) => target.proposed)).toHaveLength(64);
  });
});
