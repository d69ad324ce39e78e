/** The route table (rest-api.md 2.7): one row per topic filter and node. */
import Type, { type Static } from 'typebox';
import { PageQuery } from './common.ts';

export const TopicsQuery = Type.Object({
  ...PageQuery,
  topic: Type.Optional(Type.String({ description: 'The whole topic filter' })),
  node: Type.Optional(Type.String()),
});
export type TopicsQuery = Static<typeof TopicsQuery>;

export const TopicParams = Type.Object({ topic: Type.String({ minLength: 1, maxLength: 65_535 }) });

export const Topic = Type.Object({ topic: Type.String(), node: Type.String() });
export type Topic = Static<typeof Topic>;
