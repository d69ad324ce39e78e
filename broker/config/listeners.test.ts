import { describe, expect, it } from 'vitest';
import { formatBind } from './address.ts';
import type { ListenerConfig } from './config.ts';
import { loadConfig, type ConfigInput } from './load.ts';

function listenersOf(input: ConfigInput): readonly ListenerConfig[] {
  const { config, problems } = loadConfig(input);
  expect(problems).toEqual([]);
  return config?.listeners ?? [];
}
function oneOf(input: ConfigInput, id: string): ListenerConfig {
  const found = listenersOf(input).find((listener) => listener.id === id);
  if (!found) throw new Error(`no listener ${id}`);
  return found;
}
const messagesOf = (...sets: string[]) => loadConfig({ sets }).problems.map(({ message }) => message);

describe('the listeners of EMQX’s files', () => {
  it('of version 3: TCP and TLS with certificates both ways', () => {
    const text = [
      'listener.tcp.external = 0.0.0.0:1885',
      'listener.ssl.external = 8883',
      'listener.ssl.external.keyfile = etc/certs/key.pem',
      'listener.ssl.external.certfile = etc/certs/cert.pem',
      'listener.ssl.external.cacertfile = etc/certs/cacert.pem',
      'listener.ssl.external.verify = verify_peer',
      'listener.ssl.external.fail_if_no_peer_cert = true',
    ].join('\n');
    expect(listenersOf({ text }).map(({ id, bind }) => [id, formatBind(bind)])).toEqual([
      ['tcp:default', '0.0.0.0:1885'],
      ['ssl:default', '127.0.0.1:8883'],
      ['ws:default', '127.0.0.1:8083'],
    ]);
    expect(oneOf({ text }, 'ssl:default').ssl).toEqual({
      certificate: { certfile: 'etc/certs/cert.pem', keyfile: 'etc/certs/key.pem', password: undefined },
      sniCertificates: [],
      cacertfile: 'etc/certs/cacert.pem',
      verifyPeer: true,
      failIfNoPeerCert: true,
      depth: 10,
      versions: ['tlsv1.3', 'tlsv1.2'],
      ciphers: [],
      honorCipherOrder: true,
      handshakeTimeoutMs: 15_000,
      reuseSessions: true,
      dhfile: undefined,
      peerCertAsUsername: undefined,
      peerCertAsClientId: undefined,
    });
  });

  it('of version 4, with every key of its shipped file that says something here', () => {
    const text = `
      listener.tcp.external.acceptors = 8
      listener.tcp.external.max_connections = 1024000
      listener.tcp.external.max_conn_rate = 1000
      listener.tcp.external.active_n = 100
      listener.tcp.external.zone = external
      listener.tcp.external.access.1 = allow all
      listener.tcp.external.rate_limit = 100KB,10s
      listener.tcp.external.backlog = 1024
      listener.tcp.external.send_timeout = 15s
      listener.tcp.external.send_timeout_close = on
      listener.tcp.external.nodelay = true
      listener.tcp.external.reuseaddr = true
      listener.ssl.external = ::1:8883
      listener.ssl.external.handshake_timeout = 15s
      listener.ssl.external.tls_versions = tlsv1.3,tlsv1.2,tlsv1.1,tlsv1
      listener.ssl.external.ciphers = ECDHE-ECDSA-AES256-GCM-SHA384,ECDHE-RSA-AES256-GCM-SHA384
      listener.ssl.external.peer_cert_as_username = cn
      listener.ws.external = 8083
      listener.ws.external.mqtt_path = /socket
      listener.ws.external.fail_if_no_subprotocol = false
      listener.ws.external.mqtt_piggyback = multiple
      listener.ws.external.proxy_address_header = X-Forwarded-For
      listener.wss.external = 8084`;
    expect(listenersOf({ text }).map(({ id, bind }) => [id, formatBind(bind)])).toEqual([
      ['tcp:default', '127.0.0.1:1883'],
      ['ssl:default', '[::1]:8883'],
      ['ws:default', '127.0.0.1:8083'],
      ['wss:default', '127.0.0.1:8084'],
    ]);
    const { maxConnections, limits, tcp } = oneOf({ text }, 'tcp:default');
    expect([maxConnections, limits.maxConnRate, limits.bytesRate, tcp.backlog]).toEqual([
      1_024_000,
      { tokens: 1000, intervalMs: 1000 },
      { tokens: 102_400, intervalMs: 10_000 },
      1024,
    ]);
    const { ssl } = oneOf({ text }, 'ssl:default');
    expect([ssl?.versions, ssl?.ciphers, ssl?.peerCertAsUsername]).toEqual([
      ['tlsv1.3', 'tlsv1.2', 'tlsv1.1', 'tlsv1'],
      ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
      'cn',
    ]);
    const { websocket } = oneOf({ text }, 'ws:default');
    expect([websocket?.mqttPath, websocket?.failIfNoSubprotocol, websocket?.proxyAddressHeader]).toEqual([
      '/socket',
      false,
      'x-forwarded-for',
    ]);
  });

  it('of version 5', () => {
    const text = `
      mqtt.peer_cert_as_clientid = dn
      listeners.ssl.default {
        bind = "0.0.0.0:8883"
        ssl_options { cacertfile = "\${EMQX_ETC_DIR}/certs/ca.pem", certfile = "\${EMQX_ETC_DIR}/certs/cert.pem", keyfile = "etc/key.pem"
                      verify = verify_peer, versions = ["tlsv1.3"] } }
      listeners.wss.second { bind = 9000, enable_authn = quick_deny_anonymous, access_rules = ["deny 10.0.0.0/8", "allow all"] }
      listeners.ws.default.enable = false`;
    const env = { EMQX_ETC_DIR: '/etc/emqx' };
    const { ssl } = oneOf({ text, env }, 'ssl:default');
    expect([ssl?.cacertfile, ssl?.certificate, ssl?.versions, ssl?.peerCertAsClientId]).toEqual([
      '/etc/emqx/certs/ca.pem',
      { certfile: '/etc/emqx/certs/cert.pem', keyfile: 'etc/key.pem', password: undefined },
      ['tlsv1.3'],
      'dn',
    ]);
    const second = oneOf({ text, env }, 'wss:second');
    expect([second.enableAuthn, second.accessRules, second.ssl?.certificate, second.websocket?.mqttPath]).toEqual([
      'quick_deny_anonymous',
      [
        { permission: 'deny', who: '10.0.0.0/8' },
        { permission: 'allow', who: 'all' },
      ],
      undefined,
      '/mqtt',
    ]);
    expect(oneOf({ text, env }, 'ws:default').enable).toBe(false);
  });
});

