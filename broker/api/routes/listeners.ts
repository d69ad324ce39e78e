/** Where MQTT clients connect (rest-api.md 6.1): the listeners of all running nodes, and changes to them at run time. */
import Type from 'typebox';
import { BusbarError } from '../../base/errors.ts';
import type { NodeName } from '../../base/ids.ts';
import type { ListenerType } from '../../config/listenerConfig.ts';
import { ACCEPTORS } from '../../config/listenerJson.ts';
import type { JsonObject } from '../../config/serviceJson.ts';
import type { ListenerAction, ListenerReport } from '../listenerQuestions.ts';
import { answering, askNodes, chosenNodes, runningNodes } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ErrorBody } from '../schema/common.ts';
import {
  Listener,
  ListenerChange,
  ListenerParams,
  ListenerRow,
  ListenersQuery,
  ListenersStatus,
  NewListener,
  OneNodeQuery,
  type ListenerRow as Row,
} from '../schema/listener.ts';

const shared = { tag: 'Listeners', access: 'userOrKey' } as const;
/** What is no setting in a body: EMQX's clients send back what they were shown. */
const NOT_SETTINGS = ['id', 'type', 'name', 'number', 'acceptors', 'status', 'node_status', 'listen_on', 'shutdown_count', 'running', 'current_connections'];

const ACTIONS = {
  start: 'Starts a listener',
  stop: 'Stops a listener and ends its connections, until it is started; on one node also until that node starts again',
  restart: 'Stops and starts a listener',
  reload: 'Reads the certificates of a listener again; connections stay',
} as const;

/** A listener on one node. */
interface Placed {
  readonly node: NodeName;
  readonly report: ListenerReport;
  /** Why this node has not what the cluster has. */
  readonly reason?: string;
  /** It has nothing of it. */
  readonly isAbsent?: true;
}

export const listenerRoutes: readonly Route[] = [
  route({
    ...shared,
    method: 'GET',
    path: '/listeners',
    summary: 'All listeners of all running nodes',
    query: ListenersQuery,
    answers: { 200: Type.Array(ListenerRow) },
    errors: ['NODE_DOWN'],
    handle: ({ query }, { admin }) =>
      answering(async () => {
        const groups = groupBy(await gather(admin, runningNodes(admin)), ({ report }) => report.id);
        return ok([...groups.values()].filter(([first]) => query.type === undefined || first?.report.type === query.type).map(rowOf));
      }),
  }),
  route({
    ...shared,
    method: 'GET',
    path: '/listeners_status',
    summary: 'Listeners of each type, taken together',
    answers: { 200: ListenersStatus },
    errors: ['NODE_DOWN'],
    handle: (_request, { admin }) =>
      answering(async () => {
        const groups = groupBy(await gather(admin, runningNodes(admin)), ({ report }) => report.type);
        return ok([...groups].map(([type, placed]) => ({ type, enable: placed.some(isEnabled), ids: idsOf(placed), ...statusOf(placed) })));
      }),
  }),
  route({
    ...shared,
    method: 'GET',
    path: '/listeners/:listener_id',
    summary: 'One listener with all its settings',
    params: ListenerParams,
    answers: { 200: Listener },
    errors: ['BAD_LISTENER_ID', 'NODE_DOWN'],
    handle: ({ params }, { admin }) => answering(() => describe(admin, params.listener_id)),
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/listeners',
    summary: 'Adds a listener and starts it',
    query: OneNodeQuery,
    body: NewListener,
    answers: { 200: Listener },
    errors: ['BAD_LISTENER_ID', 'BAD_REQUEST', 'INVALID_PARAMETER', 'NODE_DOWN'],
    handle: ({ query, body }, { admin }) =>
      answering(async () => {
        const { type, name } = body;
        const refused = await change(admin, query.node, { action: 'create', type, name, settings: settingsIn(body) });
        return refused ?? describe(admin, `${type}:${name}`);
      }),
  }),
  route({
    ...shared,
    method: 'PUT',
    path: '/listeners/:listener_id',
    summary: 'Changes settings of a listener; another address restarts it, anything else leaves its connections alone',
    params: ListenerParams,
    query: OneNodeQuery,
    body: ListenerChange,
    answers: { 200: Listener },
    errors: ['BAD_LISTENER_ID', 'BAD_REQUEST', 'INVALID_PARAMETER', 'NODE_DOWN', 'UPDATE_FAILED'],
    handle: ({ params: { listener_id: id }, query, body }, { admin }) =>
      answering(async () => {
        const place = placeOf(id);
        if (place === undefined) return unknown(id);
        const differs = (body.id ?? id) !== id || (body.type ?? place.type) !== place.type || (body.name ?? place.name) !== place.name;
        if (differs) return { ...unknown(id, 'The body speaks of another listener than the path.'), status: 400 };
        return (await change(admin, query.node, { action: 'update', ...place, settings: settingsIn(body) })) ?? describe(admin, id);
      }),
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/listeners/:listener_id',
    summary: 'Stops a listener and forgets it',
    params: ListenerParams,
    query: OneNodeQuery,
    answers: { 204: undefined },
    errors: ['BAD_LISTENER_ID', 'BAD_REQUEST', 'INVALID_PARAMETER', 'NODE_DOWN'],
    handle: ({ params: { listener_id: id }, query }, { admin }) => act(admin, id, query.node, 'remove', 204),
  }),
  ...(['start', 'stop', 'restart', 'reload'] as const).map((action) =>
    route({
      ...shared,
      method: 'POST',
      path: `/listeners/:listener_id/${action}`,
      summary: ACTIONS[action],
      params: ListenerParams,
      query: OneNodeQuery,
      answers: { 200: undefined },
      errors: ['BAD_LISTENER_ID', 'BAD_REQUEST', 'INVALID_PARAMETER', 'NODE_DOWN'],
      handle: ({ params: { listener_id: id }, query }, { admin }) => act(admin, id, query.node, action, 200),
    }),
  ),
];

