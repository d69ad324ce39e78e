/** Faults between nodes, made on purpose (cluster-protocol R73). Not in EMQX. */
import Type from 'typebox';
import { BusbarError } from '../../base/errors.ts';
import { answering, askNode, askNodes, chosenNodes, runningNodes } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { Fault, FaultChange, FaultQuery, FaultReset, type FaultAction } from '../schema/fault.ts';
import { NodeParams } from '../schema/node.ts';

const shared = { tag: 'Faults', access: 'userOrKey' } as const;
const ofOneNode = { ...shared, params: NodeParams, errors: ['BAD_REQUEST', 'INVALID_PARAMETER', 'NODE_DOWN'] } as const;

export const faultRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/faults',
    summary: 'Faults that were made between nodes and are not healed, of all running nodes',
    answers: { 200: Type.Array(Fault) },
    errors: ['NODE_DOWN'],
    handle: (_request, { admin }) =>
      answering(async () => ok((await askNodes(admin, runningNodes(admin), 'faults', () => ({ action: 'list' }))).flat())),
  }),
  route({
    ...ofOneNode,
    method: 'GET',
    path: '/nodes/:node/faults',
    summary: 'Faults of one node',
    answers: { 200: Type.Array(Fault) },
    handle: ({ params }, { admin }) => act(admin, params.node, { action: 'list' }),
  }),
  route({
    ...ofOneNode,
    method: 'PUT',
    path: '/nodes/:node/faults',
    summary: 'Cuts, delays, throttles or drops what a node sends to a peer or receives from it; needs debug.faults = true there',
    body: FaultChange,
    answers: { 200: Type.Array(Fault) },
    handle: ({ params, body }, { admin }) =>
      act(admin, params.node, {
        action: 'set',
        peer: body.peer,
        direction: body.direction ?? 'both',
        kind: body.kind,
        delayMs: body.delay_ms,
        bytesPerSecond: body.bytes_per_second,
      }),
  }),
  route({
    ...ofOneNode,
    method: 'POST',
    path: '/nodes/:node/faults/reset',
    summary: 'Breaks the connection of a node to a peer once',
    body: FaultReset,
    answers: { 200: Type.Array(Fault) },
    handle: ({ params, body }, { admin }) => act(admin, params.node, { action: 'reset', peer: body.peer }),
  }),
  route({
    ...ofOneNode,
    method: 'DELETE',
    path: '/nodes/:node/faults',
    summary: 'Heals the faults of a node: all, or those towards one peer; links come back without a restart',
    query: FaultQuery,
    answers: { 200: Type.Array(Fault) },
    handle: ({ params, query }, { admin }) => act(admin, params.node, { action: 'heal', ...query }),
  }),
];

function act(admin: AdminPort, name: string, action: FaultAction): Promise<Reply> {
  return answering(async () => {
    const [node] = chosenNodes(admin, name);
    try {
      return ok(node === undefined ? [] : await askNode(admin, node, 'faults', action));
    } catch (error) {
      if (error instanceof BusbarError && error.code.startsWith('FAULT')) return refuse('BAD_REQUEST', `${error.message}. ${error.hint}`);
      throw error;
    }
  });
}
