import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

function clusterOf(text: string) {
  const { config, problems } = loadConfig({ text, fileName: 'emqx.conf' });
  expect(problems).toEqual([]);
  if (!config) throw new Error('no configuration');
  return config.cluster;
}
const problemsOf = (text: string) => loadConfig({ text, fileName: 'emqx.conf' }).problems.map(({ message, hint }) => [message, hint]);

describe('a cluster found by', () => {
  it('multicast: the keys of EMQX 4', () => {
    const text = 'cluster.discovery = mcast\ncluster.mcast.addr = 239.192.0.7\ncluster.mcast.ports = 4369,4370\ncluster.mcast.iface = 10.0.0.4\ncluster.mcast.ttl = 1\ncluster.mcast.loop = off';
    const { discoveryStrategy, mcast } = clusterOf(text);
    expect([discoveryStrategy, mcast]).toEqual(['mcast', { addr: '239.192.0.7', ports: [4369, 4370], iface: '10.0.0.4', ttl: 1, loop: false }]);
  });

  it('DNS: name, kind of record and servers', () => {
    const { dns } = clusterOf('cluster { discovery_strategy = dns, dns { name = "emqx.default.svc", record_type = srv, servers = ["10.0.0.10", "127.0.0.1:5353", "fd00::a", "[::1]:54"] } }');
    expect(dns).toEqual({
      name: 'emqx.default.svc',
      recordType: 'srv',
      servers: [
        { host: '10.0.0.10', port: 53 },
        { host: '127.0.0.1', port: 5353 },
        { host: 'fd00::a', port: 53 },
        { host: '::1', port: 54 },
      ],
    });
  });

  it('etcd: servers with and without a scheme, prefix without slashes, user, certificates', () => {
    const text = `cluster { discovery_strategy = etcd, etcd { server = "http://etcd1:2379/, etcd2:2379", prefix = "/iot/", node_ttl = 30s
      username = bus, password = hush, ssl_options { enable = true, cacertfile = "/c/ca.pem", certfile = "/c/bus.pem", keyfile = "/c/bus.key", verify = verify_none } } }`;
    expect(clusterOf(text).etcd).toEqual({
      servers: ['http://etcd1:2379', 'http://etcd2:2379'],
      prefix: 'iot',
      nodeTtlMs: 30_000,
      credentials: { username: 'bus', password: 'hush' },
      tls: { cacertfile: '/c/ca.pem', certificate: { certfile: '/c/bus.pem', keyfile: '/c/bus.key', password: undefined }, verifyPeer: false },
    });
  });

  it('Kubernetes: service, form of addresses, token', () => {
    const text = 'cluster { discovery_strategy = k8s, k8s { apiserver = "https://10.0.0.1:6443", service_name = bus, address_type = hostname, namespace = iot, suffix = "svc.cluster.local", token_file = "/t/token", cacertfile = "/t/ca" } }';
    expect(clusterOf(text).k8s).toEqual({
      apiserver: 'https://10.0.0.1:6443',
      serviceName: 'bus',
      addressType: 'hostname',
      namespace: 'iot',
      suffix: 'svc.cluster.local',
      tokenFile: '/t/token',
      cacertfile: '/t/ca',
    });
  });
});

describe('links over TLS', () => {
  const files = 'certfile = "/c/a.pem", keyfile = "/c/a.key", cacertfile = "/c/ca.pem"';
  const tls = { certificate: { certfile: '/c/a.pem', keyfile: '/c/a.key', password: undefined }, cacertfile: '/c/ca.pem' };

  it.each([
    [`cluster.proto_dist = inet_tls\ncluster.tls { ${files} }`],
    [`cluster.proto_dist = inet6_tls\ncluster.tls { ${files} }`],
    [`rpc { protocol = ssl, ${files} }`],
    [`rpc { driver = ssl, ${files} }`],
  ])('%s', (text) => {
    expect(clusterOf(text).tls).toEqual(tls);
  });

  it('are not switched on by certificates alone', () => {
    expect(clusterOf(`cluster.tls { ${files} }`).tls).toBeUndefined();
  });
});

describe('what is wrong', () => {
  it.each([
    ['cluster.discovery_strategy = etcd', 'emqx.conf:1:1: discovery by etcd needs cluster.etcd.server', 'Set cluster.etcd.server, such as http://127.0.0.1:2379.'],
    ['cluster.proto_dist = inet_tls', 'emqx.conf:1:1: links over TLS need cluster.tls.certfile, cluster.tls.keyfile and cluster.tls.cacertfile', 'Set all three; the other nodes need certificates of the same authority.'],
    ['cluster.etcd.ssl_options.certfile = "/c/a.pem"', 'emqx.conf:1:1: cluster.etcd.ssl_options.certfile and cluster.etcd.ssl_options.keyfile belong together', 'Give both, or neither.'],
    ['cluster.mcast.addr = 10.0.0.1', 'emqx.conf:1:1: cluster.mcast.addr is 10.0.0.1; expected a multicast address such as 239.192.0.1', 'Correct the value and start again.'],
    ['cluster.mcast.ports = [0]', 'emqx.conf:1:1: cluster.mcast.ports is 0; expected a list of ports, such as 4369,4370', 'Correct the value and start again.'],
    ['cluster.etcd.server = "ftp://etcd"', 'emqx.conf:1:1: cluster.etcd.server is ftp://etcd; expected a list of at most 16 addresses, such as http://127.0.0.1:2379', 'Correct the value and start again.'],
    ['cluster.k8s.namespace = "../x"', 'emqx.conf:1:1: cluster.k8s.namespace is ../x; expected a name such as emqx.default.svc.cluster.local', 'Correct the value and start again.'],
  ])('%s', (text, message, hint) => {
    expect(problemsOf(text)).toEqual([[message, hint]]);
  });
});

it('a node that tells others where it is while they cannot reach it is warned', () => {
  const warned = (...sets: string[]) => loadConfig({ sets: ['node.cookie=c', ...sets] }).warnings.map(({ event }) => event);
  expect(warned('cluster.discovery_strategy=mcast', 'node.name=a@10.0.0.1')).toEqual(['cluster_host_is_loopback']);
  expect(warned('cluster.discovery_strategy=mcast', 'node.name=a@10.0.0.1', 'cluster.host=0.0.0.0')).toEqual([]);
  expect(warned('cluster.discovery_strategy=mcast', 'node.name=a@127.0.0.1')).toEqual([]);
});
