/** `retainer.*`, `sys_topics.*` and the other services beside routing. */
import type { RetainerConfig, SysTopicsConfig } from './serviceConfig.ts';
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
