/** What happened in the cluster in plain words, and whom each node sees (Busbar's own; cluster-protocol R10, R74, R75). */
import Type from 'typebox';
import type { NodeName } from '../../base/ids.ts';
import { answering, askNodes, isAbsence, runningNodes } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok } from '../reply.ts';
import { route } from '../route.ts';
import { ClusterEvents, ClusterLinks, ClusterViews, EventsQuery } from '../schema/event.ts';

const shared = { tag: 'Cluster', access: 'userOrKey' } as const;
const DEFAULT_EVENTS = 100;

/** A node that does not answer is part of the picture, no reason to show none. */
async function viewOf(admin: AdminPort, node: NodeName): Promise<unknown> {
  try {
    const { running, stopped } = await admin.ask(node, 'view', {});
    return { node, answered: true, running_nodes: running, stopped_nodes: stopped };
  } catch (error) {
    if (!isAbsence(error)) throw error;
    return { node, answered: false, running_nodes: [], stopped_nodes: [] };
  }
}

export const eventRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/cluster/events',
    summary: 'What happened lately on all running nodes, newest first: what was noticed, what merged, what was discarded',
    query: EventsQuery,
    answers: { 200: ClusterEvents },
    errors: ['NODE_DOWN', 'INVALID_PARAMETER'],
    handle: ({ query: { limit = DEFAULT_EVENTS } }, { admin }) =>
      answering(async () => {
        const answers = await askNodes(admin, runningNodes(admin), 'events', () => ({ limit }));
        const rows = answers.flatMap((answer) => answer.rows).sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1));
        return ok({ data: rows.slice(0, limit), forgotten: answers.reduce((sum, { forgotten }) => sum + forgotten, 0) });
      }),
  }),
  route({
    ...shared,
    method: 'GET',
    path: '/cluster/views',
    summary: 'Whom each running node sees; they differ while links are cut',
    answers: { 200: ClusterViews },
    errors: [],
    handle: async (_request, { admin }) => ok(await Promise.all(runningNodes(admin).map((node) => viewOf(admin, node)))),
  }),
  route({
    ...shared,
    method: 'GET',
    path: '/cluster/links',
    summary: 'The links of every running node: state, round trip, what waits, what went over them',
    answers: { 200: ClusterLinks },
    errors: ['NODE_DOWN'],
    handle: (_request, { admin }) =>
      answering(async () => {
        const nodes = runningNodes(admin);
        const answers = await askNodes(admin, nodes, 'links', () => ({}));
        return ok(
          answers.flatMap(({ links }, index) =>
            links.map((link) => ({
              node: nodes[index],
              peer: link.peer,
              state: link.state,
              rtt_ms: link.rttMs,
              queue_bytes: link.queueBytes,
              queue_data_bytes: link.queueDataBytes,
              messages_sent: link.messagesOut,
              messages_received: link.messagesIn,
              messages_dropped: link.messagesDropped,
              messages_lost: link.messagesLost,
              bytes_sent: link.bytesOut,
              bytes_received: link.bytesIn,
              downs: link.downs,
              reason: link.reason,
            })),
          ),
        );
      }),
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/cluster/reidentify',
    summary: 'Gives this node an identity of its own with its next start, when its data directory is a copy of another; its sessions are kept and handed in',
    answers: { 200: Type.Object({ node: Type.String(), node_id: Type.String() }) },
    errors: [],
    handle: async (_request, { admin }) => ok({ node: admin.self, node_id: (await admin.ask(admin.self, 'reidentify', {})).nodeId }),
  }),
];
