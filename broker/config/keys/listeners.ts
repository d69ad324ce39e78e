/**
 * Where clients connect: `listeners.<tcp|ssl|ws|wss>.<name>.*` (broker-contract 3.4), and EMQX 4's `listener.<type>.<name>.*`,
 * where the listener `external` is the one named default. One table makes the keys of all types.
 */
import * as form from '../valueTypes.ts';
import * as listenerForm from '../listenerForms.ts';
import { authentication } from '../authenticationForm.ts';
import type { ListenerType } from '../listenerConfig.ts';
import { key, MAX_COUNT, MAX_PACKET_BYTES, type ConfigKey } from './key.ts';

/** Ports of EMQX's default listeners (broker-contract 8.1). */
export const DEFAULT_PORTS: Readonly<Record<ListenerType, number>> = { tcp: 1883, ssl: 8883, ws: 8083, wss: 8084 };

const ON_REQUEST = 'The listener named default exists once anything is set for it (in EMQX: always).';
const EXISTS: Readonly<Record<ListenerType, string>> = {
  tcp: 'The listener named default exists unless this is false for it.',
  ws: 'The listener named default exists unless this is false for it; when nothing is set for it and its port is taken, the node starts without it.',
  ssl: ON_REQUEST,
  wss: ON_REQUEST,
};

/** Makes rows of one type: `at('max_connections')` is `listeners.tcp.<name>.max_connections` with EMQX 4's spellings. */
function rowsOf(type: ListenerType) {
  return <T>(
    field: string,
    valueType: form.ValueType<T>,
    defaultText: string | undefined,
    doc: string,
    extra: { readonly v4?: readonly string[]; readonly also?: readonly string[]; readonly secret?: boolean } = {},
  ): ConfigKey<T> => {
    const v4 = extra.v4 ?? [field.split('.').at(-1) ?? field];
    return key(`listeners.${type}.<name>.${field}`, valueType, defaultText, doc, {
      aliases: [
        ...(extra.also ?? []).map((other) => `listeners.${type}.<name>.${other}`),
        ...v4.flatMap((other) => ['external', '<name>'].map((name) => `listener.${type}.${name}${other && `.${other}`}`)),
      ],
      secret: extra.secret ?? false,
    });
  };
}

