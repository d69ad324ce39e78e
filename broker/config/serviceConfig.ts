/** What the services beside routing are told: `$SYS` topics and presence events (broker-contract 3.6). */
import type { Millis } from '../base/ids.ts';
import type { Qos012 } from './valueTypes.ts';

/** `sys_topics.*` */
export interface SysTopicsConfig {
  /** Number.POSITIVE_INFINITY = disabled. */
  readonly msgIntervalMs: Millis;
  readonly heartbeatIntervalMs: Millis;
  readonly events: SysEvents;
  /** QoS of presence events; EMQX 4 sent them with 1. */
  readonly presenceQos: Qos012;
  /** Whose payloads: EMQX 4 wrote uptime and time for people and a `connack` field, EMQX 5 writes them for programs. */
  readonly payloads: 'emqx5' | 'emqx4';
}

/** `sys_topics.sys_event_messages` */
export interface SysEvents {
  readonly clientConnected: boolean;
  readonly clientDisconnected: boolean;
  readonly clientSubscribed: boolean;
  readonly clientUnsubscribed: boolean;
}
