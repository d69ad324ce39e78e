/** `cluster`: who is in it, and joining, leaving and removing in EMQX's words (broker-contract 4.2). */
import type { Cluster } from '../api/schema/cluster.ts';
import type { Fault } from '../api/schema/fault.ts';
import type { Node } from '../api/schema/node.ts';
import { BusbarError } from '../base/errors.ts';
import type { ApiClient } from './apiClient.ts';
import { ANSWER_IS_NO, DONE, type Command, type CommandContext } from './command.ts';
import { atoms } from './erlangTerms.ts';
import { faultLine } from './faults.ts';

export const clusterCommands: readonly Command[] = [
  {
    words: ['cluster', 'status'],
    flags: ['json'],
    summary: 'Running and stopped nodes of the cluster',
    run: printStatus,
  },
  {
    words: ['cluster', 'join'],
    args: ['NODE'],
    summary: 'Join the cluster of another node, name@host or name@host:port',
    async run(context) {
      const { api, args, print } = context;
      const [node = ''] = args;
      const { self, nodes } = await api.get<Cluster>('/cluster');
      if (node === self) return told(print, 'Ignore.', DONE);
      if (nodes.includes(node)) return told(print, `Failed to join the cluster: {already_in_cluster,${atom(node)}}`, ANSWER_IS_NO);
      return changed(context, 'join the cluster', () => api.post('/cluster/join', { node }), 'Join the cluster successfully.');
    },
  },
  {
    words: ['cluster', 'leave'],
    summary: 'Leave the cluster; the node does not come back by itself',
    async run(context) {
      const { api, print } = context;
      if (await isAlone(api)) return told(print, 'Failed to leave the cluster: node_not_in_cluster', ANSWER_IS_NO);
      print('Automatic discovery is disabled on this node so that it does not join again; cluster discovery enable or cluster join undoes that.');
      return changed(context, 'leave the cluster', () => api.post('/cluster/leave'), 'Leave the cluster successfully.');
    },
  },
  {
    words: ['cluster', 'force-leave'],
    args: ['NODE'],
    summary: 'Remove another node from the cluster',
    async run(context) {
      const { api, args, print } = context;
      const [node = ''] = args;
      const { self } = await api.get<Cluster>('/cluster');
      if (node === self) return told(print, 'Ignore.', DONE);
      const failed = 'Failed to remove the node from cluster: node_not_in_cluster';
      const remove = async () => {
        if (!(await api.delete(`/cluster/${encodeURIComponent(node)}/force_leave`))) throw new BusbarError('API_REFUSED', 'node_not_in_cluster');
      };
      if (!(await api.get<readonly Node[]>('/nodes')).some((member) => member.node === node)) return told(print, failed, ANSWER_IS_NO);
      return changed(context, 'remove the node from cluster', remove, 'Remove the node from cluster successfully.');
    },
  },
  {
    words: ['cluster', 'discovery', 'enable'],
    summary: 'Look for other nodes again after leaving',
    run: (context) =>
      changed(context, 'enable discovery', () => context.api.post('/cluster/discovery/enable'), 'Automatic cluster discovery enabled.', () => Promise.resolve(DONE)),
  },
];

/** What one node sees. */
interface View {
  readonly node: string;
  readonly answered: boolean;
  readonly running_nodes: readonly string[];
  readonly stopped_nodes: readonly string[];
}

/** EMQX 4.2 and later print a map over two lines; `--json` is EMQX 5's form. */
async function printStatus({ api, flags, print }: CommandContext): Promise<number> {
  const nodes = await api.get<readonly Node[]>('/nodes');
  const named = (status: Node['node_status']) =>
    nodes
      .filter((node) => node.node_status === status)
      .map((node) => node.node)
      .sort();
  const [running, stopped] = [named('running'), named('stopped')];
  if (flags.json) return told(print, JSON.stringify({ running_nodes: running, stopped_nodes: stopped }), DONE);
  print(`Cluster status: #{running_nodes => ${atoms(running)},\n                  stopped_nodes => ${atoms(stopped)}}`);
  for (const { node, answered, running_nodes: seen, stopped_nodes: missed } of await api.get<readonly View[]>('/cluster/views')) {
    const view = { running: [...seen].sort(), stopped: [...missed].sort() };
    if (!answered) print(`Node ${atom(node)} does not answer`);
    else if (JSON.stringify(view) !== JSON.stringify({ running, stopped })) print(`Node ${atom(node)} sees running_nodes ${atoms(view.running)}, stopped_nodes ${atoms(view.stopped)}`);
  }
  for (const fault of await api.get<readonly Fault[]>('/faults')) print(`Fault: ${faultLine(fault)}`);
  return DONE;
}

async function changed(
  context: CommandContext,
  what: string,
  change: () => Promise<void>,
  done: string,
  then: (context: CommandContext) => Promise<number> = printStatus,
): Promise<number> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof BusbarError) || error.code !== 'API_REFUSED') throw error;
    return told(context.print, `Failed to ${what}: ${error.message.replace(/^[A-Z_]+: /, '')}`, ANSWER_IS_NO);
  }
  context.print(done);
  return then(context);
}

async function isAlone(api: ApiClient): Promise<boolean> {
  return (await api.get<readonly Node[]>('/nodes')).length <= 1;
}

function told(print: (line: string) => void, line: string, code: number): number {
  print(line);
  return code;
}

function atom(name: string): string {
  return atoms([name]).slice(1, -1);
}
