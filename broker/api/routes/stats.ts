/** Gauges of all nodes, or of the cluster as one (rest-api.md 2.3). */
import Type from 'typebox';
import { STAT_NAMES } from '../../metrics/catalogue.ts';
import { answering, askNodes, runningNodes } from '../nodes.ts';
import { ok } from '../reply.ts';
import { route } from '../route.ts';
import { AggregateQuery, Counters, type CountersBody } from '../schema/counters.ts';

/** Each gauge now and at its highest since the node's start. */
export const GAUGE_NAMES: readonly string[] = STAT_NAMES.flatMap((name) => [`${name}.count`, `${name}.max`]);

/** Gauges that show the whole cluster on every node: adding them up would count everything once per node. */
const CLUSTER_WIDE: ReadonlySet<string> = new Set(
  ['topics', 'retained', 'subscriptions.shared', 'cluster_sessions'].flatMap((name) => [`${name}.count`, `${name}.max`]),
);

export const statsRoutes = [
  route({
    method: 'GET',
    path: '/stats',
    summary: 'Gauges of every node, or of the cluster',
    tag: 'Metrics',
    access: 'userOrKey',
    query: AggregateQuery,
    answers: { 200: Type.Union([Counters(GAUGE_NAMES), Type.Array(Counters(GAUGE_NAMES))]) },
    errors: ['INVALID_PARAMETER', 'NODE_DOWN'],
    handle: ({ query }, { admin }) =>
      answering(async () => {
        const nodes = runningNodes(admin);
        const answers = await askNodes(admin, nodes, 'stats', () => ({}));
        if (query.aggregate === true) return ok(aggregate(answers, CLUSTER_WIDE));
        return ok(nodes.map((node, index): CountersBody => ({ ...answers[index], node })));
      }),
  }),
];

/** Adds up numbers of the same name; of cluster-wide ones the highest that any node knows is the freshest. */
export function aggregate(
  answers: readonly Readonly<Record<string, number>>[],
  clusterWide: ReadonlySet<string>,
): Record<string, number> {
  const total: Record<string, number> = {};
  for (const answer of answers) {
    for (const [name, value] of Object.entries(answer)) {
      const before = total[name] ?? 0;
      total[name] = clusterWide.has(name) ? Math.max(before, value) : before + value;
    }
  }
  return total;
}
