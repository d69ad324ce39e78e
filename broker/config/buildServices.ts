/** `sys_topics.*` and the other services beside routing. */
import type { SysTopicsConfig } from './serviceConfig.ts';
import { KEYS } from './schema.ts';
import type { Settings } from './settings.ts';

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
