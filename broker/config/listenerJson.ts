/**
 * A listener as the REST API shows and takes it: EMQX's keys as JSON. What is sent goes through the same table of keys as a file does,
 * so both accept and refuse the same.
 */
import { formatBind } from './address.ts';
import type { ListenerConfig, ListenerLimits, ListenerType, TlsOptions, WebSocketOptions } from './listenerConfig.ts';
import { loadConfig } from './load.ts';
import { durationText, isObject, mergeJson, rateLimitsJson, rateText, sizeText, type Json, type JsonObject } from './serviceJson.ts';

/** Stands for a password that is not shown; sent back it means that the password stays (rest-api.md 0.5). */
export const HIDDEN = '******';
/** EMQX's number of acceptors: Node.js has no such pool, programs expect the field. */
export const ACCEPTORS = 16;

export function listenerJson(config: ListenerConfig): JsonObject {
  const { limits, tcp, ssl, websocket, maxConnections, redirect } = config;
  return {
    enable: config.enable,
    bind: formatBind(config.bind),
    unix_socket_mode: config.unixSocketMode.toString(8),
    max_connections: maxConnections === Number.POSITIVE_INFINITY ? 'infinity' : maxConnections,
    mountpoint: config.mountpoint,
    access_rules: config.accessRules.map(({ permission, who }) => `${permission} ${who}`),
    proxy_protocol: config.proxyProtocol,
    proxy_protocol_timeout: durationText(config.proxyProtocolTimeoutMs, 'infinity'),
    enable_authn: config.enableAuthn,
    redirect: { to: redirect?.to ?? 'disabled', moved: redirect?.moved ?? false },
    ...limitsJson(limits),
    tcp_options: {
      backlog: tcp.backlog,
      nodelay: tcp.nodelay,
      send_timeout: durationText(tcp.sendTimeoutMs, 'infinity'),
      high_watermark: sizeText(tcp.highWatermark),
      keepalive: tcp.keepaliveIdleMs === undefined ? 'none' : `${tcp.keepaliveIdleMs / 1000}`,
    },
    ...(ssl && tlsJson(ssl)),
    ...(websocket && { websocket: webSocketJson(websocket) }),
  };
}

function limitsJson(limits: ListenerLimits): JsonObject {
  return {
    ...rateLimitsJson(limits),
    total_messages_rate: rateText(limits.totalMessagesRate),
    total_messages_burst: rateText(limits.totalMessagesBurst),
    total_bytes_rate: rateText(limits.totalBytesRate),
    total_bytes_burst: rateText(limits.totalBytesBurst),
  };
}

function tlsJson(ssl: TlsOptions): JsonObject {
  const { certificate } = ssl;
  return {
    ssl_options: {
      ...(certificate && { certfile: certificate.certfile, keyfile: certificate.keyfile }),
      ...(certificate?.password !== undefined && { password: HIDDEN }),
      ...(ssl.cacertfile !== undefined && { cacertfile: ssl.cacertfile }),
      ...(ssl.dhfile !== undefined && { dhfile: ssl.dhfile }),
      certificates: ssl.sniCertificates.map(({ names, certfile, keyfile, password }) => ({
        certfile,
        keyfile,
        ...(names.length > 0 && { sni: names }),
        ...(password !== undefined && { password: HIDDEN }),
      })),
      verify: ssl.verifyPeer ? 'verify_peer' : 'verify_none',
      fail_if_no_peer_cert: ssl.failIfNoPeerCert,
      depth: ssl.depth,
      versions: ssl.versions,
      ciphers: ssl.ciphers,
      honor_cipher_order: ssl.honorCipherOrder,
      handshake_timeout: durationText(ssl.handshakeTimeoutMs, 'infinity'),
      reuse_sessions: ssl.reuseSessions,
    },
    peer_cert_as_username: ssl.peerCertAsUsername ?? 'disabled',
    peer_cert_as_clientid: ssl.peerCertAsClientId ?? 'disabled',
  };
}

