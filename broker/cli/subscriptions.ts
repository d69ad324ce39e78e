import type { Subscription } from '../api/schema/subscription.ts';
import { nodeFilter } from './clients.ts';
import { ANSWER_IS_NO, DONE, type Command } from './command.ts';
import { printList } from './printList.ts';

export const subscriptionCommands: readonly Command[] = [
  {
    words: ['subscriptions', 'list'],
    flags: ['cluster'],
    summary: 'Subscriptions of this node; with --cluster of all nodes',
    async run({ api, flags, print }) {
      const rows = api.list<Subscription>('/subscriptions', await nodeFilter(api, flags));
      return printList(rows, subscriptionLine, 'No subscriptions.', print);
    },
  },
  {
    words: ['subscriptions', 'show'],
    args: ['ID'],
    summary: 'Subscriptions of one client',
    async run({ api, args, print }) {
      const found = await api.find<readonly Subscription[]>(`/clients/${encodeURIComponent(args[0] ?? '')}/subscriptions`);
      for (const subscription of found ?? []) print(subscriptionLine(subscription));
      if (found !== undefined && found.length > 0) return DONE;
      print('Not Found.');
      return ANSWER_IS_NO;
    },
  },
];

function subscriptionLine({ clientid, topic, qos, nl, rh, rap }: Subscription): string {
  return `${clientid} -> topic:${topic} qos:${qos} nl:${nl} rh:${rh} rap:${rap}`;
}
