/** From a saved connection to the options of MQTT.js: only what the version has is sent, whatever else the connection keeps. */
import type { IClientOptions, IClientSubscribeOptions } from 'mqtt';
import type { ConnectionSpec } from '../contract/clients.ts';
import type { SubscriptionSpec, UserProperty, WillSpec } from '../contract/connectionParts.ts';
import { DEFAULT_CONNECT_TIMEOUT_S, protocolName, schemeOf, versionHas, type MqttVersion } from '../contract/connectionRules.ts';

/** Largest message a pane takes. MQTT 5 brokers are told so and drop larger ones; an MQTT 3 connection ends with a reason. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Pause before the n-th new try unless the connection has a period: half a second doubling to eight. */
export const RETRY_MS = { first: 500, most: 8_000 } as const;

export interface Login {
  readonly password?: string | undefined;
  readonly authenticationData?: Uint8Array | undefined;
}

type Properties = NonNullable<IClientOptions['properties']>;

/** The pause before the first new try; 0 is what MQTT.js takes for "never". */
export function firstPauseMs({ reconnect }: ConnectionSpec): number {
  if (reconnect?.on === false) return 0;
  return reconnect?.periodMs ?? RETRY_MS.first;
}

/** The client id of one connect. */
export function clientIdOf({ clientId, clientIdTime }: ConnectionSpec, nowMs: number): string {
  return clientIdTime === true ? `${clientId}${clientId === '' ? '' : '-'}${nowMs}` : clientId;
}

export function mqttOptions(spec: ConnectionSpec, login: Login, nowMs: number): IClientOptions {
  const { protocolVersion, will } = spec;
  const mqtt5 = versionHas(protocolVersion, 'connectProperties');
  const withPassword = login.password !== undefined && login.password !== '' && (spec.username !== '' || versionHas(protocolVersion, 'passwordAlone'));
  return {
    ...({ protocol: schemeOf(spec), protocolVersion, protocolId: protocolName(protocolVersion), clientId: clientIdOf(spec, nowMs), clean: spec.cleanStart } satisfies IClientOptions),
    ...{ keepalive: spec.keepalive, reconnectPeriod: firstPauseMs(spec), connectTimeout: (spec.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT_S) * 1_000 },
    // Subscriptions and messages while offline are ours to keep: MQTT.js would hide them.
    ...{ resubscribe: false, queueQoSZero: false },
    ...(spec.username === '' ? {} : { username: spec.username }),
    ...(withPassword && login.password !== undefined ? { password: login.password } : {}),
    ...(will ? { will: willOptions(will, versionHas(protocolVersion, 'willProperties')) } : {}),
    ...(mqtt5 ? { properties: connectProperties(spec, login) } : {}),
  };
}

function connectProperties(spec: ConnectionSpec, { authenticationData }: Login): Properties {
  const { receiveMaximum, topicAliasMaximum, requestResponseInformation, requestProblemInformation, authenticationMethod } = spec;
  const userProperties = userPropertiesOf(spec.userProperties);
  return {
    sessionExpiryInterval: spec.sessionExpiry,
    maximumPacketSize: spec.maximumPacketSize ?? MAX_MESSAGE_BYTES,
    ...(receiveMaximum !== undefined && { receiveMaximum }),
    ...(topicAliasMaximum !== undefined && { topicAliasMaximum }),
    ...(requestResponseInformation !== undefined && { requestResponseInformation }),
    ...(requestProblemInformation !== undefined && { requestProblemInformation }),
    ...(userProperties && { userProperties }),
    ...(authenticationMethod !== undefined && { authenticationMethod }),
    ...(authenticationMethod !== undefined && authenticationData && { authenticationData: Buffer.from(authenticationData) }),
  };
}

function willOptions(will: WillSpec, withProperties: boolean): NonNullable<IClientOptions['will']> {
  const { topic, payload, qos, retain, delay, isText, messageExpiry, contentType, responseTopic, correlationData } = will;
  const userProperties = userPropertiesOf(will.userProperties);
  const properties = {
    ...(delay !== undefined && { willDelayInterval: delay }),
    ...(isText !== undefined && { payloadFormatIndicator: isText }),
    ...(messageExpiry !== undefined && { messageExpiryInterval: messageExpiry }),
    ...(contentType && { contentType }),
    ...(responseTopic && { responseTopic }),
    ...(correlationData && { correlationData: Buffer.from(correlationData, 'utf8') }),
    ...(userProperties && { userProperties }),
  };
  return { topic, payload: Buffer.from(payload, 'utf8'), qos, retain, ...(withProperties && { properties }) };
}

/** Options of SUBSCRIBE: the QoS alone before MQTT 5. */
export function subscribeOptions({ qos, noLocal = false, retainAsPublished = false, retainHandling = 0, identifier }: SubscriptionSpec, version: MqttVersion): IClientSubscribeOptions {
  if (!versionHas(version, 'subscriptionOptions')) return { qos };
  return { qos, nl: noLocal, rap: retainAsPublished, rh: retainHandling, ...(identifier !== undefined && { properties: { subscriptionIdentifier: identifier } }) };
}

/** Rows that are on, as MQTT.js wants them: a name that comes several times has a list. */
export function userPropertiesOf(rows: readonly UserProperty[] = []): Record<string, string | string[]> | undefined {
  const byName = new Map<string, string[]>();
  for (const { name, value, off } of rows) if (off !== true) byName.set(name, [...(byName.get(name) ?? []), value]);
  if (byName.size === 0) return undefined;
  return Object.fromEntries([...byName].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]));
}
