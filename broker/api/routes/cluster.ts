/** The cluster this node is in (rest-api.md 2.1). Joining and leaving by the node itself are Busbar's own. */
import Type from 'typebox';
import { BusbarError } from '../../base/errors.ts';
import { parseNodeName } from '../../base/ids.ts';
import type { MembershipAction } from '../membershipQuestions.ts';
import { runningNodes } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { Cluster, ClusterTopology, Invite, JoinCluster, type Cluster as ClusterBody } from '../schema/cluster.ts';
import { NodeParams } from '../schema/node.ts';

const shared = { tag: 'Cluster', access: 'userOrKey' } as const;
const INVITE_MS = 15_000;
const INVITE_MIN_MS = 5_000;

export const clusterRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/cluster',
    summary: 'Name of the cluster and its running nodes',
    answers: { 200: Cluster },
    errors: [],
    handle(_request, { admin }) {
      return ok({ name: admin.clusterName, nodes: [...runningNodes(admin)], self: admin.self } satisfies ClusterBody);
    },
  }),
  route({
    ...shared,
    method: 'GET',
    path: '/cluster/topology',
    summary: 'Running nodes by role; every node is a core node',
    answers: { 200: ClusterTopology },
    errors: [],
    handle: (_request, { admin }) => ok(runningNodes(admin).map((node) => ({ core_node: node, replicant_nodes: [] }))),
  }),
  route({
    ...shared,
    method: 'PUT',
    path: '/cluster/:node/invite',
    summary: 'Makes a node that is in no cluster a member of this one, and waits for it',
    params: NodeParams,
    body: Invite,
    answers: { 200: undefined },
    errors: ['BAD_REQUEST'],
    async handle({ params, body }, { admin }) {
      const timeoutMs = body?.timeout ?? INVITE_MS;
      if (timeoutMs < INVITE_MIN_MS) return refuse('BAD_REQUEST', `timeout must be at least ${INVITE_MIN_MS}`);
      return changed(admin, { action: 'invite', node: params.node, timeoutMs }, { status: 200 });
    },
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/cluster/:node/force_leave',
    summary: 'Removes a member: a running one leaves, one that is away is forgotten',
    params: NodeParams,
    answers: { 204: undefined },
    errors: ['BAD_REQUEST', 'NOT_FOUND'],
    handle({ params }, { admin }) {
      if (params.node === admin.self) return refuse('BAD_REQUEST', "Can't leave self");
      if (parseNodeName(params.node) === undefined) return refuse('BAD_REQUEST', `${params.node} is no name of a node.`);
      return changed(admin, { action: 'forceLeave', node: params.node }, { status: 204 });
    },
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/cluster/join',
    summary: 'Lets this node join the cluster of another, whose users, bans and retained messages it takes over; own ones are kept in a file',
    body: JoinCluster,
    answers: { 200: Type.Array(Type.String()) },
    errors: ['BAD_REQUEST'],
    handle: ({ body }, { admin }) => changed(admin, { action: 'join', node: body.node }),
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/cluster/leave',
    summary: 'Lets this node leave its cluster; it does not come back until it joins or discovery is enabled',
    answers: { 200: Type.Array(Type.String()) },
    errors: ['BAD_REQUEST'],
    handle: (_request, { admin }) => changed(admin, { action: 'leave' }),
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/cluster/discovery/enable',
    summary: 'Lets this node look for others again after it has left',
    answers: { 200: Type.Array(Type.String()) },
    errors: ['BAD_REQUEST'],
    handle: (_request, { admin }) => changed(admin, { action: 'enableDiscovery' }),
  }),
];

/** What a change answers: the running nodes unless it is said otherwise, or why it was not done. */
async function changed(admin: AdminPort, action: MembershipAction, reply?: Reply): Promise<Reply> {
  try {
    const { nodes } = await admin.ask(admin.self, 'membership', action);
    return reply ?? ok([...nodes]);
  } catch (error) {
    if (!(error instanceof BusbarError) || error.code === 'INTERNAL') throw error;
    const isUnknown = error.code === 'NODE_UNKNOWN' && action.action === 'forceLeave';
    return refuse(isUnknown ? 'NOT_FOUND' : 'BAD_REQUEST', `${error.message}. ${error.hint}`);
  }
}
