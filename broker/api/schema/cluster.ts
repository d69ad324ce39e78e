/** `GET /cluster` (rest-api.md 2.1). */
import Type, { type Static } from 'typebox';

export const Cluster = Type.Object({
  name: Type.String(),
  nodes: Type.Array(Type.String(), { description: 'Running nodes; stopped ones appear in /nodes only' }),
  self: Type.String(),
});
export type Cluster = Static<typeof Cluster>;

export const ClusterTopology = Type.Array(
  Type.Object({ core_node: Type.String(), replicant_nodes: Type.Array(Type.Object({ node: Type.String(), streams: Type.Integer() })) }),
);

export const Invite = Type.Optional(Type.Object({ timeout: Type.Optional(Type.Integer({ description: 'Milliseconds, at least 5000' })) }));

export const JoinCluster = Type.Object(
  { node: Type.String({ minLength: 1, maxLength: 320, description: 'name@host, or name@host:port of its cluster port' }) },
  { additionalProperties: false },
);
