import type { Listener, ListenerRow } from '../api/schema/listener.ts';
import type { Status } from '../api/schema/status.ts';
import { BusbarError } from '../base/errors.ts';
import { ANSWER_IS_NO, DONE, type Command, type CommandContext } from './command.ts';

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
  {
    words: ['listeners', 'set'],
    args: ['ID', 'KEY', 'VALUE'],
    summary: 'Change a setting of a listener of this node, such as total_messages_rate to 1000/s; rates hold at once',
    run: (context) => ask(context, 'set', (id) => `Changed ${id} listener successfully.`, async (path, self) => {
      const [, key = '', value = ''] = context.args;
      await context.api.put(`${path}?node=${self}`, nested(key.split('.'), value));
    }),
  },
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
    ...(status.reason === undefined ? [] : [['reason', status.reason] as const]),
    ['shutdown_count', `[${Object.entries(refused).map(([kind, count]) => `{${kind},${count}}`).join(',')}]`],
  ];
  return [id, ...fields.map(([name, value]) => `  ${name.padEnd(FIELD_WIDTH)}: ${String(value)}`)];
}

function action(word: 'start' | 'stop' | 'restart' | 'reload', summary: string, done: (id: string) => string): Command {
  return {
    words: ['listeners', word],
    args: ['ID'],
    summary,
    run: (context) => ask(context, word, done, (path, self) => context.api.post(`${path}/${word}?node=${self}`)),
  };
}

/** Has something done with the listener that the first argument names, and prints how it went. */
async function ask(
  { api, args, print }: CommandContext,
  word: string,
  done: (id: string) => string,
  request: (path: string, self: string) => Promise<void>,
): Promise<number> {
  // EMQX 4 writes mqtt:tcp:external.
  const id = (args[0] ?? '').replace(/^mqtt:/, '').replace(/:external$/, ':default');
  const { node_name: self } = await api.getOpen<Status>('/status?format=json');
  try {
    await request(`/listeners/${encodeURIComponent(id)}`, encodeURIComponent(self));
  } catch (error) {
    if (!(error instanceof BusbarError) || error.code !== 'API_REFUSED') throw error;
    const isUnknown = error.details['status'] === 404;
    print(isUnknown ? `Invalid listener: ${id}` : `Failed to ${word} ${id} listener: ${error.message}`);
    return ANSWER_IS_NO;
  }
  print(done(id));
  return DONE;
}

/** `['tcp_options', 'nodelay']` and `false` as a body. */
function nested([name = '', ...rest]: readonly string[], value: string): unknown {
  return { [name]: rest.length === 0 ? value : nested(rest, value) };
}
