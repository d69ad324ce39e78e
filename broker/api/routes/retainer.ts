/** Retained messages, the same on all nodes (rest-api.md 4.2); their settings: serviceSettings.ts. */
import { topicFilterProblem } from '../../topics/topicFilter.ts';
import { answering, askNode } from '../nodes.ts';
import { ok, refuse } from '../reply.ts';
import { route } from '../route.ts';
import { DEFAULT_PAGE_LIMIT, Page } from '../schema/common.ts';
import { Retained, RetainedMessage, RetainedParams, RetainedQuery } from '../schema/retained.ts';

const shared = { tag: 'Retained messages', access: 'userOrKey' } as const;
const NO_CONTENT = { status: 204 } as const;

export const retainerRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/mqtt/retainer/messages',
    summary: 'Retained messages, in the order of the store of the node that is asked',
    query: RetainedQuery,
    answers: { 200: Page(Retained) },
    errors: ['INVALID_PARAMETER', 'BAD_REQUEST', 'NODE_DOWN'],
    handle: ({ query }, { admin }) =>
      answering(async () => {
        const { topic, page = 1, limit = DEFAULT_PAGE_LIMIT } = query;
        if (topic !== undefined && topicFilterProblem(topic) !== undefined) return refuse('BAD_REQUEST', `${topic} is no topic filter.`);
        const params = { offset: (page - 1) * limit, limit, ...(topic === undefined ? {} : { topicFilter: topic }) };
        const { rows, more, count } = await askNode(admin, admin.self, 'retained', params);
        return ok({ data: rows, meta: { page, limit, ...(count === undefined ? {} : { count }), hasnext: more } });
      }),
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/mqtt/retainer/messages',
    summary: 'Delete all retained messages',
    answers: { 204: undefined },
    errors: ['NODE_DOWN'],
    handle: (_request, { admin }) =>
      answering(async () => {
        await askNode(admin, admin.self, 'cleanRetained', {});
        return NO_CONTENT;
      }),
  }),
  route({
    ...shared,
    method: 'GET',
    path: '/mqtt/retainer/message/:topic',
    summary: 'The retained message of one topic, with its payload',
    params: RetainedParams,
    answers: { 200: RetainedMessage },
    errors: ['NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params: { topic } }, { admin }) =>
      answering(async () => {
        const { message } = await askNode(admin, admin.self, 'retainedMessage', { topic });
        return message === null ? refuse('NOT_FOUND', `No message is retained for ${topic}.`) : ok(message);
      }),
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/mqtt/retainer/message/:topic',
    summary: 'Delete the retained messages of a topic, or of all that a filter matches',
    params: RetainedParams,
    answers: { 204: undefined },
    errors: ['BAD_REQUEST', 'NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params: { topic } }, { admin }) =>
      answering(async () => {
        if (topicFilterProblem(topic) !== undefined) return refuse('BAD_REQUEST', `${topic} is no topic and no filter.`);
        const { count } = await askNode(admin, admin.self, 'cleanRetained', { topicFilter: topic });
        return count === 0 ? refuse('NOT_FOUND', `No message is retained for ${topic}.`) : NO_CONTENT;
      }),
  }),
];
