/** Nodes, running or not, and the counters of one (rest-api.md 2.2). */
import Type from 'typebox';
import type { NodeName } from '../../base/ids.ts';
import { METRIC_NAMES } from '../../metrics/catalogue.ts';
import { CLUSTER_METRIC_NAMES } from '../../metrics/clusterCatalogue.ts';
import { answering, askNode, isAbsence } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { Counters } from '../schema/counters.ts';
import { Node, NodeParams } from '../schema/node.ts';
import { GAUGE_NAMES } from './stats.ts';

const shared = { tag: 'Nodes', access: 'userOrKey', method: 'GET' } as const;

export const nodeRoutes = [
  route({
    ...shared,
    path: '/nodes',
    summary: 'All nodes of the cluster',
    answers: { 200: Type.Array(Node) },
    errors: [],
    async handle(_request, { admin }) {
      return ok(await Promise.all(admin.members().map((member) => describe(admin, member))));
    },
  }),
  route({
    ...shared,
    path: '/nodes/:node',
    summary: 'One node',
    params: NodeParams,
    answers: { 200: Node },
    errors: ['NOT_FOUND'],
    async handle({ params }, { admin }) {
      const member = admin.members().find((candidate) => candidate.node === params.node);
      return member ? ok(await describe(admin, member)) : unknownNode(params.node);
    },
  }),
  route({
    ...shared,
    path: '/nodes/:node/metrics',
    summary: 'Counters of one node since its start',
    params: NodeParams,
    answers: { 200: Counters(METRIC_NAMES, CLUSTER_METRIC_NAMES) },
    errors: ['NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params }, { admin }) =>
      ofRunningNode(admin, params.node, async (node) => ({ ...(await askNode(admin, node, 'metrics', {})), node })),
  }),
  route({
    ...shared,
    path: '/nodes/:node/stats',
    summary: 'Gauges of one node with their highest values',
    params: NodeParams,
    answers: { 200: Counters(GAUGE_NAMES) },
    errors: ['NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params }, { admin }) => ofRunningNode(admin, params.node, (node) => askNode(admin, node, 'stats', {})),
  }),
];

/** A node that stopped, or does not answer though it should, is shown with its name and state only. */
async function describe(
  admin: AdminPort,
  member: { readonly node: NodeName; readonly status: 'running' | 'stopped' },
): Promise<Readonly<Record<string, unknown>>> {
  const absent = { node: member.node, node_status: 'stopped' };
  if (member.status !== 'running') return absent;
  try {
    return await admin.ask(member.node, 'nodeInfo', {});
  } catch (error) {
    if (isAbsence(error)) return absent;
    throw error;
  }
}

function ofRunningNode(admin: AdminPort, name: string, read: (node: NodeName) => Promise<unknown>): Reply | Promise<Reply> {
  const member = admin.members().find((candidate) => candidate.node === name && candidate.status === 'running');
  return member ? answering(async () => ok(await read(member.node))) : unknownNode(name);
}

function unknownNode(name: string): Reply {
  return refuse('NOT_FOUND', `There is no running node ${name} in this cluster.`);
}
