/** How members of shared subscriptions are chosen. */
import type { SharedPolicy } from '../topics/sharedPolicy.ts';
import type { SharedSubscriptionConfig } from './config.ts';
import { SHARED_GROUP_PREFIX } from './keys/shared.ts';
import { KEYS } from './schema.ts';
import type { Settings } from './settings.ts';

export function buildShared(settings: Settings): SharedSubscriptionConfig {
  const preferConnected = settings.get(KEYS.sharedPreferConnected);
  const ofGroup = (name: string): readonly [string, SharedPolicy] => [
    name,
    {
      strategy: settings.get(KEYS.sharedGroupStrategy, name),
      initialStickyPick: settings.get(KEYS.sharedGroupStickyPick, name),
      preferConnected,
    },
  ];
  return {
    others: {
      strategy: settings.get(KEYS.sharedStrategy),
      initialStickyPick: settings.get(KEYS.sharedStickyPick),
      preferConnected,
    },
    groups: new Map(settings.namesBelow(SHARED_GROUP_PREFIX).map(ofGroup)),
  };
}
