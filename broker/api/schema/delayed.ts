/** Delayed messages (rest-api.md 4.3). */
import Type, { type Static } from 'typebox';
import { PageQuery, Time } from './common.ts';

export const DelayedQuery = Type.Object(PageQuery);
export const DelayedParams = Type.Object({
  node: Type.String({ minLength: 1, maxLength: 512 }),
  msgid: Type.String({ minLength: 1, maxLength: 128 }),
});
export const DelayedTopicParams = Type.Object({ topic: Type.String({ minLength: 1, maxLength: 65_535 }) });

const delayed = {
  msgid: Type.String(),
  node: Type.String(),
  topic: Type.String({ description: 'The topic it will be published to' }),
  qos: Type.Integer({ minimum: 0, maximum: 2 }),
  publish_at: Time,
  expected_at: Time,
  delayed_interval: Type.Integer({ description: 'Seconds that were asked for' }),
  delayed_remaining: Type.Integer({ description: 'Seconds that are left', minimum: 0 }),
  from_clientid: Type.String(),
  from_username: Type.String(),
};
export const Delayed = Type.Object(delayed);
export type Delayed = Static<typeof Delayed>;

export const DelayedMessage = Type.Object({
  ...delayed,
  payload: Type.String({ description: 'In base64; PAYLOAD_TOO_LARGE above 2048 bytes' }),
});

/** EMQX leaves `hasnext` out of this list. */
export const DelayedPage = Type.Object({
  data: Type.Array(Delayed),
  meta: Type.Object({ page: Type.Integer(), limit: Type.Integer(), count: Type.Integer() }),
});
