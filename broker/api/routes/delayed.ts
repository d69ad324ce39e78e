/** Delayed messages, each on the node that received it (rest-api.md 4.3); the settings: serviceSettings.ts. */
import { hasWildcard } from '../../topics/topicFilter.ts';
import { answering, askNode, askNodes, askRows, runningNodes } from '../nodes.ts';
import { joinPages } from '../paging.ts';
import type { AdminPort, DelayedRow } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { DelayedMessage, DelayedPage, DelayedParams, DelayedQuery, DelayedTopicParams } from '../schema/delayed.ts';

const shared = { tag: 'Delayed messages', access: 'userOrKey' } as const;
const ONE = ['MESSAGE_ID_SCHEMA_ERROR', 'INVALID_NODE', 'MESSAGE_ID_NOT_FOUND', 'NODE_DOWN'] as const;
const MESSAGE_ID = /^[0-9a-fA-F]{32}$/;
const NO_CONTENT = { status: 204 } as const;

export const delayedRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/mqtt/delayed/messages',
    summary: 'Delayed messages of the cluster, those first that are due first',
    query: DelayedQuery,
    answers: { 200: DelayedPage },
    errors: ['INVALID_PARAMETER', 'NODE_DOWN'],
    handle: ({ query }, { admin }) =>
      answering(async () => {
        const nodes = runningNodes(admin);
        const { data, meta } = await joinPages(nodes.length, query, byTime, (source, offset, limit) =>
          askRows((from, many) => askNode(admin, nodes[source] ?? admin.self, 'delayed', { offset: from, limit: many }), offset, limit),
        );
        return ok({ data, meta: { page: meta.page, limit: meta.limit, count: meta.count ?? 0 } });
      }),
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/mqtt/delayed/messages/:topic',
    summary: 'Delete the delayed messages of one topic on all nodes',
    params: DelayedTopicParams,
    answers: { 204: undefined },
    errors: ['INVALID_TOPIC_NAME', 'MESSAGE_NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params: { topic } }, { admin }) =>
      answering(async () => {
        if (hasWildcard(topic)) return refuse('INVALID_TOPIC_NAME', `${topic} is no topic name.`);
        const answers = await askNodes(admin, runningNodes(admin), 'removeDelayed', () => ({ topic }));
        const count = answers.reduce((sum, answer) => sum + answer.count, 0);
        return count === 0 ? refuse('MESSAGE_NOT_FOUND', `No message waits for ${topic}.`) : NO_CONTENT;
      }),
  }),
  route({
    ...shared,
    method: 'GET',
    path: '/mqtt/delayed/messages/:node/:msgid',
    summary: 'One delayed message with its payload',
    params: DelayedParams,
    answers: { 200: DelayedMessage },
    errors: ONE,
    handle: ({ params }, { admin }) =>
      onOwner(admin, params, async (node) => {
        const { message } = await askNode(admin, node, 'delayedMessage', { id: params.msgid });
        return message === null ? unknown(params) : ok(message);
      }),
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/mqtt/delayed/messages/:node/:msgid',
    summary: 'Delete one delayed message',
    params: DelayedParams,
    answers: { 204: undefined },
    errors: ONE,
    handle: ({ params }, { admin }) =>
      onOwner(admin, params, async (node) => {
        const { count } = await askNode(admin, node, 'removeDelayed', { id: params.msgid });
        return count === 0 ? unknown(params) : NO_CONTENT;
      }),
  }),
];

interface Named {
  readonly node: string;
  readonly msgid: string;
}

/** Runs `act` with the node that keeps the message, once both names can be such names. */
function onOwner(admin: AdminPort, { node, msgid }: Named, act: (owner: AdminPort['self']) => Promise<Reply>): Promise<Reply> {
  return answering(async () => {
    if (!MESSAGE_ID.test(msgid)) return refuse('MESSAGE_ID_SCHEMA_ERROR', `${msgid} is no message id: 32 hexadecimal digits.`);
    const owner = runningNodes(admin).find((running) => running === node);
    return owner === undefined ? refuse('INVALID_NODE', `There is no running node ${node} in this cluster.`) : act(owner);
  });
}

function unknown({ msgid }: Named): Reply {
  return refuse('MESSAGE_ID_NOT_FOUND', `No message ${msgid} waits here.`);
}

function byTime(left: DelayedRow, right: DelayedRow): number {
  for (const field of ['expected_at', 'msgid', 'node'] as const) {
    if (left[field] !== right[field]) return left[field] < right[field] ? -1 : 1;
  }
  return 0;
}
