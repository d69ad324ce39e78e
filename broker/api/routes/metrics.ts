/** Counters of all nodes, of one, or of the cluster as one (rest-api.md 2.4 and 9). */
import Type from 'typebox';
import { METRIC_NAMES } from '../../metrics/catalogue.ts';
import { CLUSTER_METRIC_NAMES } from '../../metrics/clusterCatalogue.ts';
import { answering, askNodes, chosenNodes } from '../nodes.ts';
import { ok } from '../reply.ts';
import { route } from '../route.ts';
import { Counters, MetricsQuery, type CountersBody } from '../schema/counters.ts';
import { aggregate } from './stats.ts';

const OneNode = Counters(METRIC_NAMES, CLUSTER_METRIC_NAMES);

export const metricsRoutes = [
  route({
    method: 'GET',
    path: '/metrics',
    summary: 'Counters of every node since its start, or of the cluster',
    tag: 'Metrics',
    access: 'userOrKey',
    query: MetricsQuery,
    answers: { 200: Type.Union([OneNode, Type.Array(OneNode)]) },
    errors: ['INVALID_PARAMETER', 'NODE_DOWN'],
    handle: ({ query }, { admin }) =>
      answering(async () => {
        const nodes = chosenNodes(admin, query.node);
        const answers = await askNodes(admin, nodes, 'metrics', () => ({}));
        if (query.aggregate === true) return ok(aggregate(answers, new Set()));
        return ok(nodes.map((node, index): CountersBody => ({ ...answers[index], node })));
      }),
  }),
];
