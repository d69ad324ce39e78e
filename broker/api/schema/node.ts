/** A node object (rest-api.md 2.2). A node that does not run has its name and state only. */
import Type, { type Static } from 'typebox';
import { Words } from './common.ts';

export const Node = Type.Object({
  node: Type.String(),
  node_status: Words(['running', 'stopped']),
  connections: Type.Optional(Type.Integer()),
  live_connections: Type.Optional(Type.Integer()),
  cluster_sessions: Type.Optional(Type.Integer()),
  load1: Type.Optional(Type.Number()),
  load5: Type.Optional(Type.Number()),
  load15: Type.Optional(Type.Number()),
  max_fds: Type.Optional(Type.Integer()),
  memory_total: Type.Optional(Type.String({ description: 'Such as 512.00M' })),
  memory_used: Type.Optional(Type.String()),
  process_available: Type.Optional(Type.Integer()),
  process_used: Type.Optional(Type.Integer()),
  uptime: Type.Optional(Type.Integer({ description: 'Milliseconds' })),
  version: Type.Optional(Type.String()),
  otp_release: Type.Optional(Type.String()),
  edition: Type.Optional(Words(['Opensource', 'Enterprise'])),
  role: Type.Optional(Words(['core', 'replicant'])),
  sys_path: Type.Optional(Type.String()),
  log_path: Type.Optional(Type.String()),
});
export type Node = Static<typeof Node>;

export const NodeParams = Type.Object({ node: Type.String({ minLength: 1, maxLength: 320 }) });
