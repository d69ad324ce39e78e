import type { Node } from '../api/schema/node.ts';
import type { Fault } from '../api/schema/fault.ts';
import { faultLine } from './faults.ts';
import { DONE, type Command } from './command.ts';
import { atoms } from './erlangTerms.ts';

/** EMQX 4.2 and later print a map over two lines; `--json` is EMQX 5's form (broker-contract 4.2). */
export const clusterStatusCommand: Command = {
  words: ['cluster', 'status'],
  flags: ['json'],
  summary: 'Running and stopped nodes of the cluster',
  async run({ api, flags, print }) {
    const nodes = await api.get<readonly Node[]>('/nodes');
    const named = (status: Node['node_status']) =>
      nodes
        .filter((node) => node.node_status === status)
        .map((node) => node.node)
        .sort();
    const [running, stopped] = [named('running'), named('stopped')];
    if (flags.json) print(JSON.stringify({ running_nodes: running, stopped_nodes: stopped }));
    else {
      print(`Cluster status: #{running_nodes => ${atoms(running)},\n                  stopped_nodes => ${atoms(stopped)}}`);
      for (const fault of await api.get<readonly Fault[]>('/faults')) print(`Fault: ${faultLine(fault)}`);
    }
    return DONE;
  },
};