/** Rows of every type. */
function commonKeys(type: ListenerType) {
  const row = rowsOf(type);
  return {
    enable: row('enable', form.switchType, 'true', `Whether the listener starts with the node. ${EXISTS[type]}`, {
      v4: [],
      also: ['enabled'],
    }),
    bind: row(
      'bind',
      listenerForm.listenerBind,
      undefined,
      `Where MQTT clients connect; port 0 takes any free one. A bare port means loopback (in EMQX: every address). Default of the listener default: ${DEFAULT_PORTS[type]}.`,
      { v4: [''] },
    ),
    unixSocketMode: row(
      'unix_socket_mode',
      listenerForm.fileMode,
      '600',
      'Who may connect to a socket file: 600 its owner, 660 the group too, 666 everybody on this machine. Busbar only.',
      { v4: [] },
    ),
    maxConnections: row(
      'max_connections',
      form.integer(1, MAX_COUNT, { infinity: Number.POSITIVE_INFINITY }),
      'infinity',
      'Most connections at a time; further ones are closed at once.',
    ),
    mountpoint: row(
      'mountpoint',
      listenerForm.anyText(1024),
      '""',
      'Put before every topic of its clients and taken off again on delivery; ${clientid}, ${username} and ${client_attrs.name} stand for the client’s own.',
    ),
    accessRules: row(
      'access_rules',
      listenerForm.accessRules,
      '["allow all"]',
      'Which addresses may connect: the first rule that fits decides, and none means no.',
      { v4: ['access.1'] },
    ),
    proxyProtocol: row(
      'proxy_protocol',
      form.switchType,
      'false',
      'Whether a proxy in front says who connects (PROXY protocol 1 or 2). Then every connection must begin with it.',
    ),
    proxyProtocolTimeout: row(
      'proxy_protocol_timeout',
      form.duration(1),
      '3s',
      'Time the PROXY header has to arrive before the connection is closed.',
    ),
    enableAuthn: row(
      'enable_authn',
      form.oneOf<boolean | 'quick_deny_anonymous'>({
        true: true,
        on: true,
        false: false,
        off: false,
        quick_deny_anonymous: 'quick_deny_anonymous',
      }),
      'true',
      'Whether clients of this listener are authenticated; quick_deny_anonymous refuses those without a user name at once.',
      { v4: [] },
    ),
    authentication: row(
      'authentication',
      authentication,
      undefined,
      'Who is asked who a client of this listener is; without any, those of the key authentication.',
      { v4: [] },
    ),
    redirectTo: row(
      'redirect.to',
      listenerForm.serverReference,
      'disabled',
      'Where clients of this listener are to go instead, as host:port, several with spaces between: CONNECT is answered with 0x9C and this Server Reference (MQTT 3: return code 3). Who is connected stays. Busbar only.',
      { v4: [] },
    ),
    redirectMoved: row('redirect.moved', form.switchType, 'false', 'Whether they are to stay there for good: 0x9D in place of 0x9C.', { v4: [] }),
    maxConnRate: row(
      'max_conn_rate',
      listenerForm.rateOrCount,
      'infinity',
      'New connections that are accepted; further ones wait until the rate allows them.',
    ),
    maxConnBurst: row('max_conn_burst', listenerForm.rateOrCount, 'infinity', 'Connections beyond that rate before it takes hold.', { v4: [] }),
    messagesRate: row(
      'messages_rate',
      listenerForm.rateOrCount,
      'infinity',
      'Messages one client may publish; a faster one is not read until the rate allows it.',
      { v4: [] },
    ),
    messagesBurst: row('messages_burst', listenerForm.rateOrCount, 'infinity', 'Messages beyond that rate before it takes hold.', { v4: [] }),
    bytesRate: row(
      'bytes_rate',
      listenerForm.rateOrCount,
      'infinity',
      'Bytes one client may publish; a faster one is not read until the rate allows it.',
      { v4: ['rate_limit'] },
    ),
    bytesBurst: row('bytes_burst', listenerForm.rateOrCount, 'infinity', 'Bytes beyond that rate before it takes hold.', { v4: [] }),
    totalMessagesRate: row(
      'total_messages_rate',
      listenerForm.rateOrCount,
      'infinity',
      'Messages all clients of the listener may publish together; while it is used up they wait in line, unread. Busbar only.',
      { v4: [] },
    ),
    totalMessagesBurst: row('total_messages_burst', listenerForm.rateOrCount, 'infinity', 'Messages beyond that rate before it takes hold.', { v4: [] }),
    totalBytesRate: row(
      'total_bytes_rate',
      listenerForm.rateOrCount,
      'infinity',
      'Bytes all clients of the listener may send together; while it is used up they wait in line, unread. Busbar only.',
      { v4: [] },
    ),
    totalBytesBurst: row('total_bytes_burst', listenerForm.rateOrCount, 'infinity', 'Bytes beyond that rate before it takes hold.', { v4: [] }),
    backlog: row(
      'tcp_options.backlog',
      form.integer(1, 65_535),
      '4096',
      'Connections that wait in the system until the node accepts them (in EMQX: 1024).',
    ),
    nodelay: row('tcp_options.nodelay', form.switchType, 'true', 'Whether small segments are sent at once (TCP_NODELAY).'),
    sendTimeout: row('tcp_options.send_timeout', form.duration(1), '15s', 'A client that takes nothing in for so long is closed.'),
    highWatermark: row(
      'tcp_options.high_watermark',
      listenerForm.watermark,
      '1MB',
      'From this much waiting for a client on, QoS 0 messages for it are dropped and counted.',
    ),
    keepalive: row(
      'tcp_options.keepalive',
      listenerForm.tcpKeepalive,
      'none',
      'Probes of TCP itself; interval and count are the system’s.',
      { v4: [] },
    ),
  } as const;
}

/** Rows of ssl and wss. */
function tlsKeys(type: 'ssl' | 'wss') {
  const row = rowsOf(type);
  return {
    certfile: row(
      'ssl_options.certfile',
      form.path,
      undefined,
      'Certificate of the listener in PEM, intermediate ones behind it. Without one the node makes a development certificate in its data directory, below certs.',
    ),
    keyfile: row('ssl_options.keyfile', form.path, undefined, 'Private key of the certificate in PEM. Default: in the file of the certificate.'),
    password: row('ssl_options.password', form.text(1024), undefined, 'Password of the private key.', {
      v4: ['key_password'],
      secret: true,
    }),
    certificates: row(
      'ssl_options.certificates',
      listenerForm.sniCertificates,
      '[]',
      'Further certificates, each for the names its client may ask for (SNI); without sni the names in the certificate itself. Busbar only.',
      { v4: [] },
    ),
    cacertfile: row('ssl_options.cacertfile', form.path, undefined, 'Authorities in PEM that certificates of clients must come from.'),
    verify: row(
      'ssl_options.verify',
      form.oneOf({ verify_none: false, verify_peer: true } as const),
      'verify_none',
      'verify_peer asks clients for a certificate and refuses one that cacertfile does not vouch for.',
    ),
    failIfNoPeerCert: row(
      'ssl_options.fail_if_no_peer_cert',
      form.switchType,
      'false',
      'With verify_peer: whether a client without a certificate is refused.',
    ),
    depth: row('ssl_options.depth', form.integer(0, 100), '10', 'Most certificates between that of a client and a trusted one. Of those the client sends, Node.js may hide all but one; those in cacertfile always count.'),
    versions: row(
      'ssl_options.versions',
      listenerForm.tlsVersions,
      '["tlsv1.3", "tlsv1.2"]',
      'Versions of TLS that are spoken. Those before 1.2 also need ciphers with @SECLEVEL=0.',
      { v4: ['tls_versions'] },
    ),
    ciphers: row(
      'ssl_options.ciphers',
      listenerForm.textList('a list of cipher suites such as ["TLS_AES_256_GCM_SHA384"]', /^[A-Za-z0-9_@=!+:-]{1,100}$/),
      '[]',
      'Cipher suites in order of preference, by the names of OpenSSL; none means the defaults of Node.js.',
    ),
    honorCipherOrder: row('ssl_options.honor_cipher_order', form.switchType, 'true', 'Whether the order of the server decides.'),
    handshakeTimeout: row(
      'ssl_options.handshake_timeout',
      form.duration(1),
      '15s',
      'Time a TLS handshake may take before the connection is closed.',
    ),
    reuseSessions: row('ssl_options.reuse_sessions', form.switchType, 'true', 'Whether a client may resume an earlier TLS session.'),
    dhfile: row('ssl_options.dhfile', form.path, undefined, 'Diffie-Hellman parameters in PEM. Default: those of OpenSSL.'),
    peerCertAsUsername: row(
      'peer_cert_as_username',
      listenerForm.certificatePart,
      undefined,
      'What of a client’s certificate becomes its user name. Default: as mqtt.peer_cert_as_username.',
    ),
    peerCertAsClientId: row(
      'peer_cert_as_clientid',
      listenerForm.certificatePart,
      undefined,
      'What of a client’s certificate becomes its client id. Default: as mqtt.peer_cert_as_clientid.',
    ),
  } as const;
}

