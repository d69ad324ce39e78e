import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

function sharedOf(text: string) {
  const { config, problems } = loadConfig({ text });
  return config === undefined ? problems.map((problem) => problem.message) : config.sharedSubscriptions;
}
const others = { strategy: 'round_robin', initialStickyPick: 'random', preferConnected: true };

describe('the strategy of shared subscriptions', () => {
  it('is one for all, but for groups that are named', () => {
    const text = `mqtt { shared_subscription_strategy = sticky, shared_subscription_initial_sticky_pick = hash_topic, shared_subscription_prefer_connected = false }
      broker.shared_subscription_group { g1.strategy = local, g2.initial_sticky_pick = local }`;
    expect(sharedOf(text)).toEqual({
      others: { strategy: 'sticky', initialStickyPick: 'hash_topic', preferConnected: false },
      groups: new Map([
        ['g1', { strategy: 'local', initialStickyPick: 'random', preferConnected: false }],
        ['g2', { strategy: 'random', initialStickyPick: 'local', preferConnected: false }],
      ]),
    });
  });

  it.each([
    ['hash', 'hash_clientid'],
    ['hash_topic', 'hash_topic'],
    ['random', 'random'],
  ])('is read in EMQX 4’s spelling: %s', (given, strategy) => {
    expect(sharedOf(`broker.shared_subscription_strategy = ${given}`)).toEqual({ groups: new Map(), others: { ...others, strategy } });
  });

  it('is refused when it is none', () => {
    expect(sharedOf('mqtt.shared_subscription_strategy = fastest')).toEqual([expect.stringContaining('expected one of random, round_robin,')]);
  });
});
