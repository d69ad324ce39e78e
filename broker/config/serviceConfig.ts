/** What the services beside routing are told (broker-contract 3.6). */
import type { Millis } from '../base/ids.ts';
import type { Rate } from '../base/tokenBucket.ts';
import type { Qos012 } from './valueTypes.ts';

/** `retainer.*` */
export interface RetainerConfig {
  readonly enable: boolean;
  /** Life of a retained message without an expiry of its own; Number.POSITIVE_INFINITY = for ever. */
  readonly msgExpiryIntervalMs: Millis;
  /** How often expired ones are looked for; Number.POSITIVE_INFINITY = they go when they are met. */
  readonly msgClearIntervalMs: Millis;
  readonly maxPayloadSize: number;
  /** Number.POSITIVE_INFINITY = no limit. */
  readonly maxRetainedMessages: number;
  /** The empty message that deletes a retained one is not delivered. */
  readonly stopPublishClearMsg: boolean;
  /** Retained messages to one session. */
  readonly deliveryRate: Rate;
}

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
