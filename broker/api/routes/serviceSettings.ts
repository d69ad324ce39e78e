/** Reading and changing the settings of services. A change is checked whole, then made on every running node; others have it when they are back. */
import type { TSchema } from 'typebox';
import { BusbarError } from '../../base/errors.ts';
import { MAX_AUTO_SUBSCRIPTIONS, MAX_REWRITE_RULES } from '../../config/serviceForms.ts';
import type { Json, ServiceName } from '../../config/serviceJson.ts';
import { answering, askNode, askNodes, runningNodes } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route, type Route } from '../route.ts';
import { AlarmSettings, AutoSubscribeSettings, DelayedSettings, LimiterSettings, RetainerSettings, RewriteSettings, SysTopicsSettings } from '../schema/serviceSettings.ts';

export const serviceSettingRoutes: readonly Route[] = [
  ...settingRoutes({ service: 'retainer', path: '/mqtt/retainer', tag: 'Retained messages', what: 'the retainer', schema: RetainerSettings }),
  ...settingRoutes({ service: 'delayed', path: '/mqtt/delayed', tag: 'Delayed messages', what: 'delayed publish', schema: DelayedSettings }),
  ...settingRoutes({
    ...{ service: 'rewrite', path: '/mqtt/topic_rewrite', tag: 'Topic rewrite', what: 'topic rewrite, the whole list', schema: RewriteSettings },
    limit: { items: MAX_REWRITE_RULES, status: 413 },
  }),
  ...settingRoutes({
    ...{ service: 'auto_subscribe', path: '/mqtt/auto_subscribe', tag: 'Auto subscribe', what: 'auto subscribe, the whole list', schema: AutoSubscribeSettings },
    limit: { items: MAX_AUTO_SUBSCRIPTIONS, status: 409 },
  }),
  ...settingRoutes({ service: 'sys_topics', path: '/configs/sys_topics', tag: 'Settings', what: '$SYS topics', schema: SysTopicsSettings }),
  ...settingRoutes({ service: 'limiter', path: '/configs/limiter', tag: 'Settings', what: 'the rates of the node, which hold for connected clients too', schema: LimiterSettings }),
  ...settingRoutes({ service: 'alarm', path: '/configs/alarm', tag: 'Settings', what: 'alarms', schema: AlarmSettings }),
];

interface Setting {
  readonly service: ServiceName;
  readonly path: string;
  readonly tag: string;
  readonly what: string;
  readonly schema: TSchema;
  /** Of a list: most items, and the status EMQX answers more with. */
  readonly limit?: { readonly items: number; readonly status: 409 | 413 };
}

function settingRoutes({ service, path, tag, what, schema, limit }: Setting): readonly Route[] {
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
      summary: `Change settings of ${what} on all nodes, those that are away included; what is left out stays`,
      body: schema,
      errors: ['BAD_REQUEST', 'UPDATE_FAILED', 'NODE_DOWN', ...(limit === undefined ? [] : (['EXCEED_LIMIT'] as const))],
      ...(limit === undefined ? {} : { statusOf: { EXCEED_LIMIT: limit.status } }),
      handle: ({ body }, { admin }) => {
        if (limit !== undefined && Array.isArray(body) && body.length > limit.items) {
          return { ...refuse('EXCEED_LIMIT', `At most ${limit.items} are possible.`), status: limit.status };
        }
        // What passed the schema came as JSON.
        return change(admin, service, body as Json);
      },
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
