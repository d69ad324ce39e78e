/** How nodes find and reach each other: `cluster.*`. */
import { key } from './key.ts';
import * as form from '../valueTypes.ts';

export const CLUSTER_KEYS = {
  clusterName: key('cluster.name', form.text(64), 'emqxcl', 'Name of the cluster; nodes of another name are refused.'),
  discoveryStrategy: key(
    'cluster.discovery_strategy',
    form.oneOf({ manual: 'manual', static: 'static' } as const, ['dns', 'etcd', 'k8s', 'mcast', 'singleton']),
    'manual',
    'How nodes find each other: manual waits to be told, static asks the seeds.',
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
    'Address on which links of other nodes are accepted; 0.0.0.0 for all. Busbar only.',
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
} as const;
