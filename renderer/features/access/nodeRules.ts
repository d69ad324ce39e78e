/** Which rules each node has in force, as far as the host knows. */
import type { AclFile } from '../../../electron/contract/access.ts';
import type { NodeStatus } from '../../../electron/contract/cluster.ts';

export interface NodeRules {
  readonly name: string;
  readonly state: 'upToDate' | 'older' | 'refused' | 'notRunning' | 'noAnswer' | 'unknown';
  readonly message: string | null;
}

/** A node that runs but was not there when the host asked last is unknown, never assumed to be right. */
export function nodeRules(nodes: readonly Pick<NodeStatus, 'name' | 'state'>[], file: AclFile | null): readonly NodeRules[] {
  return nodes.map(({ name, state }) => {
    if (state !== 'running' && state !== 'joining') return { name, state: 'notRunning', message: null };
    const told = file?.nodes.find((other) => other.node === name);
    if (!told || told.state === 'notRunning') return { name, state: 'unknown', message: null };
    if (told.state === 'applied') return { name, state: told.hash === file?.hash ? 'upToDate' : 'older', message: null };
    return { name, state: told.state, message: told.message };
  });
}
