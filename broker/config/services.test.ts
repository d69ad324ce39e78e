import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

function servicesOf(text: string) {
  const { config, problems } = loadConfig({ text, fileName: 'emqx.conf' });
  expect(problems).toEqual([]);
  if (config === undefined) throw new Error('no configuration');
  return config;
}
const problemsOf = (text: string) => loadConfig({ text, fileName: 'emqx.conf' }).problems.map(({ code, key }) => `${code} ${key}`);

describe('$SYS topics', () => {
  it('are set as in EMQX 5', () => {
    const text = `sys_topics {
      sys_msg_interval = 2m, sys_heartbeat_interval = disabled
      sys_event_messages { client_connected = false, client_subscribed = true }
    }`;
    expect(servicesOf(text).sysTopics).toEqual({
      msgIntervalMs: 120_000,
      heartbeatIntervalMs: Infinity,
      events: { clientConnected: false, clientDisconnected: true, clientSubscribed: true, clientUnsubscribed: false },
      presenceQos: 0,
      payloads: 'emqx5',
    });
  });

  it('are set as in EMQX 4', () => {
    const text = 'broker.sys_interval = 10s\nbroker.sys_heartbeat = 5s\nmodule.presence.qos = 1\n';
    expect(servicesOf(text).sysTopics).toMatchObject({ msgIntervalMs: 10_000, heartbeatIntervalMs: 5000, presenceQos: 1 });
  });

  it('refuse an interval that is too short, and an unknown key', () => {
    expect(problemsOf('sys_topics.sys_msg_interval = 10ms\nsys_topics.sys_mesg_interval = 1m')).toEqual([
      'CONFIG_BAD_VALUE sys_topics.sys_msg_interval',
      'CONFIG_UNKNOWN_KEY sys_topics.sys_mesg_interval',
    ]);
  });
});
