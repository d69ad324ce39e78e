/** How sessions outlive a process or a machine: `durability`, `durable_sessions.*`, `durable_storage.*` (broker-contract 9). */
import * as form from '../valueTypes.ts';
import { key } from './key.ts';

export const SESSION_KEYS = {
  durability: key(
    'durability',
    form.oneOf({ memory: 'memory', disk: 'disk', replicated: 'replicated' } as const),
    undefined,
    'Where a message of QoS 1 or 2 for a session that outlives its connection must be before it is acknowledged: memory; disk, in node.data_dir; replicated, on disk and at a second node. Default: memory, or what durable_sessions.enable says. Busbar only.',
    { aliases: ['durable_sessions.durability'] },
  ),
  durableEnable: key('durable_sessions.enable', form.switchType, 'false', 'true stands for durability = disk or replicated, by durable_storage.messages.backend.'),
  durableBackend: key(
    'durable_storage.messages.backend',
    form.oneOf({ builtin_local: 'disk', builtin_raft: 'replicated' } as const),
    'builtin_raft',
    'With durable_sessions.enable: builtin_local for this node alone (disk), builtin_raft for a second node as well (replicated). In EMQX: builtin_local.',
  ),
  durableSynchronous: key(
    'durable_sessions.synchronous',
    form.oneOf({ full: 'full', normal: 'normal' } as const),
    'full',
    'full: what was acknowledged survives the loss of power. normal: it survives the end of the process. Busbar only.',
  ),
} as const;
