import type { CountersBody } from '../api/schema/counters.ts';
import type { Retained } from '../api/schema/retained.ts';
import type { Status } from '../api/schema/status.ts';
import { ANSWER_IS_NO, DONE, type Command } from './command.ts';
import { printList } from './printList.ts';

export const retainerCommands: readonly Command[] = [
  {
    words: ['retainer', 'info'],
    summary: 'Number of retained messages of this node',
    async run({ api, print }) {
      const { node_name: self } = await api.getOpen<Status>('/status?format=json');
      const stats = await api.get<CountersBody>(`/nodes/${encodeURIComponent(self)}/stats`);
      print(`Number of retained messages: ${stats['retained.count'] ?? 0}`);
      return DONE;
    },
  },
  {
    words: ['retainer', 'topics'],
    summary: 'Topics with a retained message on this node',
    run: ({ api, print }) => printList(api.list<Retained>('/mqtt/retainer/messages'), ({ topic }) => topic, 'No topics.', print),
  },
  {
    words: ['retainer', 'clean'],
    optionalArgs: ['TOPIC'],
    summary: 'Delete retained messages of this node: of a topic, of all a filter matches, or all of them',
    async run({ api, args, print }) {
      const [topic] = args;
      const path = topic === undefined ? '/mqtt/retainer/messages' : `/mqtt/retainer/message/${encodeURIComponent(topic)}`;
      // As in EMQX, success says nothing.
      if (await api.delete(path)) return DONE;
      print('Not Found.');
      return ANSWER_IS_NO;
    },
  },
];
