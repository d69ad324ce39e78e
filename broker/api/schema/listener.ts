/** Listeners (rest-api.md 6.1). */
import Type, { type Static } from 'typebox';
import { CountOrInfinity, Words } from './common.ts';

export const ListenerTypeName = Words(['tcp', 'ssl', 'ws', 'wss'], { description: 'ssl is MQTT over TLS, wss WebSocket over TLS' });
const Name = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });
const Count = Type.Integer({ minimum: 0 });

const Running = Type.Unsafe<boolean | 'inconsistent'>({
  anyOf: [{ type: 'boolean' }, { type: 'string', enum: ['inconsistent'] }],
  description: 'inconsistent: on some nodes only',
});
export const ListenerStatus = Type.Object({
  running: Running,
  max_connections: CountOrInfinity,
  current_connections: Count,
  paused_clients: Type.Integer({ minimum: 0, description: 'Clients that are not read just now because of a rate' }),
  reason: Type.Optional(Type.String({ description: 'Why this node has not what the cluster has' })),
  waiting_connections: Type.Integer({ minimum: 0, description: 'Connections that wait to be accepted because of a rate' }),
});
const NodeStatus = Type.Array(Type.Object({ node: Type.String(), status: ListenerStatus }));

export const ListenerRow = Type.Object({
  id: Type.String({ description: '<type>:<name>' }),
  type: ListenerTypeName,
  name: Name,
  enable: Type.Boolean(),
  number: Type.Integer({ description: 'On how many nodes it is' }),
  bind: Type.String({ description: 'Such as 127.0.0.1:1883 or unix:/run/busbar.sock' }),
  acceptors: Count,
  status: ListenerStatus,
  node_status: NodeStatus,
});
export type ListenerRow = Static<typeof ListenerRow>;

/** All settings under EMQX's names; which there are depends on the type. */
export const Listener = Type.Object(
  {
    id: Type.String(),
    type: ListenerTypeName,
    name: Name,
    enable: Type.Boolean(),
    bind: Type.String(),
    acceptors: Count,
    listen_on: Type.String({ description: 'Address of the answering node, with the port it really has' }),
    shutdown_count: Type.Record(Type.String(), Count, { description: 'Connections turned away before MQTT, by kind' }),
    status: ListenerStatus,
    node_status: NodeStatus,
  },
  { additionalProperties: true },
);
export type Listener = Static<typeof Listener>;

export const ListenersStatus = Type.Array(
  Type.Object({
    type: ListenerTypeName,
    enable: Type.Boolean(),
    ids: Type.Array(Type.String()),
    status: ListenerStatus,
    node_status: NodeStatus,
  }),
);

export const ListenersQuery = Type.Object({ type: Type.Optional(ListenerTypeName) });
export const ListenerParams = Type.Object({ listener_id: Type.String({ minLength: 1, maxLength: 128 }) });
/** Busbar only: nodes that share a machine cannot share a port. */
export const OneNodeQuery = Type.Object({ node: Type.Optional(Type.String({ description: 'Only on this node; all running ones without it' })) });

export const NewListener = Type.Object({ type: ListenerTypeName, name: Name }, { additionalProperties: true });
export const ListenerChange = Type.Object(
  { type: Type.Optional(ListenerTypeName), name: Type.Optional(Name), id: Type.Optional(Type.String()) },
  { additionalProperties: true },
);
