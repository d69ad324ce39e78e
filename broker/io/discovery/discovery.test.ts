import { afterEach, describe, expect, it } from 'vitest';
import { BusbarError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Proposal } from '../../cluster/ports.ts';
import { waitFor, within } from '../../../test/support/waitFor.ts';
import { Discovery } from './discovery.ts';
import type { DiscoverySource } from './discoverySource.ts';

const at = (port: number): Proposal => ({ node: undefined, address: { host: 'h', port } });

const running: Discovery[] = [];
afterEach(() => Promise.all(running.splice(0).map((discovery) => discovery.stop())));

interface Run {
  readonly discovery: Discovery;
  readonly proposed: (readonly Proposal[])[];
  readonly told: string[];
  incomplete: boolean;
}

function run(source: DiscoverySource): Run {
  const told: string[] = [];
  const line = (level: string) => (msg: string, { reason, hint, addresses }: Record<string, unknown> = {}) =>
    void told.push([level, msg, reason, hint, addresses].filter((part) => part !== undefined).join(' '));
  const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const proposed: (readonly Proposal[])[] = [];
  const state = { incomplete: true, proposed, told };
  const discovery = new Discovery({
    strategy: 'test',
    source,
    propose: (proposals) => proposed.push(proposals) * 0,
    isIncomplete: () => state.incomplete,
    log,
    lookMs: 20,
  });
  running.push(discovery);
  return Object.assign(state, { discovery });
}

describe('discovery', () => {
  it('looks again while somebody is missing, and tells what it found only when that changes', async () => {
    let answers = 0;
    const found = run({ discover: () => Promise.resolve((answers += 1) < 3 ? [at(1)] : [at(1), at(2)]) });
    found.discovery.start();
    await waitFor('four looks', () => answers >= 4);
    expect(found.told).toEqual(['info cluster_discovery_found h:1', 'info cluster_discovery_found h:1,h:2']);
    expect(found.proposed.slice(0, 3)).toEqual([[at(1)], [at(1)], [at(1), at(2)]]);
  });

  it('rests when all are linked', async () => {
    let answers = 0;
    const found = run({ discover: () => Promise.resolve([at((answers += 1))]) });
    found.incomplete = false;
    found.discovery.start();
    await waitFor('the first look', () => answers === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answers).toBe(1);
    found.incomplete = true;
    await waitFor('the second look', () => answers > 1);
  });

  it('a failure is told once with what to do, proposes nothing, and its end is told too', async () => {
    let looks = 0;
    const found = run({
      discover() {
        looks += 1;
        if (looks <= 3) return Promise.reject(new BusbarError('DISCOVERY_FAILED', 'no way', { hint: 'Mend it.' }));
        return Promise.resolve([at(1)]);
      },
    });
    found.discovery.start();
    await waitFor('the recovery', () => found.proposed.length > 0);
    expect(found.told.slice(0, 5)).toEqual([
      'warn cluster_discovery_failed no way Mend it.',
      'debug cluster_discovery_failed no way Mend it.',
      'debug cluster_discovery_failed no way Mend it.',
      'info cluster_discovery_recovered',
      'info cluster_discovery_found h:1',
    ]);
  });

  it('a source that never answers keeps nobody waiting: the node stops at once', async () => {
    const hung = run({ discover: () => new Promise(() => {}), announceEveryMs: 20, announce: () => new Promise(() => {}), withdraw: () => Promise.resolve() });
    hung.discovery.start();
    await within('the end', hung.discovery.stop(), 2_000);
    expect(hung.told).toEqual([]);
  });

  it('announces before it looks, again and again, and takes it back when it is paused or stopped', async () => {
    const calls: string[] = [];
    const noted = (name: string) => () => Promise.resolve(void calls.push(name));
    const announced = run({ discover: () => Promise.resolve([at(calls.push('discover'))]), announceEveryMs: 10_000, announce: noted('announce'), withdraw: noted('withdraw') });
    announced.incomplete = false;
    announced.discovery.start();
    await waitFor('a look', () => calls.length === 2);
    await announced.discovery.pause();
    expect(calls).toEqual(['announce', 'discover', 'withdraw']);
    expect(announced.proposed.at(-1)).toEqual([]);
    announced.discovery.start();
    await waitFor('another look', () => calls.length === 5);
    await announced.discovery.stop();
    expect(calls.slice(3)).toEqual(['announce', 'discover', 'withdraw']);
  });
});
