/**
 * Settings of services as the REST API shows and takes them: EMQX's keys as JSON. What is sent goes through the same table of keys
 * as a file does, so both accept and refuse the same.
 */
import type { Rate } from '../base/tokenBucket.ts';
import type { BrokerConfig } from './config.ts';
import type { RateLimits } from './listenerConfig.ts';
import { loadConfig } from './load.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** What can be changed while a node runs, with the field of `BrokerConfig` that holds it. */
const SERVICES = {
  sys_topics: { key: 'sys_topics', field: 'sysTopics', json: sysTopicsJson },
  retainer: { key: 'retainer', field: 'retainer', json: retainerJson },
  delayed: { key: 'delayed', field: 'delayed', json: delayedJson },
  rewrite: { key: 'rewrite', field: 'rewrite', json: rewriteJson },
  auto_subscribe: { key: 'auto_subscribe.topics', field: 'autoSubscribe', json: autoSubscribeJson },
  limiter: { key: 'limiter', field: 'limiter', json: limiterJson },
  alarm: { key: 'alarm', field: 'alarm', json: alarmJson },
} as const satisfies Record<string, { key: string; field: keyof BrokerConfig; json: (config: never) => Json }>;

export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as readonly ServiceName[];
export type ServiceConfig<S extends ServiceName> = BrokerConfig[(typeof SERVICES)[S]['field']];

/** Path of the settings of a service in a configuration. */
export function serviceKey(service: ServiceName): string {
  return SERVICES[service].key;
}

export function serviceJson<S extends ServiceName>(service: S, config: ServiceConfig<S>): Json {
  // Table and type say the same: the function of a service takes the settings of that service.
  return (SERVICES[service].json as (config: ServiceConfig<S>) => Json)(config);
}

export type ServiceReading<S extends ServiceName> =
  | { readonly ok: true; readonly config: ServiceConfig<S> }
  /** A sentence that names the key and the form it must have. */
  | { readonly ok: false; readonly message: string };

/** Reads what a caller sent. Keys left out have their defaults; `mergeJson` gives them the values in force first. */
export function readServiceJson<S extends ServiceName>(service: S, json: Json): ServiceReading<S> {
  const { config, problems } = loadConfig({ text: `${SERVICES[service].key} = ${JSON.stringify(json)}`, fileName: 'body' });
  if (config !== undefined) return { ok: true, config: config[SERVICES[service].field] as ServiceConfig<S> };
  return { ok: false, message: problems.map(({ message }) => message.replace(/^body:\d+:\d+: /, '')).join('; ') };
}

/** `changes` over `base`, key by key; lists are replaced whole. */
export function mergeJson(base: Json, changes: Json): Json {
  if (!isObject(base) || !isObject(changes)) return changes;
  const merged: Record<string, Json> = { ...base };
  for (const [name, value] of Object.entries(changes)) merged[name] = Object.hasOwn(base, name) ? mergeJson(base[name] as Json, value) : value;
  return merged;
}

export function isObject(json: Json): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

// ------------------------------------------------------------------ one service each

function sysTopicsJson(config: BrokerConfig['sysTopics']): Json {
  return {
    sys_msg_interval: durationText(config.msgIntervalMs, 'disabled'),
    sys_heartbeat_interval: durationText(config.heartbeatIntervalMs, 'disabled'),
    sys_event_messages: {
      client_connected: config.events.clientConnected,
      client_disconnected: config.events.clientDisconnected,
      client_subscribed: config.events.clientSubscribed,
      client_unsubscribed: config.events.clientUnsubscribed,
    },
    presence_qos: config.presenceQos,
    payloads: config.payloads,
  };
}

function retainerJson(config: BrokerConfig['retainer']): Json {
  return {
    enable: config.enable,
    msg_expiry_interval: durationText(config.msgExpiryIntervalMs, '0s'),
    msg_clear_interval: durationText(config.msgClearIntervalMs, '0s'),
    max_payload_size: sizeText(config.maxPayloadSize),
    stop_publish_clear_msg: config.stopPublishClearMsg,
    delivery_rate: rateText(config.deliveryRate),
    backend: {
      type: 'built_in_database',
      storage_type: 'ram',
      max_retained_messages: orUnlimited(config.maxRetainedMessages),
    },
  };
}

function delayedJson(config: BrokerConfig['delayed']): Json {
  return { enable: config.enable, max_delayed_messages: orUnlimited(config.maxDelayedMessages) };
}

function rewriteJson(rules: BrokerConfig['rewrite']): Json {
  return rules.map(({ action, sourceTopic, re, destTopic }) => ({ action, source_topic: sourceTopic, re, dest_topic: destTopic }));
}

function autoSubscribeJson(subscriptions: BrokerConfig['autoSubscribe']): Json {
  return subscriptions.map(({ topic, qos, noLocal, retainAsPublished, retainHandling }) => ({
    topic,
    qos,
    rh: retainHandling,
    rap: Number(retainAsPublished),
    nl: Number(noLocal),
  }));
}

function alarmJson(config: BrokerConfig['alarm']): Json {
  return { actions: config.actions, size_limit: config.sizeLimit, validity_period: durationText(config.validityPeriodMs, 'infinity') };
}

function limiterJson(config: BrokerConfig['limiter']): Json {
  return {
    ...rateLimitsJson(config),
    client: { messages_rate: rateText(config.clientMessagesRate), bytes_rate: rateText(config.clientBytesRate) },
  };
}

/** Of the node, or of a listener. */
export function rateLimitsJson(limits: RateLimits): JsonObject {
  return {
    max_conn_rate: rateText(limits.maxConnRate),
    max_conn_burst: rateText(limits.maxConnBurst),
    messages_rate: rateText(limits.messagesRate),
    messages_burst: rateText(limits.messagesBurst),
    bytes_rate: rateText(limits.bytesRate),
    bytes_burst: rateText(limits.bytesBurst),
  };
}

// ------------------------------------------------------------------ notations

/** EMQX's 0. */
function orUnlimited(count: number): number {
  return count === Number.POSITIVE_INFINITY ? 0 : count;
}


const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** `90s`, `1h`: the largest unit that leaves no rest. `never` stands for no end. */
export function durationText(ms: number, never: string): string {
  if (ms === Number.POSITIVE_INFINITY) return never;
  if (ms === 0) return '0s';
  const [unit, size] = UNITS.find(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

const SIZES: readonly (readonly [string, number])[] = [
  ['MB', 1_048_576],
  ['KB', 1024],
  ['B', 1],
];

export function sizeText(bytes: number): string {
  const [unit, size] = SIZES.find(([, size]) => bytes % size === 0) ?? ['B', 1];
  return `${bytes / size}${unit}`;
}

export function rateText({ tokens, intervalMs }: Rate): string {
  if (tokens === Number.POSITIVE_INFINITY) return 'infinity';
  const each = durationText(intervalMs, '');
  return `${tokens}/${each.startsWith('1') && /^1\D/.test(each) ? each.slice(1) : each}`;
}
