/** `durability` and EMQX's words for it, and where sessions are kept. */
import { KEYS } from './schema.ts';
import type { DurableSessionsConfig, RedisConfig } from './sessionsConfig.ts';
import type { Settings } from './settings.ts';

export function buildSessions(settings: Settings): DurableSessionsConfig {
  const redis = settings.get(KEYS.durableStore) === 'redis' ? buildRedis(settings) : undefined;
  const emqx = settings.get(KEYS.durableEnable) ? settings.get(KEYS.durableBackend) : 'memory';
  // A store that is named is meant to be used.
  const durability = settings.given(KEYS.durability) ?? (redis === undefined ? emqx : 'replicated');
  return { durability, synchronous: settings.get(KEYS.durableSynchronous), redis: durability === 'memory' ? undefined : redis };
}

function buildRedis(settings: Settings): RedisConfig {
  return {
    host: settings.get(KEYS.redisHost),
    port: settings.get(KEYS.redisPort),
    tls: settings.get(KEYS.redisTls),
    username: settings.given(KEYS.redisUsername),
    password: settings.given(KEYS.redisPassword),
    passwordFile: settings.given(KEYS.redisPasswordFile),
    database: settings.get(KEYS.redisDatabase),
    prefix: settings.get(KEYS.redisPrefix),
  };
}
