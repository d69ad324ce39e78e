/** `node drain`: hands the sessions of this node to others before it is stopped (cluster-protocol R72). */
import type { Cluster } from '../api/schema/cluster.ts';
import type { Drained } from '../api/schema/session.ts';
import { ANSWER_IS_NO, DONE, type Command } from './command.ts';

export const drainCommands: readonly Command[] = [
  {
    words: ['node', 'drain'],
    summary: 'Send the clients of this node away and hand its sessions to other nodes, before it is stopped',
    async run({ api, print }) {
      const { self } = await api.get<Cluster>('/cluster');
      const { done } = await api.ask<Drained>(`/nodes/${encodeURIComponent(self)}/drain`);
      print(done ? `${self} has handed over its sessions; it can be stopped.` : `${self} still has sessions: there is no other node, or the time was up.`);
      return done ? DONE : ANSWER_IS_NO;
    },
  },
];
