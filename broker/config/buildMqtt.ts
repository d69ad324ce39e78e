/** `mqtt.*`. */
import type { MqttConfig } from './config.ts';
import { buildPriorities } from './buildServices.ts';
import { KEYS } from './schema.ts';
import type { Settings } from './settings.ts';

/** `node`: its own name, for what clients are told. */
export function buildMqtt(settings: Settings, node: string): MqttConfig {
  return {
    idleTimeoutMs: settings.get(KEYS.idleTimeout),
    maxPacketSize: settings.get(KEYS.maxPacketSize),
    maxClientIdLen: settings.get(KEYS.maxClientIdLen),
    maxTopicLevels: settings.get(KEYS.maxTopicLevels),
    maxTopicAlias: settings.get(KEYS.maxTopicAlias),
    maxQosAllowed: settings.get(KEYS.maxQosAllowed),
    retainAvailable: settings.get(KEYS.retainAvailable),
    wildcardSubscription: settings.get(KEYS.wildcardSubscription),
    keepaliveMultiplier: keepaliveMultiplier(settings),
    serverKeepalive: settings.get(KEYS.serverKeepalive),
    sessionExpiryIntervalMs: settings.get(KEYS.sessionExpiryInterval),
    messageExpiryIntervalMs: settings.get(KEYS.messageExpiryInterval),
    maxAwaitingRel: settings.get(KEYS.maxAwaitingRel),
    awaitRelTimeoutMs: settings.get(KEYS.awaitRelTimeout),
    maxInflight: settings.get(KEYS.maxInflight),
    maxMqueueLen: settings.get(KEYS.maxMqueueLen),
    mqueueStoreQos0: settings.get(KEYS.mqueueStoreQos0),
    mqueuePriorities: buildPriorities(settings),
    maxSubscriptions: settings.get(KEYS.maxSubscriptions),
    upgradeQos: settings.get(KEYS.upgradeQos),
    ignoreLoopDeliver: settings.get(KEYS.ignoreLoopDeliver),
    strictMode: settings.get(KEYS.strictMode),
    responseInformation: settings.get(KEYS.responseInformation),
    serverReference: settings.get(KEYS.serverReference),
    connackUserProperties: settings.get(KEYS.connackUserProperties).map(([name, value]) => [name, value.replaceAll('${node}', node)] as const),
    useUsernameAsClientId: settings.get(KEYS.useUsernameAsClientId),
    clientAttrsInit: settings.get(KEYS.clientAttrsInit),
    clientIdOverride: settings.get(KEYS.clientIdOverride),
    peerCertAsUsername: settings.get(KEYS.peerCertAsUsername),
    peerCertAsClientId: settings.get(KEYS.peerCertAsClientId),
    retryIntervalMs: settings.get(KEYS.retryInterval),
    sharedSubscription: settings.get(KEYS.sharedSubscription),
    exclusiveSubscription: settings.get(KEYS.exclusiveSubscription),
  };
}

/** EMQX's older key is half of it; the newer one wins where both are set. */
function keepaliveMultiplier(settings: Settings): number {
  const backoff = settings.given(KEYS.keepaliveBackoff);
  return backoff === undefined || settings.origin(KEYS.keepaliveMultiplier) ? settings.get(KEYS.keepaliveMultiplier) : backoff * 2;
}
