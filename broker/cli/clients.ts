import type { Client } from '../api/schema/client.ts';
import type { Status } from '../api/schema/status.ts';
import type { ApiClient } from './apiClient.ts';
import { ANSWER_IS_NO, DONE, type Command, type CommandFlags } from './command.ts';
import { printList } from './printList.ts';

export const clientCommands: readonly Command[] = [
  {
    words: ['clients', 'list'],
    flags: ['cluster'],
    summary: 'Clients of this node; with --cluster of all nodes',
    async run({ api, flags, print }) {
      const rows = api.list<Client>('/clients', await nodeFilter(api, flags));
      return printList(rows, clientLine, 'No clients.', print);
    },
  },
  {
    words: ['clients', 'show'],
    args: ['ID'],
    summary: 'One client of the cluster',
    async run({ api, args, print }) {
      const client = await api.find<Client>(`/clients/${encodeURIComponent(args[0] ?? '')}`);
      print(client ? clientLine(client) : 'Not Found.');
      return client ? DONE : ANSWER_IS_NO;
    },
  },
];

/** EMQX's lists are of the node that is asked. */
export async function nodeFilter(api: ApiClient, flags: CommandFlags): Promise<Readonly<Record<string, string>>> {
  return flags.cluster ? {} : { node: (await api.getOpen<Status>('/status?format=json')).node_name };
}

/** One line in EMQX 5's form, times in milliseconds (broker-contract 4.3). */
function clientLine(client: Client): string {
  const time = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  const fields = {
    username: client.username ?? 'undefined',
    peername: `${client.ip_address}:${client.port}`,
    clean_start: client.clean_start,
    keepalive: client.keepalive,
    session_expiry_interval: client.expiry_interval,
    subscriptions: client.subscriptions_cnt,
    inflight: client.inflight_cnt,
    awaiting_rel: client.awaiting_rel_cnt,
    delivered_msgs: client.send_msg,
    enqueued_msgs: client.mqueue_len,
    dropped_msgs: client.mqueue_dropped,
    connected: client.connected,
    created_at: time(client.created_at),
    connected_at: time(client.connected_at),
    disconnected_at: client.connected === true ? undefined : time(client.disconnected_at),
  };
  const parts = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
  return `Client(${[client.clientid, ...parts].join(', ')})`;
}
