/** What happens when something is amiss: `alarm.*`, `conn_congestion.*`, `force_shutdown.*` (broker-contract 3.6). */
import type { Millis } from '../base/ids.ts';

export interface AlarmConfig {
  /** Besides being kept: a line in the log, a message below `$SYS`. */
  readonly actions: readonly AlarmAction[];
  /** Most alarms that are active, and most past ones that are kept. */
  readonly sizeLimit: number;
  /** How long past ones are kept. */
  readonly validityPeriodMs: Millis;
}

export type AlarmAction = 'log' | 'publish';

export interface CongestionConfig {
  readonly enableAlarm: boolean;
  /** An alarm ends when its connection has not been congested for so long. */
  readonly minAlarmSustainMs: Millis;
}

/** Of one connected client. */
export interface ForceShutdownConfig {
  /** Most bytes that may wait in memory for its socket; Number.POSITIVE_INFINITY = no bound. */
  readonly maxWaitingBytes: number;
}
