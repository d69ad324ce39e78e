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

describe('topic rewrite', () => {
  it('is set as in EMQX 5', () => {
    const text = `rewrite = [
      {action = "publish", source_topic = "x/#", re = "^x/y/(.+)$", dest_topic = "z/y/$1"}
      {action = "subscribe", source_topic = "y/+/z/#", re = "^y/(.+)/z/(.+)$", dest_topic = "y/z/#"}
    ]`;
    expect(servicesOf(text).rewrite).toEqual([
      { action: 'publish', sourceTopic: 'x/#', re: '^x/y/(.+)$', destTopic: 'z/y/$1' },
      { action: 'subscribe', sourceTopic: 'y/+/z/#', re: '^y/(.+)/z/(.+)$', destTopic: 'y/z/#' },
    ]);
  });

  it('is set as in EMQX 4, in the order of the numbers', () => {
    const text = 'module.rewrite.pub.rule.10 = "b/# ^b/(.+)$ z/$1"\nmodule.rewrite.pub.rule.2 = "a/# ^a/(.+)$ z/$1"\nmodule.rewrite.sub.rule.1 = "y/+ ^y/(.+)$ w/#"';
    expect(servicesOf(text).rewrite.map(({ action, sourceTopic }) => `${action} ${sourceTopic}`)).toEqual(['publish a/#', 'publish b/#', 'subscribe y/+']);
  });

  it.each([
    '{action = publish, source_topic = "x/#", re = "(", dest_topic = z}',
    '{action = publish, source_topic = "x/#", re = "(a)\\\\1", dest_topic = z}',
    '{action = all, source_topic = "x/#", re = ".*", dest_topic = "z/#"}',
    '{action = publish, source_topic = "#/x", re = ".*", dest_topic = z}',
    '{action = both, source_topic = x, re = ".*", dest_topic = z}',
    '{action = publish, source_topic = x, re = ".*"}',
    '{action = publish, source_topic = x, re = ".*", dest_topic = z, more = 1}',
  ])('is refused for %s', (rule) => {
    expect(problemsOf(`rewrite = [${rule}]`)).toEqual(['CONFIG_BAD_VALUE rewrite']);
  });
});

describe('subscriptions of EMQX 4', () => {
  it('are read with their options, and refused without a topic', () => {
    const text = 'module.subscription.1.topic = connected/%c/%u\nmodule.subscription.1.qos = 1\nmodule.subscription.2.topic = "a/#"\nmodule.subscription.2.nl = 1\n';
    expect(servicesOf(text).autoSubscribe).toEqual([
      { topic: 'connected/%c/%u', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      { topic: 'a/#', qos: 0, noLocal: true, retainAsPublished: false, retainHandling: 0 },
    ]);
    expect(problemsOf('module.subscription.1.qos = 1')).toEqual(['CONFIG_BAD_VALUE module.subscription.1.topic']);
  });
});

describe('priorities of waiting messages', () => {
  it.each([
    ['mqtt.mqueue_priorities = disabled', null],
    ['mqtt { mqueue_priorities = none }', null],
    ['mqtt { mqueue_priorities { "t/1" = 10, "a.b" = 255 } }', [[['t/1', 10], ['a.b', 255]], 0]],
    ['mqtt.mqueue_priorities = {"t/1": 10}\nmqtt.mqueue_default_priority = highest', [[['t/1', 10]], Infinity]],
    ['zone.external.mqueue_priorities = "topic/1=10,topic/2=8"', [[['topic/1', 10], ['topic/2', 8]], 0]],
  ])('%s', (text, expected) => {
    const { mqueuePriorities } = servicesOf(text).mqtt;
    expect(mqueuePriorities === null ? null : [[...mqueuePriorities.topics], mqueuePriorities.others]).toEqual(expected);
  });

  it.each(['{"t" = 0}', '{"t" = 256}', '{"t/#" = 1}', '{}', 'high', '{"t" = [1]}'])('are refused for %s', (value) => {
    expect(problemsOf(`mqtt.mqueue_priorities = ${value}`)).toEqual(['CONFIG_BAD_VALUE mqtt.mqueue_priorities']);
  });
});

it('delayed messages are bounded by 0 not at all', () => {
  expect([servicesOf('').delayed, servicesOf('delayed { enable = false, max_delayed_messages = 7 }').delayed]).toEqual([
    { enable: true, maxDelayedMessages: Infinity },
    { enable: false, maxDelayedMessages: 7 },
  ]);
});
