/** Sessions that outlive their connections: how safe they are, and handing them over before a node is stopped. Busbar's own. */
import Type from 'typebox';
import { BusbarError } from '../../base/errors.ts';
import { parseNodeName } from '../../base/ids.ts';
import { answering, askNode, runningNodes } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { NodeParams } from '../schema/node.ts';
import { Drain, NodeSessions, type NodeSessions as NodeSessionsBody } from '../schema/session.ts';

const shared = { tag: 'Cluster', access: 'userOrKey' } as const;
const drain = { path: '/nodes/:node/drain', params: NodeParams, answers: { 200: Drain } } as const;

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
    ...drain,
    method: 'POST',
    summary: 'Begins to send the clients of a node away and to hand its sessions to others, so that it can be stopped without loss',
    errors: ['NOT_FOUND', 'BAD_REQUEST'],
    handle: ({ params }, { admin }) => acted(admin, params.node, 'start'),
  }),
  route({
    ...shared,
    ...drain,
    method: 'GET',
    summary: 'How far a node is with that',
    errors: ['NOT_FOUND'],
    handle: ({ params }, { admin }) => acted(admin, params.node, 'look'),
  }),
  route({
    ...shared,
    ...drain,
    method: 'DELETE',
    summary: 'Lets a node serve again that was to be stopped; what it has handed over stays where it is',
    errors: ['NOT_FOUND'],
    handle: ({ params }, { admin }) => acted(admin, params.node, 'cancel'),
  }),
];

function acted(admin: AdminPort, name: string, action: 'start' | 'look' | 'cancel'): Promise<Reply> {
  return answering(async () => {
    const node = parseNodeName(name);
    if (node === undefined || !runningNodes(admin).includes(node)) return refuse('NOT_FOUND', `${name} is not a running node`);
    try {
      const { state, sinceMs, clients, sessions, secondCopies, lateMessages } = await askNode(admin, node, 'drain', { action });
      const since = sinceMs === null ? null : new Date(sinceMs).toISOString();
      return ok({ node, state, since, clients, sessions, second_copies: secondCopies, late_messages: lateMessages } satisfies Drain);
    } catch (error) {
      if (error instanceof BusbarError && error.code === 'DRAIN_NO_OTHER_NODE') return refuse('BAD_REQUEST', `${error.message}. ${error.hint}`);
      throw error;
    }
  });
}
