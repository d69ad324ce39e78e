/** Clients of the whole cluster, connected or not (rest-api.md 3.1 to 3.3). */
import Type from 'typebox';
import { answering, askNode, askNodes, askRows, chosenNodes, runningNodes } from '../nodes.ts';
import { joinPages } from '../paging.ts';
import type { AdminPort, ClientFilter, ClientRow as Row, SubscriptionRow } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { Client, CLIENT_FIELD_NAMES, ClientParams, ClientRow, ClientsQuery } from '../schema/client.ts';
import { Page } from '../schema/common.ts';
import { Subscription } from '../schema/subscription.ts';
import { parseMoment } from './moment.ts';

const shared = { tag: 'Clients', access: 'userOrKey', method: 'GET' } as const;

export const clientRoutes = [
  route({
    ...shared,
    path: '/clients',
    summary: 'Clients of the cluster, sorted by client id',
    query: ClientsQuery,
    answers: { 200: Page(ClientRow) },
    errors: ['INVALID_PARAMETER', 'NODE_DOWN'],
    handle: ({ query }, { admin }) =>
      answering(async () => {
        const filter = readFilter(query);
        if (typeof filter === 'string')
          return refuse('INVALID_PARAMETER', `${filter} is neither an RFC 3339 time nor milliseconds since 1970.`);
        const fields = readFields(query.fields);
        if (typeof fields === 'string') return refuse('INVALID_PARAMETER', `Clients have no field ${fields}.`);
        const nodes = chosenNodes(admin, query.node);
        const page = await joinPages(nodes.length, query, compareClients, (source, offset, limit) =>
          askRows(
            (from, many) => askNode(admin, nodes[source] ?? admin.self, 'clients', { filter, offset: from, limit: many }),
            offset,
            limit,
          ),
        );
        return ok(fields === undefined ? page : { ...page, data: page.data.map((row) => only(row, fields)) });
      }),
  }),
  route({
    ...shared,
    path: '/clients/:clientid',
    summary: 'One client',
    params: ClientParams,
    answers: { 200: Client },
    errors: ['CLIENTID_NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params }, { admin }) =>
      answering(async () => {
        const client = await findClient(admin, params.clientid);
        return client ? ok(client) : notFound(params.clientid);
      }),
  }),
  route({
    ...shared,
    path: '/clients/:clientid/subscriptions',
    summary: 'All subscriptions of one client',
    params: ClientParams,
    answers: { 200: Type.Array(Subscription) },
    errors: ['CLIENTID_NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params }, { admin }) =>
      answering(async () => {
        const client = await findClient(admin, params.clientid);
        return client ? ok(await subscriptionsOf(admin, client)) : notFound(params.clientid);
      }),
  }),
];

/** During a takeover two nodes may know the client for a moment: the connected one counts, then the later. */
async function findClient(admin: AdminPort, clientid: string): Promise<Row | undefined> {
  const answers = await askNodes(admin, runningNodes(admin), 'clients', () => ({
    filter: { clientid: [clientid] },
    offset: 0,
    limit: 1,
  }));
  const rows = answers.flatMap((answer) => answer.rows);
  const rank = (row: Row) => `${row['connected'] === true ? 1 : 0}${String(row['connected_at'])}`;
  return rows.sort((left, right) => (rank(left) < rank(right) ? 1 : -1))[0];
}

async function subscriptionsOf(admin: AdminPort, { clientid, node }: Row): Promise<readonly SubscriptionRow[]> {
  const owner = runningNodes(admin).find((name) => name === node);
  if (owner === undefined) return [];
  const ask = (offset: number, limit: number) => askNode(admin, owner, 'subscriptions', { filter: { clientid }, offset, limit });
  return (await askRows(ask, 0, Number.POSITIVE_INFINITY)).rows;
}

const TIMES = ['gte_created_at', 'lte_created_at', 'gte_connected_at', 'lte_connected_at'] as const;

/** The name of a time that does not parse, or the filter. */
function readFilter(
  query: Readonly<Record<string, unknown>> & Partial<Record<(typeof TIMES)[number], string>>,
): ClientFilter | string {
  const { page: _page, limit: _limit, node: _node, fields: _fields, ...rest } = query;
  const filter: Record<string, unknown> = { ...rest };
  for (const name of TIMES) {
    const text = query[name];
    if (text === undefined) continue;
    const moment = parseMoment(text);
    if (moment === undefined) return name;
    filter[name] = moment;
  }
  return filter;
}

/** The names asked for; undefined for all; a string is the name that does not exist. */
function readFields(text: string | undefined): ReadonlySet<string> | string | undefined {
  if (text === undefined || text === '' || text === 'all') return undefined;
  const names = text.split(',').map((name) => name.trim());
  return names.find((name) => !CLIENT_FIELD_NAMES.has(name)) ?? new Set(names);
}

function only(row: Row, fields: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => fields.has(name)));
}

function compareClients(left: Row, right: Row): number {
  if (left.clientid !== right.clientid) return left.clientid < right.clientid ? -1 : 1;
  return left.node < right.node ? -1 : Number(left.node > right.node);
}

function notFound(clientid: string): Reply {
  return refuse('CLIENTID_NOT_FOUND', `There is no client ${clientid}.`);
}
