/** `GET /cluster/sessions` and `/nodes/{node}/drain`: Busbar's own. */
import Type, { type Static } from 'typebox';

const Counts = Type.Record(Type.String(), Type.Number());

export const NodeSessions = Type.Object({
  node: Type.String(),
  durability: Type.Union([Type.Literal('memory'), Type.Literal('disk'), Type.Literal('replicated')]),
  protected: Type.Boolean({ description: 'Nothing is under way; with durability = replicated any one node may die now and nothing that was acknowledged is lost' }),
  pending: { ...Counts, description: 'What is under way; all of it is 0 when all is quiet' },
  counters: { ...Counts, description: 'Cumulative since the start of the node' },
});
export type NodeSessions = Static<typeof NodeSessions>;

export const Drain = Type.Object({
  node: Type.String(),
  state: Type.Union([Type.Literal('serving'), Type.Literal('draining'), Type.Literal('drained')], { description: 'drained: the node can be stopped without loss' }),
  since: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description: 'Null while the node serves' }),
  clients: Type.Integer({ description: 'Clients that are still connected' }),
  sessions: Type.Integer({ description: 'Sessions that are still here, or on their way to another node' }),
  second_copies: Type.Integer({ description: 'Second copies of sessions of other nodes that a third node could have' }),
  late_messages: Type.Integer({ description: 'Messages that wait here for a node that is away' }),
});
export type Drain = Static<typeof Drain>;
