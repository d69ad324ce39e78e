/** Alarms (rest-api.md 4.6). */
import Type, { type Static } from 'typebox';
import { PageQuery, Time } from './common.ts';

export const AlarmsQuery = Type.Object({
  ...PageQuery,
  activated: Type.Optional(Type.Boolean({ default: true, description: 'false: past ones' })),
});

export const Alarm = Type.Object({
  node: Type.String(),
  name: Type.String({ description: 'Such as conn_congestion/<clientid>/<username>' }),
  message: Type.String({ description: 'For people' }),
  details: Type.Record(Type.String(), Type.Unknown()),
  duration: Type.Integer({ minimum: 0, description: 'Milliseconds; until now while it is active' }),
  activate_at: Time,
  deactivate_at: Type.Optional(Time),
});
export type Alarm = Static<typeof Alarm>;
