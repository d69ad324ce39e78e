import type { Listener, ListenerRow } from '../api/schema/listener.ts';
import type { Status } from '../api/schema/status.ts';
import { BusbarError } from '../base/errors.ts';
import { ANSWER_IS_NO, DONE, type Command } from './command.ts';

/** As EMQX prints it (broker-contract 4.4): names to the column of the colon. */
const FIELD_WIDTH = 16;

export const listenerCommands: readonly Command[] = [
  {
    words: ['listeners'],
    summary: 'Where clients connect to this node',
    async run({ api, print }) {
      const { node_name: self } = await api.getOpen<Status>('/status?format=json');
      for (const { id } of await api.get<readonly ListenerRow[]>('/listeners')) {
        const listener = await api.find<Listener>(`/listeners/${encodeURIComponent(id)}`);
        const here = listener?.node_status.find(({ node }) => node === self);
        if (listener !== undefined && here !== undefined) describe(listener, here.status).forEach(print);
      }
      return DONE;
    },
  },
  action('start', 'Start a listener of this node', (id) => `Started ${id} listener successfully.`),
  action('stop', 'Stop a listener of this node and end its connections', (id) => `Stop ${id} listener successfully.`),
  action('restart', 'Stop and start a listener of this node', (id) => `Restarted ${id} listener successfully.`),
  action('reload', 'Read the certificates of a listener of this node again', (id) => `Reloaded ${id} listener successfully.`),
];

function describe(listener: Listener & Readonly<Record<string, unknown>>, status: Listener['status']): readonly string[] {
  const { id, shutdown_count: refused } = listener;
  const fields: readonly (readonly [string, unknown])[] = [
    ['listen_on', listener.listen_on],
    ['acceptors', listener.acceptors],
    ['proxy_protocol', listener['proxy_protocol']],
    ['running', status.running],
    ['current_conn', status.current_connections],
    ['max_conns', status.max_connections],
    ['shutdown_count', `[${Object.entries(refused).map(([kind, count]) => `{${kind},${count}}`).join(',')}]`],
  ];
  return [id, ...fields.map(([name, value]) => `  ${name.padEnd(FIELD_WIDTH)}: ${String(value)}`)];
}

function action(word: 'start' | 'stop' | 'restart' | 'reload', summary: string, done: (id: string) => string): Command {
  return {
    words: ['listeners', word],
    args: ['ID'],
    summary,
    async run({ api, args, print }) {
      // EMQX 4 writes mqtt:tcp:external.
      const id = (args[0] ?? '').replace(/^mqtt:/, '').replace(/:external$/, ':default');
      const { node_name: self } = await api.getOpen<Status>('/status?format=json');
      try {
        await api.post(`/listeners/${encodeURIComponent(id)}/${word}?node=${encodeURIComponent(self)}`);
      } catch (error) {
        if (!(error instanceof BusbarError) || error.code !== 'API_REFUSED') throw error;
        const isUnknown = error.details['status'] === 404;
        print(isUnknown ? `Invalid listener: ${id}` : `Failed to ${word} ${id} listener: ${error.message}`);
        return ANSWER_IS_NO;
      }
      print(done(id));
      return DONE;
    },
  };
}
