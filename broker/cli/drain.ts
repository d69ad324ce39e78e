/** `node drain`: sends the clients of a node away and hands its sessions to others before it is stopped (cluster-protocol R72). */
import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster } from '../api/schema/cluster.ts';
import type { Drain } from '../api/schema/session.ts';
import { ANSWER_IS_NO, DONE, type Command, type CommandContext } from './command.ts';

const POLL_MS = 250;
/** Nothing has moved for so long: the command ends, the node goes on trying. */
const STUCK_MS = 60_000;

export const drainCommands: readonly Command[] = [
  {
    words: ['node', 'drain'],
    optionalArgs: ['NODE'],
    summary: 'Send the clients of a node (this one) away and hand its sessions to other nodes, before it is stopped',
    async run(context) {
      const path = await pathOf(context);
      return followed(context, path, await context.api.ask<Drain>(path));
    },
  },
  {
    words: ['node', 'drain', 'status'],
    optionalArgs: ['NODE'],
    summary: 'How far that is',
    async run(context) {
      context.print(lineOf(await context.api.get<Drain>(await pathOf(context))));
      return DONE;
    },
  },
  {
    words: ['node', 'drain', 'cancel'],
    optionalArgs: ['NODE'],
    summary: 'Let the node serve again; what it has handed over stays where it is',
    async run(context) {
      const path = await pathOf(context);
      const { node, state } = await context.api.get<Drain>(path);
      await context.api.delete(path);
      context.print(state === 'serving' ? `${node} was not to be stopped; it serves as before.` : `${node} serves again.`);
      return DONE;
    },
  },
];

async function pathOf({ api, args }: CommandContext): Promise<string> {
  const node = args[0] ?? (await api.get<Cluster>('/cluster')).self;
  return `/nodes/${encodeURIComponent(node)}/drain`;
}

/** Prints how far it is whenever that changes, until it is done, given up, or nothing moves. */
async function followed({ api, print }: CommandContext, path: string, first: Drain): Promise<number> {
  let said = '';
  let movedMs = performance.now();
  for (let now = first; ; now = await api.get<Drain>(path)) {
    const line = lineOf(now);
    if (line !== said) {
      print(line);
      movedMs = performance.now();
    }
    said = line;
    if (now.state === 'drained') return DONE;
    if (now.state === 'serving') return ANSWER_IS_NO;
    if (performance.now() - movedMs > STUCK_MS) {
      print(`Nothing has moved for ${STUCK_MS / 1_000} s. ${now.node} goes on trying: look at the other nodes with cluster status, or let it serve again with node drain cancel.`);
      return ANSWER_IS_NO;
    }
    await wait(POLL_MS);
  }
}

function lineOf({ node, state, clients, sessions, second_copies: copies, late_messages: late }: Drain): string {
  if (state === 'serving') return `${node} serves; it is not to be stopped.`;
  if (state === 'drained') return `${node} has handed over its sessions; it can be stopped.`;
  const parts = [`${clients} clients`, `${sessions} sessions`];
  if (copies > 0) parts.push(`${copies} second copies`);
  if (late > 0) parts.push(`${late} messages for a node that is away`);
  return `${node} still has ${parts.join(', ')}.`;
}
