/** The node itself: `node.*`. */
import { key, DEFAULT_COOKIE } from './key.ts';
import * as form from '../valueTypes.ts';

export const NODE_KEYS = {
  nodeName: key(
    'node.name',
    form.nodeName,
    'emqx@127.0.0.1',
    'Name of this node in the cluster; the part after @ is where its peers reach it.',
    {
      aliases: ['node_name'],
    },
  ),
  nodeCookie: key(
    'node.cookie',
    form.text(256),
    DEFAULT_COOKIE,
    'Shared secret of the cluster: nodes prove it to each other and never send it. Set your own.',
    {
      secret: true,
    },
  ),
  nodeDataDir: key(
    'node.data_dir',
    form.path,
    'data',
    'Folder for what the node keeps: its identity, administrators, stored messages. One node per folder.',
  ),
  durability: key(
    'durability',
    form.oneOf({ memory: 'memory', disk: 'disk', replicated: 'replicated' } as const),
    'memory',
    'When a message of QoS 1 or 2 for a session that outlives its connection is safe, and acknowledged: at once, when it is on this disk, or when another node has it as well.',
  ),
  durabilitySync: key(
    'durability_sync',
    form.oneOf({ full: 'full', normal: 'normal' } as const),
    'full',
    'Whether each commit waits for the disk (full: survives a power cut) or for the operating system (normal: survives the death of the process).',
  ),
} as const;
