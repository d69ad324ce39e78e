/**
 * What each version of MQTT and each way to the broker has, and what keeps a connection from being used. The form, the host and the
 * transport all ask here, so that they cannot disagree. A field the version lacks is kept in the connection and left out of the packet.
 */
import type { ConnectionSpec } from './clients.ts';
import type { Scheme, TlsVersion } from './connectionParts.ts';

export type MqttVersion = ConnectionSpec['protocolVersion'];
export const MQTT_VERSIONS: readonly MqttVersion[] = [3, 4, 5];

/** The first version that has it. Everything not named here is in all of them. */
const SINCE = {
  /** The broker chooses a client id [MQTT-3.1.3-6]. */
  assignedClientId: 4,
  sessionExpiry: 5,
  connectProperties: 5,
  authentication: 5,
  willProperties: 5,
  subscriptionOptions: 5,
  publishProperties: 5,
  /** A password without a user name, forbidden before by [MQTT-3.1.2-22]. */
  passwordAlone: 5,
} as const satisfies Readonly<Record<string, MqttVersion>>;
export type VersionFeature = keyof typeof SINCE;

export function versionHas(version: MqttVersion, feature: VersionFeature): boolean {
  return version >= SINCE[feature];
}

/** How the protocol names itself in CONNECT. */
export function protocolName(version: MqttVersion): 'MQIsdp' | 'MQTT' {
  return version === 3 ? 'MQIsdp' : 'MQTT';
}

export function isTls(scheme: Scheme): boolean {
  return scheme === 'mqtts' || scheme === 'wss';
}

export function isWebSocket(scheme: Scheme): boolean {
  return scheme === 'ws' || scheme === 'wss';
}

/** The port a scheme usually has at a broker. */
export const USUAL_PORT: Readonly<Record<Scheme, number>> = { mqtt: 1883, mqtts: 8883, ws: 8083, wss: 8084 };
export const DEFAULT_PATH = '/mqtt';
export const DEFAULT_CONNECT_TIMEOUT_S = 10;
/** A session that outlives its connection needs an expiry in MQTT 5; two hours unless said otherwise. */
export const KEPT_SESSION_EXPIRY_S = 7_200;
export const TLS_VERSIONS: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const SCRAM_METHODS: ReadonlyMap<string | undefined, 'sha256' | 'sha512'> = new Map([['SCRAM-SHA-256', 'sha256'], ['SCRAM-SHA-512', 'sha512']]);

/** The hash of a method this workbench carries out by itself. */
export function scramHash(method: string | undefined): 'sha256' | 'sha512' | undefined {
  return SCRAM_METHODS.get(method);
}

/** How the connection reaches its target. */
export function schemeOf(spec: ConnectionSpec): Scheme {
  return spec.target.kind === 'node' ? 'mqtt' : (spec.scheme ?? 'mqtt');
}

/**
 * The session expiry that belongs to a clean start that was just switched: without one "not clean" would lose the session at the end of
 * the connection [MQTT-3.1.2-23], which looks like a fault of the broker.
 */
export function expiryFor(cleanStart: boolean, expiry: number): number {
  if (cleanStart) return expiry === KEPT_SESSION_EXPIRY_S ? 0 : expiry;
  return expiry === 0 ? KEPT_SESSION_EXPIRY_S : expiry;
}

/** Client ids that MQTT 3.1 allows have at most so many characters. */
export const SHORT_CLIENT_ID = 23;

const PROBLEMS = {
  clientIdNeeded: 'MQTT 3.1 needs a client id.',
  clientIdForSession: 'A client without an id cannot resume a session: MQTT 3.1.1 asks for a clean session then.',
  pathNeeded: 'A WebSocket path begins with /.',
  tlsRange: 'The lowest TLS version is above the highest.',
  keyNeeded: 'A client certificate needs its key file.',
  certNeeded: 'A key file needs its certificate.',
  twoCertificates: 'Name a certificate and a key, or a PKCS#12 file, not both.',
  willTopicNeeded: 'A will needs a topic without + or #.',
  responseTopic: 'A response topic has no + or #.',
} as const;
export type ConnectionProblem = keyof typeof PROBLEMS;
export type ConnectionField = 'clientId' | 'path' | 'minVersion' | 'certFile' | 'keyFile' | 'pkcs12File' | 'willTopic' | 'willResponseTopic';

export function problemWords(problem: ConnectionProblem): string {
  return PROBLEMS[problem];
}

/** What keeps a connection from being used, by the field to change. Ranges are the schema's. */
export function connectionProblems(spec: ConnectionSpec): Partial<Record<ConnectionField, ConnectionProblem>> {
  const scheme = schemeOf(spec);
  return { ...clientIdProblems(spec), ...(isWebSocket(scheme) && spec.path?.startsWith('/') === false ? { path: 'pathNeeded' } : {}), ...(isTls(scheme) ? tlsProblems(spec) : {}), ...willProblems(spec) };
}

function clientIdProblems({ clientId, clientIdTime, protocolVersion, cleanStart }: ConnectionSpec): Partial<Record<ConnectionField, ConnectionProblem>> {
  if (clientId !== '' || clientIdTime === true) return {};
  if (!versionHas(protocolVersion, 'assignedClientId')) return { clientId: 'clientIdNeeded' };
  // MQTT 5 lets the broker assign an id for a session that is kept; 3.1.1 does not [MQTT-3.1.3-7].
  return protocolVersion === 4 && !cleanStart ? { clientId: 'clientIdForSession' } : {};
}

function tlsProblems({ tls = {} }: ConnectionSpec): Partial<Record<ConnectionField, ConnectionProblem>> {
  const { minVersion, maxVersion, certFile, keyFile, pkcs12File } = tls;
  return {
    ...(minVersion && maxVersion && TLS_VERSIONS.indexOf(minVersion) > TLS_VERSIONS.indexOf(maxVersion) ? { minVersion: 'tlsRange' } : {}),
    ...(certFile && !keyFile ? { keyFile: 'keyNeeded' } : {}),
    ...(keyFile && !certFile ? { certFile: 'certNeeded' } : {}),
    ...(pkcs12File && (certFile || keyFile) ? { pkcs12File: 'twoCertificates' } : {}),
  };
}

function willProblems({ will, protocolVersion }: ConnectionSpec): Partial<Record<ConnectionField, ConnectionProblem>> {
  if (!will) return {};
  return {
    ...(will.topic === '' || /[+#\0]/.test(will.topic) ? { willTopic: 'willTopicNeeded' } : {}),
    ...(versionHas(protocolVersion, 'willProperties') && /[+#\0]/.test(will.responseTopic ?? '') ? { willResponseTopic: 'responseTopic' } : {}),
  };
}