/** Rows of ws and wss. */
function webSocketKeys(type: 'ws' | 'wss') {
  const row = rowsOf(type);
  return {
    mqttPath: row('websocket.mqtt_path', listenerForm.urlPath, '/mqtt', 'Path of the URL at which MQTT is spoken.'),
    failIfNoSubprotocol: row(
      'websocket.fail_if_no_subprotocol',
      form.switchType,
      'true',
      'Whether a client that offers no sub-protocol is refused.',
    ),
    supportedSubprotocols: row(
      'websocket.supported_subprotocols',
      listenerForm.textList('a list of sub-protocols such as ["mqtt"]', /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/),
      '["mqtt", "mqtt-v3", "mqtt-v3.1.1", "mqtt-v5", "mqttv3.1"]',
      'Sub-protocols that are accepted; the first the client offers is chosen.',
    ),
    idleTimeout: row('websocket.idle_timeout', form.duration(1, 'infinity'), '7200s', 'A connection without traffic for so long is closed.'),
    maxFrameSize: row(
      'websocket.max_frame_size',
      listenerForm.byteSizeOrInfinity(MAX_PACKET_BYTES),
      'infinity',
      'Longest frame a client may send; packets are bounded by mqtt.max_packet_size in any case.',
    ),
    checkOrigin: row(
      'websocket.check_origin_enable',
      form.switchType,
      'false',
      'Whether a browser’s page must come from one of check_origins.',
    ),
    allowOriginAbsence: row(
      'websocket.allow_origin_absence',
      form.switchType,
      'true',
      'Whether a client that names no origin passes that check: programs name none, browsers always do.',
    ),
    checkOrigins: row(
      'websocket.check_origins',
      listenerForm.textList('a list of origins such as ["http://localhost:18083"]', /^[\x21-\x7e]{1,512}$/),
      '["http://localhost:18083", "http://127.0.0.1:18083"]',
      'Origins that pass that check.',
    ),
    proxyAddressHeader: row(
      'websocket.proxy_address_header',
      listenerForm.headerName,
      '""',
      'Header in which a proxy tells the address of the client (in EMQX: x-forwarded-for). Any client may write it: set it only behind a proxy that does.',
    ),
    proxyPortHeader: row(
      'websocket.proxy_port_header',
      listenerForm.headerName,
      '""',
      'Header in which a proxy tells the port of the client (in EMQX: x-forwarded-port).',
    ),
  } as const;
}

export type CommonListenerKeys = ReturnType<typeof commonKeys>;
export type TlsListenerKeys = ReturnType<typeof tlsKeys>;
export type WebSocketListenerKeys = ReturnType<typeof webSocketKeys>;

export interface ListenerKeys {
  readonly common: CommonListenerKeys;
  readonly ssl: TlsListenerKeys | undefined;
  readonly websocket: WebSocketListenerKeys | undefined;
}

export const LISTENER_KEYS: Readonly<Record<ListenerType, ListenerKeys>> = {
  tcp: { common: commonKeys('tcp'), ssl: undefined, websocket: undefined },
  ssl: { common: commonKeys('ssl'), ssl: tlsKeys('ssl'), websocket: undefined },
  ws: { common: commonKeys('ws'), ssl: undefined, websocket: webSocketKeys('ws') },
  wss: { common: commonKeys('wss'), ssl: tlsKeys('wss'), websocket: webSocketKeys('wss') },
};

/** All of one type, in the order in which they are documented. */
export const listenerKeyRows = ({ common, ssl, websocket }: ListenerKeys): readonly ConfigKey<unknown>[] => [
  ...Object.values(common),
  ...Object.values(ssl ?? {}),
  ...Object.values(websocket ?? {}),
];
