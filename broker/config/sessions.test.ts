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
    expect(sessions(...settings)).toEqual(expected);
  });

  it('is one of three words', () => {
    expect(sessions('durability=always')).toEqual([expect.stringContaining('durability')]);
  });
});
