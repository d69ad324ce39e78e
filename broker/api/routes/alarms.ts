/** What is amiss on the nodes, and what has been (rest-api.md 4.6); the settings: serviceSettings.ts. */
import { answering, askNode, askNodes, askRows, runningNodes } from '../nodes.ts';
import { joinPages } from '../paging.ts';
import type { AlarmRow } from '../ports.ts';
import { ok } from '../reply.ts';
import { route } from '../route.ts';
import { Alarm, AlarmsQuery } from '../schema/alarm.ts';
import { Page } from '../schema/common.ts';

const shared = { tag: 'Alarms', access: 'userOrKey', path: '/alarms' } as const;

export const alarmRoutes = [
  route({
    ...shared,
    method: 'GET',
    summary: 'Active alarms of all nodes, or past ones; the newest first',
    query: AlarmsQuery,
    answers: { 200: Page(Alarm) },
    errors: ['INVALID_PARAMETER', 'NODE_DOWN'],
    handle: ({ query }, { admin }) =>
      answering(async () => {
        const nodes = runningNodes(admin);
        const activated = query.activated ?? true;
        const order = activated ? byBeginning : byEnd;
        const page = await joinPages(nodes.length, query, order, (source, offset, limit) =>
          askRows((from, many) => askNode(admin, nodes[source] ?? admin.self, 'alarms', { activated, offset: from, limit: many }), offset, limit),
        );
        return ok(page);
      }),
  }),
  route({
    ...shared,
    method: 'DELETE',
    summary: 'Forget past alarms of all nodes; active ones stay',
    answers: { 204: undefined },
    errors: ['NODE_DOWN'],
    handle: (_request, { admin }) =>
      answering(async () => {
        await askNodes(admin, runningNodes(admin), 'clearAlarms', () => ({}));
        return { status: 204 };
      }),
  }),
];

/** Newest first: nodes answer in this order. */
const byBeginning = (left: AlarmRow, right: AlarmRow): number => compare(right.activate_at, left.activate_at);
const byEnd = (left: AlarmRow, right: AlarmRow): number => compare(right.deactivate_at ?? '', left.deactivate_at ?? '');

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
