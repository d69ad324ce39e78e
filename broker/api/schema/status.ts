/** `GET /status` (rest-api.md 2.6). */
import Type, { type Static } from 'typebox';
import { Words } from './common.ts';

export const StatusQuery = Type.Object({ format: Type.Optional(Type.String({ description: 'json; anything else gives text' })) });

export const Status = Type.Object({
  node_name: Type.String(),
  cluster: Type.String(),
  rel_vsn: Type.String(),
  broker_status: Words(['started', 'stopped']),
  app_status: Words(['running', 'not_running']),
});
export type Status = Static<typeof Status>;
