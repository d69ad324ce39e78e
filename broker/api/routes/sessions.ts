/** Sessions that outlive their connections: how safe they are, and handing them over before a node is stopped. Busbar's own. */
import Type from 'typebox';
import { parseNodeName } from '../../base/ids.ts';
import { runningNodes } from '../nodes.ts';
import { ok, refuse } from '../reply.ts';
import { route } from '../route.ts';
import { NodeParams } from '../schema/node.ts';
import { Drain, Drained, NodeSessions, type NodeSessions as NodeSessionsBody } from '../schema/session.ts';

const shared = { tag: 'Cluster', access: 'userOrKey' } as const;
const DRAIN_MS = 60_000;

export const sessionRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/cluster/sessions',
    summary: 'How safe the sessions of each running node are, and what is under way',
    answers: { 200: Type.Array(NodeSessions) },
    errors: [],
    async handle(_request, { admin }) {
      const rows = runningNodes(admin).map(async (node): Promise<NodeSessionsBody> => {
        const { durability, isProtected, pending, counters } = await admin.ask(node, 'sessions', {});
        return { node, durability, protected: isProtected, pending: { ...pending }, counters: { ...counters } };
      });
      return ok(await Promise.all(rows));
    },
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/nodes/:node/drain',
    summary: 'Sends the clients of a node away and hands its sessions to others, so that it can be stopped without loss',
    params: NodeParams,
    body: Drain,
    answers: { 200: Drained },
    errors: ['NOT_FOUND'],
    async handle({ params, body }, { admin }) {
      const node = parseNodeName(params.node);
      if (node === undefined || !runningNodes(admin).includes(node)) return refuse('NOT_FOUND', `${params.node} is not a running node`);
      return ok(await admin.ask(node, 'drain', { timeoutMs: body?.timeout ?? DRAIN_MS }));
    },
  }),
];
