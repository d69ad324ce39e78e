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
} as const;
