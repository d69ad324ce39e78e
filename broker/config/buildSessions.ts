/** `durability` and EMQX's words for it. */
import { KEYS } from './schema.ts';
import type { DurableSessionsConfig } from './sessionsConfig.ts';
import type { Settings } from './settings.ts';

export function buildSessions(settings: Settings): DurableSessionsConfig {
  const emqx = settings.get(KEYS.durableEnable) ? settings.get(KEYS.durableBackend) : 'memory';
  return { durability: settings.given(KEYS.durability) ?? emqx, synchronous: settings.get(KEYS.durableSynchronous) };
}
