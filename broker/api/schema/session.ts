/** `GET /cluster/sessions` and `POST /nodes/{node}/drain`: Busbar's own. */
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

export const Drain = Type.Optional(Type.Object({ timeout: Type.Optional(Type.Integer({ minimum: 1000, maximum: 600_000, description: 'Milliseconds; 60000 unless told' })) }));

export const Drained = Type.Object({ done: Type.Boolean({ description: 'False: the time was up, and some sessions are still here' }) });
export type Drained = Static<typeof Drained>;
