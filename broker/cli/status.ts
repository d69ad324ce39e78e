import type { Status } from '../api/schema/status.ts';
import { DONE, type Command } from './command.ts';

export const statusCommand: Command = {
  words: ['status'],
  summary: 'Whether the node runs',
  async run({ api, print }) {
    const { node_name: node, rel_vsn: version, broker_status: state } = await api.getOpen<Status>('/status?format=json');
    print(`Node '${node}' ${version} is ${state}`);
    return DONE;
  },
};
