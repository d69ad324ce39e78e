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
  durableStore: key(
    'durable_sessions.store',
    form.oneOf({ builtin: 'builtin', redis: 'redis' } as const),
    'builtin',
    'builtin: sessions are kept in node.data_dir, and with durability = replicated at a second node. redis: in a Redis that all nodes reach, which takes the place of both; with durability = memory it is not used. Busbar only.',
  ),
  redisHost: key('durable_sessions.redis.host', form.host, '127.0.0.1', 'Where that Redis is. Version 6 or later; not Redis Cluster. Busbar only.'),
  redisPort: key('durable_sessions.redis.port', form.integer(1, 65_535), '6379', 'Its port. Busbar only.'),
  redisTls: key('durable_sessions.redis.ssl', form.switchType, 'false', 'Speak TLS with it. Busbar only.'),
  redisUsername: key('durable_sessions.redis.username', form.text(256), undefined, 'User of that Redis, if it has users. Busbar only.'),
  redisPassword: key('durable_sessions.redis.password', form.text(1024), undefined, 'Its password. Better in EMQX_DURABLE_SESSIONS__REDIS__PASSWORD or a file. Busbar only.', { secret: true }),
  redisPasswordFile: key('durable_sessions.redis.password_file', form.path, undefined, 'A file whose first line is the password. Busbar only.'),
  redisDatabase: key('durable_sessions.redis.database', form.integer(0, 65_535), '0', 'Number of the database. Busbar only.'),
  redisPrefix: key('durable_sessions.redis.prefix', form.text(128), 'busbar', 'In front of all keys: clusters that share a Redis need different ones. Busbar only.'),
} as const;
