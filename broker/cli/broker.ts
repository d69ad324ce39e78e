import type { CountersBody } from '../api/schema/counters.ts';
import type { Node } from '../api/schema/node.ts';
import type { Status } from '../api/schema/status.ts';
import { formatUptime } from '../base/uptime.ts';
import { DONE, type Command, type CommandContext } from './command.ts';

export const brokerCommands: readonly Command[] = [
  {
    words: ['broker'],
    summary: 'Version and age of this node',
    async run({ api, print }) {
      const { node_name: self } = await api.getOpen<Status>('/status?format=json');
      const node = await api.get<Node>(`/nodes/${encodeURIComponent(self)}`);
      const rows = {
        sysdescr: 'Busbar',
        version: node.version,
        datetime: new Date().toISOString(),
        uptime: formatUptime(node.uptime ?? 0),
      };
      for (const [name, value] of Object.entries(rows)) print(`${name.padEnd(10)}: ${value}`);
      return DONE;
    },
  },
  {
    words: ['broker', 'stats'],
    summary: 'Gauges of this node with their highest values',
    run: (context) => printNumbers(context, 'stats'),
  },
  {
    words: ['broker', 'metrics'],
    summary: 'Counters of this node since its start',
    run: (context) => printNumbers(context, 'metrics'),
  },
];

/** EMQX prints names in exactly 30 columns and cuts longer ones, which scripts rely on (broker-contract 4.1). */
const NAME_COLUMNS = 30;

async function printNumbers({ api, print }: CommandContext, kind: 'stats' | 'metrics'): Promise<number> {
  const { node_name: self } = await api.getOpen<Status>('/status?format=json');
  const { node: _node, ...numbers } = await api.get<CountersBody>(`/nodes/${encodeURIComponent(self)}/${kind}`);
  for (const name of Object.keys(numbers).sort()) print(`${name.slice(0, NAME_COLUMNS).padEnd(NAME_COLUMNS)}: ${numbers[name]}`);
  return DONE;
}
