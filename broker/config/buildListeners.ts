/** `listeners.*`: which listeners there are, and what each is told. */
import { LOOPBACK, type HostPort, type UnixSocketPath } from './address.ts';
import { expandPath } from './assignments.ts';
import { withPaths } from './authenticators.ts';
import { badValue } from './badValue.ts';
import type { MqttConfig } from './config.ts';
import type { CommonListenerKeys, ListenerKeys, TlsListenerKeys, WebSocketListenerKeys } from './keys/listeners.ts';
import { LISTENER_TYPES, type ListenerConfig, type ListenerType, type TlsOptions, type WebSocketOptions } from './listenerConfig.ts';
import type { ConfigProblem } from './problems.ts';
import { DEFAULT_PORTS, LISTENER_KEYS } from './schema.ts';
import type { Settings } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The name EMQX gives its own listeners. */
export const DEFAULT_LISTENER = 'default';
/** Types whose default listener exists without configuration. TLS needs certificates, so it waits to be asked for. */
const ALWAYS: readonly ListenerType[] = ['tcp', 'ws'];

/** In order of type, the default listener of each first. */
export function buildListeners(settings: Settings, mqtt: MqttConfig, env: Env, problems: ConfigProblem[]): readonly ListenerConfig[] {
  const listeners: ListenerConfig[] = [];
  for (const type of LISTENER_TYPES) {
    const given = settings.namesBelow(prefixOf(type));
    const hasDefault = ALWAYS.includes(type) || given.includes(DEFAULT_LISTENER);
    for (const name of [...(hasDefault ? [DEFAULT_LISTENER] : []), ...given.filter((other) => other !== DEFAULT_LISTENER)]) {
      const listener = buildListener(settings, type, name, mqtt, env, problems);
      if (listener) listeners.push({ ...listener, optional: type !== 'tcp' && !given.includes(name) });
    }
  }
  return listeners;
}

const prefixOf = (type: ListenerType) => `listeners.${type}.`;

/** Undefined with a problem when it has no bind, or settings that contradict each other. */
export function buildListener(
  settings: Settings,
  type: ListenerType,
  name: string,
  mqtt: MqttConfig,
  env: Env,
  problems: ConfigProblem[],
): ListenerConfig | undefined {
  const keys: ListenerKeys = LISTENER_KEYS[type];
  const { common } = keys;
  const bind = bindOf(settings, type, name, problems);
  if (bind === undefined) return undefined;
  return {
    id: `${type}:${name}`,
    type,
    name,
    enable: settings.get(common.enable, name),
    optional: false,
    bind,
    unixSocketMode: settings.get(common.unixSocketMode, name),
    maxConnections: settings.get(common.maxConnections, name),
    mountpoint: settings.get(common.mountpoint, name),
    accessRules: settings.get(common.accessRules, name),
    proxyProtocol: settings.get(common.proxyProtocol, name),
    proxyProtocolTimeoutMs: settings.get(common.proxyProtocolTimeout, name),
    enableAuthn: settings.get(common.enableAuthn, name),
    authentication: withPaths(settings.given(common.authentication, name), env),
    redirect: redirectOf(settings, common, name),
    limits: limitsOf(settings, common, name),
    tcp: {
      backlog: settings.get(common.backlog, name),
      nodelay: settings.get(common.nodelay, name),
      sendTimeoutMs: settings.get(common.sendTimeout, name),
      highWatermark: settings.get(common.highWatermark, name),
      keepaliveIdleMs: settings.get(common.keepalive, name),
    },
    ssl: keys.ssl && tlsOf(settings, keys.ssl, name, mqtt, env, problems),
    websocket: keys.websocket && webSocketOf(settings, keys.websocket, name),
  };
}

function bindOf(
  settings: Settings,
  type: ListenerType,
  name: string,
  problems: ConfigProblem[],
): HostPort | UnixSocketPath | undefined {
  const { common, ssl, websocket } = LISTENER_KEYS[type];
  const given = settings.given(common.bind, name);
  if (given !== undefined) return given;
  if (name === DEFAULT_LISTENER) return { host: LOOPBACK, port: DEFAULT_PORTS[type] };
  const listener = `${prefixOf(type)}${name}`;
  const said = [common, ssl, websocket]
    .flatMap((group) => Object.values(group ?? {}))
    .find((key) => settings.origin(key, name) !== undefined);
  const hint = `Set ${listener}.bind, for example to ${DEFAULT_PORTS[type] + 1}.`;
  problems.push(badValue(settings, said ?? common.bind, `${listener} has no bind`, hint, name));
  return undefined;
}

