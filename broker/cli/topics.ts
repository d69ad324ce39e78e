import type { Topic } from '../api/schema/topic.ts';
import { ANSWER_IS_NO, DONE, type Command } from './command.ts';

export const topicCommands: readonly Command[] = [
  {
    words: ['topics', 'list'],
    summary: 'Subscribed topic filters of the cluster with their nodes',
    async run({ api, print }) {
      let count = 0;
      for await (const { topic, node } of api.list<Topic>('/topics')) {
        print(`${topic} -> ${node}`);
        count += 1;
      }
      if (count === 0) print('No topics.');
      return DONE;
    },
  },
  {
    words: ['topics', 'show'],
    args: ['TOPIC'],
    summary: 'The nodes on which one topic filter is subscribed',
    async run({ api, args, print }) {
      const found = await api.find<readonly Topic[]>(`/topics/${encodeURIComponent(args[0] ?? '')}`);
      for (const { topic, node } of found ?? []) print(`${topic} -> ${node}`);
      if (found !== undefined) return DONE;
      print('Not Found.');
      return ANSWER_IS_NO;
    },
  },
];
