/** Subscriptions (rest-api.md 3.5). A shared one shows as `$share/<group>/<filter>`. */
import Type, { type Static } from 'typebox';
import { PageQuery } from './common.ts';

const Qos = Type.Integer({ minimum: 0, maximum: 2 });

export const SubscriptionsQuery = Type.Object({
  ...PageQuery,
  node: Type.Optional(Type.String()),
  clientid: Type.Optional(Type.String()),
  qos: Type.Optional(Qos),
  topic: Type.Optional(Type.String({ description: 'The whole topic filter' })),
  match_topic: Type.Optional(Type.String({ description: 'A topic or filter that the subscription must match' })),
  share_group: Type.Optional(Type.String()),
  durable: Type.Optional(Type.Boolean()),
});
export type SubscriptionsQuery = Static<typeof SubscriptionsQuery>;

export const Subscription = Type.Object({
  clientid: Type.String(),
  node: Type.String(),
  topic: Type.String(),
  qos: Qos,
  nl: Type.Integer({ minimum: 0, maximum: 1, description: 'No Local' }),
  rap: Type.Integer({ minimum: 0, maximum: 1, description: 'Retain as Published' }),
  rh: Type.Integer({ minimum: 0, maximum: 2, description: 'Retain Handling' }),
  durable: Type.Boolean(),
});
export type Subscription = Static<typeof Subscription>;
