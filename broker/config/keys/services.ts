/** Broker services: retainer and what stands beside it (broker-contract 3.6). */
import { key, MAX_PACKET_BYTES } from './key.ts';
import * as forms from '../serviceForms.ts';
import * as form from '../valueTypes.ts';

export const SERVICE_KEYS = {
  retainerEnable: key('retainer.enable', form.switchType, 'true', 'Whether retained messages are kept.'),
  maxRetainedMessages: key(
    'retainer.backend.max_retained_messages',
    form.countOrInfinity,
    '0',
    'Most retained messages; further topics are not kept.',
    {
      aliases: ['retainer.max_retained_messages'],
    },
  ),
  retainerMaxPayload: key(
    'retainer.max_payload_size',
    form.byteSize(MAX_PACKET_BYTES),
    '1MB',
    'Largest payload that is kept; a larger one is delivered but not kept.',
  ),
  retainerMsgExpiry: key(
    'retainer.msg_expiry_interval',
    form.duration(0),
    '0s',
    'How long a retained message without an expiry of its own is kept; 0s for ever.',
    { aliases: ['retainer.expiry_interval'] },
  ),
  retainerMsgClear: key(
    'retainer.msg_clear_interval',
    form.duration(0),
    '0s',
    'How often expired retained messages are looked for and removed; 0s: only when they are met.',
  ),
  retainerStopClear: key(
    'retainer.stop_publish_clear_msg',
    form.switchType,
    'false',
    'Whether the empty message that deletes a retained one is kept from subscribers.',
  ),
  retainerDeliveryRate: key(
    'retainer.delivery_rate',
    form.rate,
    'infinity',
    'Most retained messages sent to one client, such as 1000/s. Without a limit each client still gets them only as fast as it reads.',
    { aliases: ['retainer.deliver_rate'] },
  ),
  delayedEnable: key('delayed.enable', form.switchType, 'true', 'Whether $delayed/<seconds>/<topic> delays a message.'),
  maxDelayedMessages: key(
    'delayed.max_delayed_messages',
    form.countOrInfinity,
    '0',
    'Most messages that wait for their time on this node; further ones are dropped.',
  ),
  rewrite: key(
    'rewrite',
    forms.rewriteRules,
    '[]',
    'Rules that replace topics, the first whose source_topic matches: [{action = publish, source_topic = "x/#", re = "^x/(.+)$", dest_topic = "z/$1"}].',
  ),
  rewritePublish: key('module.rewrite.pub.rule.<name>', forms.oldRewriteRule('publish'), undefined, 'A rule of EMQX 4 for PUBLISH: "x/# ^x/(.+)$ z/$1".'),
  rewriteSubscribe: key('module.rewrite.sub.rule.<name>', forms.oldRewriteRule('subscribe'), undefined, 'A rule of EMQX 4 for SUBSCRIBE.'),
  rewriteAll: key('module.rewrite.rule.<name>', forms.oldRewriteRule('all'), undefined, 'A rule of EMQX 3 for both.'),
  autoSubscribe: key(
    'auto_subscribe.topics',
    forms.autoSubscriptions,
    '[]',
    'Filters every client is subscribed to when it has connected: [{topic = "c/${clientid}", qos = 1}].',
  ),
  autoSubscribeTopic: key('module.subscription.<name>.topic', form.text(1024), undefined, 'The same in the spelling of EMQX 4, with %c and %u.'),
  autoSubscribeQos: key('module.subscription.<name>.qos', form.qos, '0', 'Its QoS.'),
  autoSubscribeNl: key('module.subscription.<name>.nl', forms.flag, '0', 'Its No Local.'),
  autoSubscribeRap: key('module.subscription.<name>.rap', forms.flag, '0', 'Its Retain As Published.'),
  autoSubscribeRh: key('module.subscription.<name>.rh', form.qos, '0', 'Its Retain Handling.'),
  sysMsgInterval: key(
    'sys_topics.sys_msg_interval',
    form.durationOrDisabled(1000),
    '1m',
    'How often version, members, gauges and counters are published below $SYS/brokers.',
    { aliases: ['broker.sys_interval'] },
  ),
  sysHeartbeatInterval: key(
    'sys_topics.sys_heartbeat_interval',
    form.durationOrDisabled(1000),
    '30s',
    'How often uptime and time are published below $SYS/brokers.',
    { aliases: ['broker.sys_heartbeat'] },
  ),
  sysClientConnected: key(
    'sys_topics.sys_event_messages.client_connected',
    form.switchType,
    'true',
    'Whether a client that connected is told on $SYS/brokers/<node>/clients/<clientid>/connected.',
  ),
  sysClientDisconnected: key(
    'sys_topics.sys_event_messages.client_disconnected',
    form.switchType,
    'true',
    'Whether the end of a connection is told on $SYS/brokers/<node>/clients/<clientid>/disconnected.',
  ),
  sysClientSubscribed: key(
    'sys_topics.sys_event_messages.client_subscribed',
    form.switchType,
    'false',
    'Whether subscriptions are told on $SYS/brokers/<node>/clients/<clientid>/subscribed.',
  ),
  sysClientUnsubscribed: key(
    'sys_topics.sys_event_messages.client_unsubscribed',
    form.switchType,
    'false',
    'Whether the end of subscriptions is told on $SYS/brokers/<node>/clients/<clientid>/unsubscribed.',
  ),
  sysPresenceQos: key('sys_topics.presence_qos', form.qos, '0', 'QoS of events of clients; EMQX 4 used 1. Busbar only.', {
    aliases: ['module.presence.qos'],
  }),
  sysPayloads: key(
    'sys_topics.payloads',
    form.oneOf({ emqx5: 'emqx5', emqx4: 'emqx4' } as const),
    'emqx5',
    'Whose payloads $SYS messages have: EMQX 4 wrote uptime and time for people, and a connack field in connected. Busbar only.',
  ),
} as const;
