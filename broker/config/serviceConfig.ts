/** What the services beside routing are told (broker-contract 3.6). */
import type { Millis } from '../base/ids.ts';
import type { Rate } from '../base/tokenBucket.ts';
import type { Qos012 } from './valueTypes.ts';

/** `mqtt.mqueue_priorities` */
export interface MqueuePriorities {
  readonly topics: ReadonlyMap<string, number>;
  /** Of topics that are not named: 0 or Number.POSITIVE_INFINITY. */
  readonly others: number;
}

/** `delayed.*` */
export interface DelayedConfig {
  readonly enable: boolean;
  /** Number.POSITIVE_INFINITY = no limit. */
  readonly maxDelayedMessages: number;
}

/** One of `rewrite`. */
export interface RewriteRule {
  readonly action: 'publish' | 'subscribe' | 'all';
  /** A topic filter. */
  readonly sourceTopic: string;
  /** A pattern of base/regex. */
  readonly re: string;
  /** With `$1`, `${clientid}`, `${username}`. */
  readonly destTopic: string;
}

/** One of `auto_subscribe.topics`; the topic may hold `${clientid}`, `${username}`, `${host}`, `${port}`. */
export interface AutoSubscription {
  readonly topic: string;
  readonly qos: Qos012;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
}

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
