/** Events, views and links of the cluster (Busbar's own). */
import Type from 'typebox';
import { Nullable, Time, Words } from './common.ts';

const Count = Type.Integer({ minimum: 0 });
const Names = Type.Array(Type.String());

export const EventsQuery = Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) });

export const ClusterEvents = Type.Object({
  data: Type.Array(
    Type.Object({
      node: Type.String({ description: 'Who tells it' }),
      at: Time,
      level: Words(['debug', 'info', 'warning', 'error'] as const),
      event: Type.String({ description: 'The name of the event in the log' }),
      message: Type.String(),
      hint: Type.Optional(Type.String({ description: 'What to do' })),
    }),
  ),
  forgotten: Type.Integer({ minimum: 0, description: 'Older events that are not kept any more' }),
});

export const ClusterViews = Type.Array(Type.Object({ node: Type.String(), answered: Type.Boolean({ description: 'False for a node that is frozen or just gone' }), running_nodes: Names, stopped_nodes: Names }));

export const ClusterLinks = Type.Array(
  Type.Object({
    node: Type.String(),
    peer: Type.String(),
    state: Words(['up', 'suspect', 'down'] as const),
    rtt_ms: Nullable(Type.Number()),
    queue_bytes: Count,
    queue_data_bytes: Count,
    messages_sent: Count,
    messages_received: Count,
    messages_dropped: Count,
    messages_lost: Count,
    bytes_sent: Count,
    bytes_received: Count,
    downs: Count,
    reason: Nullable(Type.String()),
  }),
);
