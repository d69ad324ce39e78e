/** `GET /cluster` (rest-api.md 2.1). */
import Type, { type Static } from 'typebox';

export const Cluster = Type.Object({
  name: Type.String(),
  nodes: Type.Array(Type.String(), { description: 'Running nodes; stopped ones appear in /nodes only' }),
  self: Type.String(),
});
export type Cluster = Static<typeof Cluster>;
