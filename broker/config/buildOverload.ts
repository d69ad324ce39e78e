/** `alarm.*`, `conn_congestion.*`, `force_shutdown.*`. */
import type { AlarmConfig, CongestionConfig, ForceShutdownConfig } from './overloadConfig.ts';
import { KEYS } from './schema.ts';
import type { Settings } from './settings.ts';

export function buildAlarm(settings: Settings): AlarmConfig {
  return {
    actions: settings.get(KEYS.alarmActions),
    sizeLimit: settings.get(KEYS.alarmSizeLimit),
    validityPeriodMs: settings.get(KEYS.alarmValidityPeriod),
  };
}

export function buildCongestion(settings: Settings): CongestionConfig {
  return { enableAlarm: settings.get(KEYS.congestionAlarm), minAlarmSustainMs: settings.get(KEYS.congestionSustain) };
}

export function buildForceShutdown(settings: Settings): ForceShutdownConfig {
  return { maxWaitingBytes: settings.get(KEYS.forceShutdownEnable) ? settings.get(KEYS.forceShutdownMaxHeapSize) : Number.POSITIVE_INFINITY };
}
