/** `cluster events` and `cluster links`: what happened in the cluster in plain words, and how its links are (cluster-protocol R74, R75). */
import type { Static } from 'typebox';
import type { ClusterEvents, ClusterLinks } from '../api/schema/event.ts';
import { BusbarError } from '../base/errors.ts';
import { DONE, type Command } from './command.ts';

const DEFAULT_EVENTS = '50';

export const clusterEventCommands: readonly Command[] = [
  {
    words: ['cluster', 'events'],
    optionalArgs: ['COUNT'],
    summary: 'What happened in the cluster lately, oldest first: what was noticed, what merged, what was discarded',
    async run({ api, args, print }) {
      const [count = DEFAULT_EVENTS] = args;
      if (!/^[1-9]\d{0,2}$|^1000$/.test(count)) throw new BusbarError('CLI_BAD_VALUE', `${count} is not a number of events from 1 to 1000`);
      const { data, forgotten } = await api.get<Static<typeof ClusterEvents>>(`/cluster/events?limit=${count}`);
      if (forgotten > 0) print(`(${forgotten} older events are not kept)`);
      for (const { at, node, level, message, hint } of data.toReversed()) print(`${at} ${node} ${level}: ${message}${hint === undefined ? '' : `. ${hint}`}`);
      return DONE;
    },
  },
  {
    words: ['cluster', 'links'],
    summary: 'The links of every node: state, round trip, what waits and what was lost',
    async run({ api, print }) {
      for (const link of await api.get<Static<typeof ClusterLinks>>('/cluster/links')) {
        const rtt = link.rtt_ms === null ? '' : `, ${link.rtt_ms.toFixed(1)} ms`;
        const waits = link.queue_bytes === 0 ? '' : `, ${link.queue_bytes} bytes wait (${link.queue_data_bytes} of messages)`;
        const lost = link.messages_dropped + link.messages_lost === 0 ? '' : `, QoS 0 left out ${link.messages_dropped}, lost ${link.messages_lost}`;
        const why = link.reason === null ? '' : `: ${link.reason}`;
        print(`${link.node} -> ${link.peer} ${link.state}${rtt}, ${link.messages_sent} sent, ${link.messages_received} received${waits}${lost}, down ${link.downs} times${why}`);
      }
      return DONE;
    },
  },
  {
    words: ['node', 'reidentify'],
    summary: 'Give this node an identity of its own with its next start, when its data directory was copied; its sessions are kept',
    async run({ api, print }) {
      const { node, node_id: nodeId } = await api.ask<{ node: string; node_id: string }>('/cluster/reidentify');
      print(`${node} is ${nodeId} from its next start on. Stop it and start it again.`);
      return DONE;
    },
  },
];
