import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

function sessions(...settings: readonly string[]) {
  const { config, problems } = loadConfig({ sets: settings });
  return config === undefined ? problems.map(({ message }) => message) : config.sessions;
}

describe('the durability of sessions', () => {
  it.each([
    [[], { durability: 'memory', synchronous: 'full' }],
    [['durability=disk'], { durability: 'disk', synchronous: 'full' }],
    [['durability=replicated', 'durable_sessions.synchronous=normal'], { durability: 'replicated', synchronous: 'normal' }],
    [['durable_sessions.enable=true'], { durability: 'replicated', synchronous: 'full' }],
    [['durable_sessions.enable=true', 'durable_storage.messages.backend=builtin_local'], { durability: 'disk', synchronous: 'full' }],
    [['durable_sessions.enable=true', 'durability=memory'], { durability: 'memory', synchronous: 'full' }],
    [['durable_storage.messages.backend=builtin_local'], { durability: 'memory', synchronous: 'full' }],
  ])('%j', (settings, expected) => {
    expect(sessions(...settings)).toEqual({ ...expected, redis: undefined });
  });

  it('is that of a second node when sessions are kept in Redis, unless something else is said', () => {
    const redis = { host: '127.0.0.1', port: 6_379, tls: false, username: undefined, password: undefined, passwordFile: undefined, database: 0, prefix: 'busbar' };
    expect(sessions('durable_sessions.store=redis')).toEqual({ durability: 'replicated', synchronous: 'full', redis });
    expect(sessions('durable_sessions.store=redis', 'durability=disk', 'durable_sessions.redis.host=db.example', 'durable_sessions.redis.port=6380')).toEqual({
      durability: 'disk',
      synchronous: 'full',
      redis: { ...redis, host: 'db.example', port: 6_380 },
    });
    expect(sessions('durable_sessions.store=redis', 'durability=memory')).toEqual({ durability: 'memory', synchronous: 'full', redis: undefined });
  });

  it('is one of three words', () => {
    expect(sessions('durability=always')).toEqual([expect.stringContaining('durability')]);
  });
});
