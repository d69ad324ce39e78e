/** Reading and changing the settings of services. A change is checked whole, then made on every running node, and lasts until a node stops. */
import type { TSchema } from 'typebox';
import { BusbarError } from '../../base/errors.ts';
import type { Json, ServiceName } from '../../config/serviceJson.ts';
import { answering, askNode, askNodes, runningNodes } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route, type Route } from '../route.ts';
import { RetainerSettings, SysTopicsSettings } from '../schema/serviceSettings.ts';

export const serviceSettingRoutes: readonly Route[] = [
  ...settingRoutes('retainer', '/mqtt/retainer', 'Retained messages', 'the retainer', RetainerSettings),
  ...settingRoutes('sys_topics', '/configs/sys_topics', 'Settings', '$SYS topics', SysTopicsSettings),
];

function settingRoutes(service: ServiceName, path: string, tag: string, what: string, schema: TSchema): readonly Route[] {
  const shared = { path, tag, access: 'userOrKey', answers: { 200: schema } } as const;
  return [
    route({
      ...shared,
      method: 'GET',
      summary: `Settings of ${what}`,
      errors: ['NODE_DOWN'],
      handle: (_request, { admin }) =>
        answering(async () => ok((await askNode(admin, admin.self, 'serviceSettings', { service })).settings)),
    }),
    route({
      ...shared,
      method: 'PUT',
      summary: `Change settings of ${what} on all running nodes, until they stop; what is left out stays`,
      body: schema,
      errors: ['BAD_REQUEST', 'UPDATE_FAILED', 'NODE_DOWN'],
      // What passed the schema came as JSON.
      handle: ({ body }, { admin }) => change(admin, service, body as Json),
    }),
  ];
}

/** This node first: what it refuses, no node is asked for. */
function change(admin: AdminPort, service: ServiceName, changes: Json): Promise<Reply> {
  return answering(async () => {
    try {
      const { settings } = await admin.ask(admin.self, 'changeService', { service, changes });
      const others = runningNodes(admin).filter((node) => node !== admin.self);
      await askNodes(admin, others, 'changeService', () => ({ service, changes: settings }));
      return ok(settings);
    } catch (error) {
      if (error instanceof BusbarError && error.code === 'CONFIG_BAD_VALUE') return refuse('UPDATE_FAILED', error.message);
      throw error;
    }
  });
}
