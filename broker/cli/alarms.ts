import type { Alarm } from '../api/schema/alarm.ts';
import { DONE, type Command } from './command.ts';
import { printList } from './printList.ts';

export const alarmCommands: readonly Command[] = [
  {
    words: ['alarms', 'list'],
    summary: 'Alarms that are active on any node',
    run: ({ api, print }) => printList(api.list<Alarm>('/alarms', { activated: 'true' }), line, 'No alarms.', print),
  },
  {
    words: ['alarms', 'history'],
    summary: 'Alarms that are over',
    run: ({ api, print }) => printList(api.list<Alarm>('/alarms', { activated: 'false' }), line, 'No alarms.', print),
  },
  {
    words: ['alarms', 'clear'],
    summary: 'Forget the alarms that are over',
    async run({ api, print }) {
      await api.delete('/alarms');
      print('ok');
      return DONE;
    },
  },
];

function line({ name, node, message, activate_at: from, deactivate_at: until }: Alarm): string {
  return `Alarm(name=${name}, node=${node}, activate_at=${from}${until === undefined ? '' : `, deactivate_at=${until}`}, message=${message})`;
}
