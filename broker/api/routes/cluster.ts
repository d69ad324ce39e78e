/** The cluster this node is in (rest-api.md 2.1). */
import { runningNodes } from '../nodes.ts';
import { ok } from '../reply.ts';
import { route } from '../route.ts';
import { Cluster, type Cluster as ClusterBody } from '../schema/cluster.ts';

export const clusterRoutes = [
  route({
    method: 'GET',
    path: '/cluster',
    summary: 'Name of the cluster and its running nodes',
    tag: 'Cluster',
    access: 'userOrKey',
    answers: { 200: Cluster },
    errors: [],
    handle(_request, { admin }) {
      return ok({ name: admin.clusterName, nodes: [...runningNodes(admin)], self: admin.self } satisfies ClusterBody);
    },
  }),
];
