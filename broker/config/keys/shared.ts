/** Shared and exclusive subscriptions (broker-contract 7.6). */
import { key } from './key.ts';
import type { SharedStrategy, StickyPick } from '../../topics/sharedPolicy.ts';
import * as form from '../valueTypes.ts';

const STRATEGIES: Readonly<Record<string, SharedStrategy>> = {
  random: 'random',
  round_robin: 'round_robin',
  round_robin_per_group: 'round_robin_per_group',
  sticky: 'sticky',
  local: 'local',
  hash_clientid: 'hash_clientid',
  hash_topic: 'hash_topic',
  // EMQX 4's older name.
  hash: 'hash_clientid',
};
const STICKY_PICKS: Readonly<Record<string, StickyPick>> = {
  random: 'random',
  local: 'local',
  hash_clientid: 'hash_clientid',
  hash_topic: 'hash_topic',
};

export const SHARED_KEYS = {
  sharedSubscription: key(
    'mqtt.shared_subscription',
    form.switchType,
    'true',
    'Whether $share/<group>/<filter> and $queue/<filter> may be subscribed; if not they are refused with 0x9E.',
  ),
  sharedStrategy: key(
    'mqtt.shared_subscription_strategy',
    form.oneOf(STRATEGIES),
    'round_robin',
    'How the member of a shared subscription that gets a message is chosen; hash is hash_clientid.',
    { aliases: ['broker.shared_subscription_strategy'] },
  ),
  sharedStickyPick: key(
    'mqtt.shared_subscription_initial_sticky_pick',
    form.oneOf(STICKY_PICKS),
    'random',
    'How the strategy sticky chooses the first member of a publisher.',
  ),
  sharedPreferConnected: key(
    'mqtt.shared_subscription_prefer_connected',
    form.switchType,
    'true',
    'Whether members whose client is away get nothing while another one is connected. In EMQX they queue their share (false).',
  ),
  sharedGroupStrategy: key(
    'broker.shared_subscription_group.<name>.strategy',
    form.oneOf(STRATEGIES),
    'random',
    'The strategy of one group, in place of mqtt.shared_subscription_strategy.',
  ),
  sharedGroupStickyPick: key(
    'broker.shared_subscription_group.<name>.initial_sticky_pick',
    form.oneOf(STICKY_PICKS),
    'random',
    'How one group with the strategy sticky chooses the first member of a publisher.',
  ),
  exclusiveSubscription: key(
    'mqtt.exclusive_subscription',
    form.switchType,
    'false',
    'Whether $exclusive/<topic> may be subscribed, by one client of the cluster at a time (0x97 for others); if not it is refused with 0x8F.',
  ),
} as const;

/** The part of a path that carries the name of a group. */
export const SHARED_GROUP_PREFIX = 'broker.shared_subscription_group.';