function webSocketJson(websocket: WebSocketOptions): JsonObject {
  const { maxFrameSize } = websocket;
  return {
    mqtt_path: websocket.mqttPath,
    fail_if_no_subprotocol: websocket.failIfNoSubprotocol,
    supported_subprotocols: websocket.supportedSubprotocols,
    idle_timeout: durationText(websocket.idleTimeoutMs, 'infinity'),
    max_frame_size: maxFrameSize === Number.POSITIVE_INFINITY ? 'infinity' : sizeText(maxFrameSize),
    check_origin_enable: websocket.checkOrigin,
    allow_origin_absence: websocket.allowOriginAbsence,
    check_origins: websocket.checkOrigins,
    proxy_address_header: websocket.proxyAddressHeader,
    proxy_port_header: websocket.proxyPortHeader,
  };
}

export type ListenerReading =
  | { readonly ok: true; readonly config: ListenerConfig }
  /** Sentences that name the keys and the forms they must have. */
  | { readonly ok: false; readonly message: string };

/** Reads a new listener, or `changes` over the settings of an old one. */
export function readListenerJson(type: ListenerType, name: string, changes: JsonObject, before?: ListenerConfig): ListenerReading {
  const wanted = before === undefined ? changes : mergeJson(listenerJson(before), changes);
  // Everything else out of the way: only this listener is looked at.
  const others = { cluster: { port: 0 }, dashboard: { listeners: { http: { bind: '0' } } } };
  const listeners = mergeJson({ tcp: { default: { enable: false } }, ws: { default: { enable: false } } }, { [type]: { [name]: { enable: true } } });
  const text = JSON.stringify({ ...others, listeners: mergeJson(listeners, { [type]: { [name]: wanted } }) });
  const { config, problems } = loadConfig({ text, fileName: 'body' });
  const found = config?.listeners.find((listener) => listener.id === `${type}:${name}`);
  if (found === undefined) return { ok: false, message: problems.map(({ message }) => message.replace(/^body:\d+:\d+: /, '')).join('; ') };
  return { ok: true, config: before === undefined ? found : keepHidden(found, before, changes) };
}

/** `changes` as they are kept for the next start: a password that was sent back hidden stays, it does not become asterisks. */
export function revealHidden(changes: JsonObject, { ssl }: ListenerConfig): JsonObject {
  const sent = changes['ssl_options'];
  if (ssl === undefined || sent === undefined || !isObject(sent)) return changes;
  const { password, certificates, ...others } = sent;
  // A list is kept whole, so its passwords have to be in it.
  const revealed = (each: Json, real: string | undefined): Json =>
    isObject(each) && each['password'] === HIDDEN && real !== undefined ? { ...each, password: real } : each;
  return {
    ...changes,
    ssl_options: {
      ...others,
      ...(password !== undefined && password !== HIDDEN && { password }),
      ...(certificates !== undefined && {
        certificates: Array.isArray(certificates) ? certificates.map((each: Json, index) => revealed(each, ssl.sniCertificates[index]?.password)) : certificates,
      }),
    },
  };
}

/** What is not shown cannot have been sent back: it stays as it was. */
function keepHidden(config: ListenerConfig, before: ListenerConfig, changes: JsonObject): ListenerConfig {
  const authentication = Object.hasOwn(changes, 'authentication') ? config.authentication : before.authentication;
  const { ssl } = config;
  if (ssl === undefined) return { ...config, authentication };
  const old = before.ssl;
  const password = ssl.certificate?.password === HIDDEN ? old?.certificate?.password : ssl.certificate?.password;
  const sniCertificates = ssl.sniCertificates.map((each) =>
    each.password === HIDDEN ? { ...each, password: old?.sniCertificates.find(({ keyfile }) => keyfile === each.keyfile)?.password } : each,
  );
  const certificate = ssl.certificate && { ...ssl.certificate, password };
  return { ...config, authentication, ssl: { ...ssl, certificate, sniCertificates } };
}