function redirectOf(settings: Settings, keys: CommonListenerKeys, name: string): ListenerConfig['redirect'] {
  const to = settings.get(keys.redirectTo, name);
  return to === undefined ? undefined : { to, moved: settings.get(keys.redirectMoved, name) };
}

function limitsOf(settings: Settings, keys: CommonListenerKeys, name: string): ListenerConfig['limits'] {
  return {
    maxConnRate: settings.get(keys.maxConnRate, name),
    maxConnBurst: settings.get(keys.maxConnBurst, name),
    messagesRate: settings.get(keys.messagesRate, name),
    messagesBurst: settings.get(keys.messagesBurst, name),
    bytesRate: settings.get(keys.bytesRate, name),
    bytesBurst: settings.get(keys.bytesBurst, name),
    totalMessagesRate: settings.get(keys.totalMessagesRate, name),
    totalMessagesBurst: settings.get(keys.totalMessagesBurst, name),
    totalBytesRate: settings.get(keys.totalBytesRate, name),
    totalBytesBurst: settings.get(keys.totalBytesBurst, name),
  };
}

function tlsOf(
  settings: Settings,
  keys: TlsListenerKeys,
  name: string,
  mqtt: MqttConfig,
  env: Env,
  problems: ConfigProblem[],
): TlsOptions {
  const path = (given: string | undefined) => (given === undefined ? undefined : expandPath(given, env));
  const certfile = path(settings.given(keys.certfile, name));
  const keyfile = path(settings.given(keys.keyfile, name));
  const cacertfile = path(settings.given(keys.cacertfile, name));
  const verifyPeer = settings.get(keys.verify, name);
  if (keyfile !== undefined && certfile === undefined) {
    problems.push(badValue(settings, keys.keyfile, 'there is a key and no certificate', 'Give certfile too, or neither.', name));
  }
  if (verifyPeer && cacertfile === undefined && certfile !== undefined) {
    problems.push(badValue(settings, keys.verify, 'verify_peer needs cacertfile', 'Give the authorities that clients come from.', name));
  }
  return {
    certificate: certfile === undefined ? undefined : { certfile, keyfile: keyfile ?? certfile, password: settings.given(keys.password, name) },
    sniCertificates: settings
      .get(keys.certificates, name)
      .map((each) => ({ ...each, certfile: expandPath(each.certfile, env), keyfile: expandPath(each.keyfile, env) })),
    cacertfile,
    verifyPeer,
    failIfNoPeerCert: settings.get(keys.failIfNoPeerCert, name),
    depth: settings.get(keys.depth, name),
    versions: settings.get(keys.versions, name),
    ciphers: settings.get(keys.ciphers, name),
    honorCipherOrder: settings.get(keys.honorCipherOrder, name),
    handshakeTimeoutMs: settings.get(keys.handshakeTimeout, name),
    reuseSessions: settings.get(keys.reuseSessions, name),
    dhfile: path(settings.given(keys.dhfile, name)),
    peerCertAsUsername: settings.origin(keys.peerCertAsUsername, name)
      ? settings.given(keys.peerCertAsUsername, name)
      : mqtt.peerCertAsUsername,
    peerCertAsClientId: settings.origin(keys.peerCertAsClientId, name)
      ? settings.given(keys.peerCertAsClientId, name)
      : mqtt.peerCertAsClientId,
  };
}

function webSocketOf(settings: Settings, keys: WebSocketListenerKeys, name: string): WebSocketOptions {
  return {
    mqttPath: settings.get(keys.mqttPath, name),
    failIfNoSubprotocol: settings.get(keys.failIfNoSubprotocol, name),
    supportedSubprotocols: settings.get(keys.supportedSubprotocols, name),
    idleTimeoutMs: settings.get(keys.idleTimeout, name),
    maxFrameSize: settings.get(keys.maxFrameSize, name),
    checkOrigin: settings.get(keys.checkOrigin, name),
    allowOriginAbsence: settings.get(keys.allowOriginAbsence, name),
    checkOrigins: settings.get(keys.checkOrigins, name),
    proxyAddressHeader: settings.get(keys.proxyAddressHeader, name),
    proxyPortHeader: settings.get(keys.proxyPortHeader, name),
  };
}
