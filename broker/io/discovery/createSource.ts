/** The way to discover nodes that the configuration chose; undefined for `manual`, which waits to be told. */
import type { Log } from '../../base/log.ts';
import type { ClusterConfig } from '../../config/clusterConfig.ts';
import type { DiscoverySource, OwnPlace } from './discoverySource.ts';
import { DnsSource } from './dnsSource.ts';
import { EtcdSource } from './etcdSource.ts';
import { K8sSource } from './k8sSource.ts';
import { McastSource } from './mcastSource.ts';

export function createSource(config: ClusterConfig, own: OwnPlace, log: Log): DiscoverySource | undefined {
  switch (config.discoveryStrategy) {
    case 'manual':
      return undefined;
    case 'static': {
      const seeds = config.seeds.map(({ node, host, port }) => ({ node, address: { host, port } }));
      return { discover: () => Promise.resolve(seeds) };
    }
    case 'mcast':
      return new McastSource(config.mcast, config.name, own, log);
    case 'dns':
      return new DnsSource(config.dns, own.address.port);
    case 'etcd':
      return new EtcdSource(config.etcd, config.name, own);
    case 'k8s':
      return new K8sSource(config.k8s, own.address.port);
  }
}
