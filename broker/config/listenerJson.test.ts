import { describe, expect, it } from 'vitest';
import type { ListenerConfig } from './listenerConfig.ts';
import { HIDDEN, listenerJson, readListenerJson } from './listenerJson.ts';
import { loadConfig } from './load.ts';

const TEXT = `
  listeners.tcp.default { bind = "0.0.0.0:1884", max_connections = 5, mountpoint = "a/\${clientid}/", access_rules = ["deny 10.0.0.0/8"]
    proxy_protocol = true, enable_authn = quick_deny_anonymous, messages_rate = "10/s", bytes_rate = "100KB/10s", tcp_options.keepalive = "60,5,5" }
  listeners.ssl.default { ssl_options { certfile = c, keyfile = k, password = secret, cacertfile = ca, verify = verify_peer
    versions = ["tlsv1.3"], ciphers = [TLS_AES_256_GCM_SHA384], certificates = [{certfile = c2, keyfile = k2, password = other, sni = "a.b"}] }
    peer_cert_as_username = cn }
  listeners.ws.default { bind = "unix:/run/x.sock", unix_socket_mode = 660, websocket { max_frame_size = 1MB, check_origin_enable = true } }
  listeners.wss.default {}
  listeners.wss.default.enable = false`;

function listeners(): readonly ListenerConfig[] {
  const { config, problems } = loadConfig({ text: TEXT });
  expect(problems).toEqual([]);
  return config?.listeners ?? [];
}

describe('a listener as JSON', () => {
  it.each(['tcp:default', 'ssl:default', 'ws:default', 'wss:default'])('%s is read as it was shown', (id) => {
    const before = listeners().find((listener) => listener.id === id) as ListenerConfig;
    expect(readListenerJson(before.type, before.name, listenerJson(before), before)).toEqual({ ok: true, config: before });
  });

  it('shows no password', () => {
    expect(JSON.stringify(listeners().map(listenerJson))).not.toMatch(/secret|other/);
    expect(JSON.stringify(listeners().map(listenerJson)).split(HIDDEN)).toHaveLength(3);
  });

  it('takes changes key by key', () => {
    const before = listeners()[1] as ListenerConfig;
    const reading = readListenerJson('ssl', 'default', { ssl_options: { depth: 2, ciphers: [] }, max_connections: 'infinity' }, before);
    expect(reading).toEqual({ ok: true, config: { ...before, ssl: { ...before.ssl, depth: 2, ciphers: [] } } });
  });

  it('says what is wrong with it', () => {
    expect(readListenerJson('tcp', 'x', { bind: '1', max_conections: 4 })).toEqual({ ok: false, message: 'there is no key listeners.tcp.x.max_conections' });
    expect(readListenerJson('tcp', 'x', {})).toEqual({ ok: false, message: 'listeners.tcp.x has no bind' });
  });

  it('may have the port of any other: whether it is free shows when it starts', () => {
    expect(readListenerJson('tcp', 'x', { bind: '1883' }).ok).toBe(true);
    expect(readListenerJson('tcp', 'default', { bind: '18083' }).ok).toBe(true);
  });
});
