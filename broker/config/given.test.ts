import { describe, expect, it } from 'vitest';
import { yieldTo } from './given.ts';
import { loadConfig } from './load.ts';

const FILE = 'mqtt.max_inflight = 5\ndelayed.enable = false\nlisteners.tcp.default.bind = "127.0.0.1:1"';

function givenOf(text: string, runtimeText?: string) {
  const { config, problems, warnings } = loadConfig({ text, fileName: 'emqx.conf', ...(runtimeText !== undefined && { runtimeText }), sets: ['delayed.max_delayed_messages=7'] });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return { given: config.given, warnings };
}

describe('what the configuration says', () => {
  it('is known by key and place; what was changed at run time and defaults are not part of it', () => {
    const { given } = givenOf(FILE, '{"listeners":{"tcp":{"late":{"bind":"127.0.0.1:0"}}}}');
    expect(Object.fromEntries(given)).toEqual({
      'mqtt.max_inflight': 'emqx.conf:1:1',
      'delayed.enable': 'emqx.conf:2:1',
      'listeners.tcp.default.bind': 'emqx.conf:3:1',
      'delayed.max_delayed_messages': '--set delayed.max_delayed_messages',
    });
  });

  it('wins over a listener that was changed at run time, and that is told', () => {
    const { warnings } = givenOf(FILE, '{"listeners":{"tcp":{"default":{"bind":"127.0.0.1:2","max_connections":4}}}}');
    expect(warnings.filter(({ event }) => event === 'runtime_setting_overridden')).toMatchObject([{ key: 'listeners.tcp.default.bind', message: expect.stringContaining('emqx.conf:3:1') as unknown }]);
  });
});

describe('a change of the cluster at a start', () => {
  const { given } = givenOf(FILE);

  it('yields key by key, and says which of them', () => {
    expect(yieldTo(given, 'delayed', { enable: true, max_delayed_messages: 7 }, { enable: false, max_delayed_messages: 7 })).toEqual({
      json: {},
      overridden: [{ key: 'delayed.enable', origin: 'emqx.conf:2:1' }],
    });
  });

  it('holds where the configuration says nothing, lists as a whole', () => {
    expect(yieldTo(given, 'rewrite', [{ action: 'all' }], [])).toEqual({ json: [{ action: 'all' }], overridden: [] });
    expect(yieldTo(given, 'listeners.tcp.default', { bind: '127.0.0.1:1', tcp_options: { nodelay: true } }, { bind: '127.0.0.1:1' })).toEqual({ json: { tcp_options: { nodelay: true } }, overridden: [] });
  });
});
