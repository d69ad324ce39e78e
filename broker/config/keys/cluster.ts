/** How nodes find and reach each other: `cluster.*`. */
import { key } from './key.ts';
import * as clusterForm from '../clusterForms.ts';
import * as form from '../valueTypes.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

export const CLUSTER_KEYS = {
  clusterName: key('cluster.name', form.text(64), 'emqxcl', 'Name of the cluster; nodes of another name are refused.'),
  discoveryStrategy: key(
    'cluster.discovery_strategy',
    form.oneOf({ manual: 'manual', static: 'static', mcast: 'mcast', dns: 'dns', etcd: 'etcd', k8s: 'k8s' } as const, ['singleton']),
    'manual',
    'How nodes find each other: manual waits to be told, static asks the seeds, mcast the network, dns, etcd and k8s ask that service.',
    { aliases: ['cluster.discovery'] },
  ),
  clusterSeeds: key(
    'cluster.static.seeds',
    form.seeds,
    '[]',
    'Nodes to ask with static discovery. Without a port: 4370 plus the digits that end the name before @ (emqx2@host: 4372).',
  ),
  clusterHost: key(
    'cluster.host',
    form.host,
    '127.0.0.1',
    'Address on which links of other nodes are accepted; 0.0.0.0 or :: for all. Busbar only.',
    {
      aliases: ['rpc.listen_address'],
    },
  ),
  clusterPort: key(
    'cluster.port',
    form.integer(0, 65_535),
    undefined,
    'Port for links of other nodes; 0 takes any free one. Default: 4370 plus the digits that end the node name before @. Busbar only.',
  ),
  autoheal: key('cluster.autoheal', form.switchType, 'true', 'Whether a node that was forgotten while it was away joins again by itself.'),
  autoclean: key(
    'cluster.autoclean',
    form.duration(1000, 'infinity'),
    '24h',
    'Members that are away for so long are forgotten, once nothing depends on them any more.',
  ),

  protoDist: key(
    'cluster.proto_dist',
    form.oneOf({ inet_tcp: 'tcp', inet6_tcp: 'tcp', inet_tls: 'tls', inet6_tls: 'tls' } as const),
    'inet_tcp',
    'inet_tls encrypts the links between nodes, as rpc.protocol = ssl does; each side shows its certificate. IPv6 needs no word here: cluster.host decides.',
  ),
  rpcProtocol: key('rpc.protocol', form.oneOf({ tcp: 'tcp', ssl: 'tls' } as const), 'tcp', 'ssl encrypts the links between nodes.', {
    aliases: ['rpc.driver'],
  }),
  linkCert: key('cluster.tls.certfile', form.path, undefined, 'Certificate by which this node is known to the others, PEM.', { aliases: ['rpc.certfile'] }),
  linkKey: key('cluster.tls.keyfile', form.path, undefined, 'Its private key, PEM.', { aliases: ['rpc.keyfile'] }),
  linkKeyPassword: key('cluster.tls.password', form.text(1024), undefined, 'Of the key, if it is encrypted.', { secret: true }),
  linkAuthorities: key('cluster.tls.cacertfile', form.path, undefined, 'Authority that signed the certificates of all nodes, PEM.', { aliases: ['rpc.cacertfile'] }),

  mcastAddr: key('cluster.mcast.addr', clusterForm.multicastGroup, '239.192.0.1', 'Group that nodes of the network listen to with mcast discovery.'),
  mcastPorts: key('cluster.mcast.ports', clusterForm.ports, '[4369, 4370]', 'UDP ports: the first free one is listened on, all are told.'),
  mcastIface: key('cluster.mcast.iface', form.host, '0.0.0.0', 'Address of the network interface; 0.0.0.0 leaves the choice to the system.'),
  mcastTtl: key('cluster.mcast.ttl', form.integer(0, 255), '255', 'How many routers a question may pass.'),
  mcastLoop: key('cluster.mcast.loop', form.switchType, 'true', 'Whether nodes of the same machine hear each other.'),

  dnsName: key('cluster.dns.name', clusterForm.dnsName, 'localhost', 'Name that is asked for with dns discovery.'),
  dnsRecordType: key(
    'cluster.dns.record_type',
    form.oneOf({ a: 'a', aaaa: 'aaaa', srv: 'srv' } as const),
    'a',
    'Kind of record. With a and aaaa the other nodes have the same cluster.port as this one; srv tells the port.',
  ),
  dnsServers: key('cluster.dns.servers', clusterForm.dnsServers, '[]', 'Name servers to ask; empty for those of the system. Busbar only.'),

  etcdServers: key('cluster.etcd.server', clusterForm.urls, '[]', 'Addresses of etcd, version 3.4 or later.'),
  etcdPrefix: key('cluster.etcd.prefix', form.text(128), 'emqxcl', 'Nodes are listed in etcd below /<prefix>/<cluster.name>/nodes.'),
  etcdNodeTtl: key('cluster.etcd.node_ttl', form.duration(1000), '1m', 'A node that ends without a word leaves the list after this.'),
  etcdUsername: key('cluster.etcd.username', form.text(256), undefined, 'User of etcd, if it asks for one. Busbar only.'),
  etcdPassword: key('cluster.etcd.password', form.text(1024), undefined, 'Password of that user. Busbar only.', { secret: true }),
  etcdAuthorities: key('cluster.etcd.ssl_options.cacertfile', form.path, undefined, 'Authority that signed the certificate of etcd, PEM.', {
    aliases: ['cluster.etcd.ssl.cacertfile'],
  }),
  etcdCert: key('cluster.etcd.ssl_options.certfile', form.path, undefined, 'Certificate shown to etcd, PEM.', { aliases: ['cluster.etcd.ssl.certfile'] }),
  etcdKey: key('cluster.etcd.ssl_options.keyfile', form.path, undefined, 'Its private key, PEM.', { aliases: ['cluster.etcd.ssl.keyfile'] }),
  etcdKeyPassword: key('cluster.etcd.ssl_options.password', form.text(1024), undefined, 'Of the key, if it is encrypted.', { secret: true }),
  etcdVerify: key(
    'cluster.etcd.ssl_options.verify',
    form.oneOf({ verify_peer: true, verify_none: false } as const),
    'verify_peer',
    'Whether the certificate of etcd is checked.',
  ),

  k8sApiserver: key('cluster.k8s.apiserver', clusterForm.url, 'https://kubernetes.default.svc:443', 'The API of Kubernetes.'),
  k8sService: key('cluster.k8s.service_name', clusterForm.dnsName, 'emqx', 'Service whose endpoints are the nodes.'),
  k8sAddressType: key(
    'cluster.k8s.address_type',
    form.oneOf({ ip: 'ip', dns: 'dns', hostname: 'hostname' } as const),
    'ip',
    'How a node is reached: by address, by 10-0-0-1.<namespace>.<suffix>, or by <pod>.<service>.<namespace>.<suffix>.',
  ),
  k8sNamespace: key('cluster.k8s.namespace', clusterForm.dnsName, 'default', 'Namespace of the service.'),
  k8sSuffix: key('cluster.k8s.suffix', clusterForm.dnsName, 'pod.local', 'End of the names with address_type dns and hostname.'),
  k8sTokenFile: key('cluster.k8s.token_file', form.path, `"${SERVICE_ACCOUNT}/token"`, 'File with the token that the API accepts. Busbar only.'),
  k8sAuthorities: key('cluster.k8s.cacertfile', form.path, `"${SERVICE_ACCOUNT}/ca.crt"`, 'Authority that signed the certificate of the API. Busbar only.'),
} as const;