const NOTHING = { running: false, listenOn: '', currentConnections: 0, maxConnections: 0, refused: {}, pausedClients: 0, waitingConnections: 0, settings: {} } as const;

async function gather(admin: AdminPort, nodes: readonly NodeName[]): Promise<readonly Placed[]> {
  const answers = await askNodes(admin, nodes, 'listeners', () => ({}));
  return nodes.flatMap((node, index): Placed[] => {
    const { listeners = [], pending = [] } = answers[index] ?? {};
    const reasons = new Map(pending.map(({ id, reason }) => [id, reason]));
    const present = listeners.map((report): Placed => {
      const reason = reasons.get(report.id);
      reasons.delete(report.id);
      return { node, report, ...(reason !== undefined && { reason }) };
    });
    const absent = pending.filter(({ id }) => reasons.has(id)).map(({ reason, ...place }): Placed => ({ node, reason, isAbsent: true, report: { ...NOTHING, ...place } }));
    return [...present, ...absent];
  });
}

function groupBy(placed: readonly Placed[], keyOf: (one: Placed) => string): Map<string, Placed[]> {
  return Map.groupBy(placed, keyOf);
}

const isEnabled = ({ report }: Placed): boolean => report.settings['enable'] === true;
const idsOf = (placed: readonly Placed[]): readonly string[] => [...new Set(placed.map(({ report }) => report.id))];

/** Of one listener, or of several: one after the other for each node. */
function statusOf(placed: readonly Placed[]): Pick<Row, 'status' | 'node_status'> {
  const nodes = Map.groupBy(placed, ({ node }) => node);
  return {
    status: together(placed),
    node_status: [...nodes].map(([node, ofNode]) => ({ node, status: together(ofNode) })),
  };
}

function together(placed: readonly Placed[]): Row['status'] {
  const reports = placed.map(({ report }) => report);
  const reasons = [...new Set(placed.flatMap(({ reason }) => reason ?? []))];
  const running = reports.filter((report) => report.running).length;
  const limits = reports.map(({ maxConnections }) => maxConnections);
  return {
    running: running === reports.length ? true : running === 0 ? false : 'inconsistent',
    max_connections: limits.reduce<number | 'infinity'>((sum, one) => (sum === 'infinity' || one === 'infinity' ? 'infinity' : sum + one), 0),
    current_connections: sumOf(reports, 'currentConnections'),
    paused_clients: sumOf(reports, 'pausedClients'),
    waiting_connections: sumOf(reports, 'waitingConnections'),
    ...(reasons.length > 0 && { reason: reasons.join(' ') }),
  };
}

function sumOf(reports: readonly ListenerReport[], field: 'currentConnections' | 'pausedClients' | 'waitingConnections'): number {
  return reports.reduce((sum, report) => sum + report[field], 0);
}

function rowOf(placed: readonly Placed[]): Row {
  const present = placed.filter(({ isAbsent }) => isAbsent !== true);
  const { id, type, name, settings } = (present[0] ?? (placed[0] as Placed)).report;
  const bind = String(settings['bind'] ?? '');
  return { id, type, name, enable: placed.some(isEnabled), number: present.length, bind, acceptors: ACCEPTORS, ...statusOf(placed) };
}

/** As the node that answers has it, or the first that has it at all. */
async function describe(admin: AdminPort, id: string): Promise<Reply> {
  const placed = (await gather(admin, runningNodes(admin))).filter(({ report }) => report.id === id);
  const shown = placed.find(({ node, isAbsent }) => node === admin.self && isAbsent !== true) ?? placed.find(({ isAbsent }) => isAbsent !== true);
  if (shown === undefined) return unknown(id);
  const { type, name, settings, listenOn, refused } = shown.report;
  return ok({ id, type, name, ...settings, acceptors: ACCEPTORS, listen_on: listenOn, shutdown_count: refused, ...statusOf(placed) });
}

function placeOf(id: string): { type: ListenerType; name: string } | undefined {
  const [, type, name] = /^(tcp|ssl|wss|ws):([A-Za-z0-9_-]{1,64})$/.exec(id) ?? [];
  return type === undefined || name === undefined ? undefined : { type: type as ListenerType, name };
}

