/** `retainer.*`, `sys_topics.*` and the other services beside routing. */
import { badValue } from './badValue.ts';
import type { ConfigProblem } from './problems.ts';
import type { AutoSubscription, DelayedConfig, MqueuePriorities, RetainerConfig, RewriteRule, SysTopicsConfig } from './serviceConfig.ts';
import { isSubscription } from './serviceForms.ts';
import { KEYS } from './schema.ts';
import type { Settings } from './settings.ts';

/** EMQX's `0s` is no interval at all. */
const orNever = (ms: number) => (ms === 0 ? Number.POSITIVE_INFINITY : ms);

export function buildRetainer(settings: Settings): RetainerConfig {
  return {
    enable: settings.get(KEYS.retainerEnable),
    msgExpiryIntervalMs: orNever(settings.get(KEYS.retainerMsgExpiry)),
    msgClearIntervalMs: orNever(settings.get(KEYS.retainerMsgClear)),
    maxPayloadSize: settings.get(KEYS.retainerMaxPayload),
    maxRetainedMessages: settings.get(KEYS.maxRetainedMessages),
    stopPublishClearMsg: settings.get(KEYS.retainerStopClear),
    deliveryRate: settings.get(KEYS.retainerDeliveryRate),
  };
}

export function buildSysTopics(settings: Settings): SysTopicsConfig {
  return {
    msgIntervalMs: settings.get(KEYS.sysMsgInterval),
    heartbeatIntervalMs: settings.get(KEYS.sysHeartbeatInterval),
    events: {
      clientConnected: settings.get(KEYS.sysClientConnected),
      clientDisconnected: settings.get(KEYS.sysClientDisconnected),
      clientSubscribed: settings.get(KEYS.sysClientSubscribed),
      clientUnsubscribed: settings.get(KEYS.sysClientUnsubscribed),
    },
    presenceQos: settings.get(KEYS.sysPresenceQos),
    payloads: settings.get(KEYS.sysPayloads),
  };
}

export function buildDelayed(settings: Settings): DelayedConfig {
  return { enable: settings.get(KEYS.delayedEnable), maxDelayedMessages: settings.get(KEYS.maxDelayedMessages) };
}

/** Rules of EMQX 5; where there are none, those of EMQX 4 and 3 in the order of their numbers. */
export function buildRewrite(settings: Settings): readonly RewriteRule[] {
  if (settings.origin(KEYS.rewrite) !== undefined) return settings.get(KEYS.rewrite);
  return [KEYS.rewritePublish, KEYS.rewriteSubscribe, KEYS.rewriteAll].flatMap((key) => {
    const names = byNumber(settings.namesBelow(key.path.replace('<name>', '')));
    return names.flatMap((name) => settings.given(key, name) ?? []);
  });
}

export function buildAutoSubscribe(settings: Settings, problems: ConfigProblem[]): readonly AutoSubscription[] {
  if (settings.origin(KEYS.autoSubscribe) !== undefined) return settings.get(KEYS.autoSubscribe);
  return byNumber(settings.namesBelow('module.subscription.')).flatMap((name) => {
    const topic = settings.given(KEYS.autoSubscribeTopic, name);
    if (topic === undefined || !isSubscription(topic)) {
      problems.push(badValue(settings, KEYS.autoSubscribeTopic, `module.subscription.${name}.topic is no topic filter`, 'Give it a topic filter.', name));
      return [];
    }
    return {
      topic,
      qos: settings.get(KEYS.autoSubscribeQos, name),
      noLocal: settings.get(KEYS.autoSubscribeNl, name),
      retainAsPublished: settings.get(KEYS.autoSubscribeRap, name),
      retainHandling: settings.get(KEYS.autoSubscribeRh, name),
    };
  });
}

/** `mqtt.mqueue_priorities` */
export function buildPriorities(settings: Settings): MqueuePriorities | null {
  const topics = settings.get(KEYS.mqueuePriorities);
  return topics === null ? null : { topics, others: settings.get(KEYS.mqueueDefaultPriority) };
}

/** 2 before 10. */
function byNumber(names: readonly string[]): readonly string[] {
  return [...names].sort((left, right) => Number(left) - Number(right) || (left < right ? -1 : 1));
}
