/** Retained messages (rest-api.md 4.2). */
import Type, { type Static } from 'typebox';
import { PageQuery, Time } from './common.ts';

export const RetainedQuery = Type.Object({
  ...PageQuery,
  topic: Type.Optional(Type.String({ minLength: 1, maxLength: 65_535, description: 'A topic filter; without one, all messages' })),
});

export const RetainedParams = Type.Object({ topic: Type.String({ minLength: 1, maxLength: 65_535 }) });

const retained = {
  msgid: Type.String(),
  topic: Type.String(),
  qos: Type.Integer({ minimum: 0, maximum: 2 }),
  publish_at: Time,
  from_clientid: Type.String({ description: 'Empty for messages of the broker itself' }),
  from_username: Type.String(),
  node: Type.String({ description: 'The node whose store it is from' }),
};
export const Retained = Type.Object(retained);
export type Retained = Static<typeof Retained>;

export const RetainedMessage = Type.Object({
  ...retained,
  payload: Type.Optional(Type.String({ description: 'In base64; left out above 1 MiB' })),
});
export type RetainedMessage = Static<typeof RetainedMessage>;