function unknown(id: string, message = `There is no listener ${id}.`): Reply {
  return refuse('BAD_LISTENER_ID', message);
}

/** What passed the schema came as JSON. */
function settingsIn(body: object): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !NOT_SETTINGS.includes(name))) as JsonObject;
}

function act(admin: AdminPort, id: string, node: string | undefined, action: ListenerAction, status: 200 | 204): Promise<Reply> {
  return answering(async () => {
    const place = placeOf(id);
    if (place === undefined) return unknown(id);
    return (await change(admin, node, { action, ...place })) ?? { status };
  });
}

interface Change {
  readonly action: ListenerAction;
  readonly type: ListenerType;
  readonly name: string;
  readonly settings?: JsonObject;
}

/**
 * This node first: what it refuses, no node is asked for. Then the others at the same time. What one of them refuses (its port may be
 * taken there) is told with its name and with the nodes on which the change holds. A listener that is on some nodes only is changed there.
 * Without a named node the change is one of the whole cluster, also for nodes that are away.
 */
async function change(admin: AdminPort, onlyOn: string | undefined, params: Change): Promise<Reply | undefined> {
  const nodes = chosenNodes(admin, onlyOn);
  const own = nodes.includes(admin.self) ? [await changeOn(admin, admin.self, params)] : [];
  const refusedHere = own.find(({ reply, isAbsent }) => reply !== undefined && !isAbsent)?.reply;
  if (refusedHere !== undefined) return refusedHere;
  const others = nodes.filter((node) => node !== admin.self);
  const outcomes = [...own, ...(await Promise.all(others.map((node) => changeOn(admin, node, params))))];
  const present = outcomes.filter(({ isAbsent }) => !isAbsent);
  if (present.length === 0) return unknown(`${params.type}:${params.name}`);
  // Nodes that are away do it when they are back; those that cannot do it now say so and try again.
  if (onlyOn === undefined && present.some(({ reply }) => reply === undefined)) await share(admin, params, outcomes);
  const refusals = present.filter(({ reply }) => reply !== undefined);
  const [first] = refusals;
  if (first?.reply === undefined || nodes.length === 1) return first?.reply;
  const done = present.filter(({ reply }) => reply === undefined).map(({ node }) => node);
  const holds = done.length === 0 ? 'It holds on no node.' : `It holds on ${done.join(', ')}.`;
  const { code } = first.reply.body as ErrorBody;
  const said = refusals.map(({ node, reply }) => `${node}: ${(reply?.body as ErrorBody).message}`);
  return { ...first.reply, body: { code, message: `${said.join(' ')} ${holds}` } satisfies ErrorBody };
}

/**
 * The change becomes one of the cluster. Those that have made it answer when they know it as such: whatever is asked of one of them from now
 * on is newer, and outlives its restart. One that does not answer is like those that are away.
 */
async function share(admin: AdminPort, params: Change, outcomes: readonly Outcome[]): Promise<void> {
  const everywhere = outcomes.every(({ isAbsent }) => !isAbsent);
  const { stamp } = await admin.ask(admin.self, 'shareListener', { ...params, everywhere });
  if (stamp === null) return;
  const done = outcomes.filter(({ node, reply }) => reply === undefined && node !== admin.self);
  await Promise.allSettled(done.map(({ node }) => admin.ask(node, 'awaitListener', { id: `${params.type}:${params.name}`, stamp })));
}

interface Outcome {
  readonly node: NodeName;
  /** Undefined: done. */
  readonly reply: Reply | undefined;
  /** There is no such listener on that node. */
  readonly isAbsent: boolean;
}

async function changeOn(admin: AdminPort, node: NodeName, params: Change): Promise<Outcome> {
  try {
    await admin.ask(node, 'changeListener', params);
    return { node, reply: undefined, isAbsent: false };
  } catch (error) {
    const reply = error instanceof BusbarError ? refusalOf(error, params) : undefined;
    if (reply === undefined) throw error;
    return { node, reply, isAbsent: (error as BusbarError).code === 'LISTENER_UNKNOWN' };
  }
}

function refusalOf(error: BusbarError, { action, type, name }: Change): Reply | undefined {
  switch (error.code) {
    case 'LISTENER_UNKNOWN':
      return unknown(`${type}:${name}`);
    case 'LISTENER_EXISTS':
      return { ...refuse('BAD_LISTENER_ID', `${error.message}.`), status: 400 };
    case 'LISTENER_INVALID':
    case 'LISTENER_PORT_IN_USE':
    case 'LISTENER_FAILED':
    case 'TLS_FILE_UNREADABLE':
    case 'TLS_CERTIFICATE_INVALID':
    case 'CONFIG_BAD_VALUE':
      return refuse(action === 'update' ? 'UPDATE_FAILED' : 'BAD_REQUEST', `${error.message}. ${error.hint}`);
    case 'NODE_DOWN':
    case 'NODE_TIMEOUT':
    case 'NODE_BUSY':
      return refuse('NODE_DOWN', `A node did not answer: ${error.message}`);
    default:
      return undefined;
  }
}
