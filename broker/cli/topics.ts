import type { Topic } from '../api/schema/topic.ts';
import { ANSWER_IS_NO, DONE, type Command } from './command.ts';
import { printList } from './printList.ts';

export const topicCommands: readonly Command[] = [
  {
    words: ['topics', 'list'],
    summary: 'Subscribed topic filters of the cluster with their nodes',
    run: ({ api, print }) => printList(api.list<Topic>('/topics'), topicLine, 'No topics.', print),
  },
  {
    words: ['topics', 'show'],
    args: ['TOPIC'],
    summary: 'The nodes on which one topic filter is subscribed',
    async run({ api, args, print }) {
      const found = await api.find<readonly Topic[]>(`/topics/${encodeURIComponent(args[0] ?? '')}`);
      for (const row of found ?? []) print(topicLine(row));
      if (found !== undefined) return DONE;
      print('Not Found.');
      return ANSWER_IS_NO;
    },
  },
];

function topicLine({ topic, node }: Topic): string {
  return `${topic} -> ${node}`;
}
