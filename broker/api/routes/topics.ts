/** The route table: which filters are subscribed on which nodes (rest-api.md 2.7). Every node has all of it. */
import Type from 'typebox';
import { pageOf } from '../paging.ts';
import { ok, refuse } from '../reply.ts';
import { route } from '../route.ts';
import { Page } from '../schema/common.ts';
import { Topic, TopicParams, TopicsQuery } from '../schema/topic.ts';

const shared = { tag: 'Topics', access: 'userOrKey', method: 'GET' } as const;

export const topicRoutes = [
  route({
    ...shared,
    path: '/topics',
    summary: 'Subscribed topic filters, one row per filter and node',
    query: TopicsQuery,
    answers: { 200: Page(Topic) },
    errors: ['INVALID_PARAMETER'],
    handle({ query }, { admin }) {
      const { topic, node } = query;
      const rows = admin
        .routes()
        .filter((row) => (topic === undefined || row.topic === topic) && (node === undefined || row.node === node));
      return ok(pageOf(rows, query));
    },
  }),
  route({
    ...shared,
    path: '/topics/:topic',
    summary: 'The nodes on which one topic filter is subscribed',
    params: TopicParams,
    answers: { 200: Type.Array(Topic) },
    errors: ['TOPIC_NOT_FOUND'],
    handle({ params }, { admin }) {
      const rows = admin.routes().filter((row) => row.topic === params.topic);
      return rows.length > 0 ? ok(rows) : refuse('TOPIC_NOT_FOUND', `Nobody subscribed to ${params.topic}.`);
    },
  }),
];