describe('a value of a listener', () => {
  it.each<[string, (listener: ListenerConfig) => unknown, unknown]>([
    ['bind=unix:/run/busbar.sock', ({ bind }) => bind, { path: '/run/busbar.sock' }],
    ['bind="[::]:1"', ({ bind }) => bind, { host: '::', port: 1 }],
    ['max_conn_rate=10/100ms', ({ limits }) => limits.maxConnRate, { tokens: 10, intervalMs: 100 }],
    ['messages_rate=1000/s', ({ limits }) => limits.messagesRate, { tokens: 1000, intervalMs: 1000 }],
    ['bytes_rate=1MB/m', ({ limits }) => limits.bytesRate, { tokens: 1_048_576, intervalMs: 60_000 }],
    ['bytes_burst=infinity', ({ limits }) => limits.bytesBurst.tokens, Infinity],
    ['unix_socket_mode=660', ({ unixSocketMode }) => unixSocketMode, 0o660],
    ['tcp_options.keepalive="240,30,5"', ({ tcp }) => tcp.keepaliveIdleMs, 240_000],
    ['mountpoint="dev/${clientid}/"', ({ mountpoint }) => mountpoint, 'dev/${clientid}/'],
    ['enabled=false', ({ enable }) => enable, false],
  ])('%s', (set, pick, value) => {
    expect(pick(oneOf({ sets: [`listeners.tcp.default.${set}`] }, 'tcp:default'))).toEqual(value);
  });

  it.each([
    'tcp.default.messages_rate=fast',
    'tcp.default.messages_rate=0/s',
    'tcp.default.access_rules=["permit all"]',
    `tcp.default.bind=unix:/${'x'.repeat(107)}`,
    'ssl.default.ssl_options.versions=["tlsv1.3", "tlsv1.1"]',
    'ssl.default.ssl_options.certificates=[{certfile = a}]',
    'ws.default.websocket.mqtt_path=mqtt',
    'tcp.default.ssl_options.verify=verify_peer',
    'tcp.default.websocket.mqtt_path=/mqtt',
  ])('%s is refused', (set) => {
    expect(messagesOf(`listeners.${set}`)).toHaveLength(1);
  });

  it('has to make sense beside the others', () => {
    expect(messagesOf('listeners.ssl.a={bind = 1, ssl_options {keyfile = k}}', 'listeners.ws.b.max_connections=1')).toEqual([
      '--set listeners.ssl.a: there is a key and no certificate',
      '--set listeners.ws.b.max_connections: listeners.ws.b has no bind',
    ]);
    expect(messagesOf('listeners.ssl.default.ssl_options={certfile = c, verify = verify_peer}')).toEqual([
      '--set listeners.ssl.default.ssl_options: verify_peer needs cacertfile',
    ]);
  });

  it('may be the port of a listener nobody asked for', () => {
    expect(messagesOf('listeners.tcp.default.bind=8083')).toEqual([]);
    expect(messagesOf('listeners.tcp.default.bind=8083', 'listeners.ws.default.enable=true')).toEqual([
      'listener ws:default and listener tcp:default both want port 8083',
    ]);
  });
});
