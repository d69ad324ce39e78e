/** How long until the others notice that a node has died (its links close) or stands still (they are silent). */
import { setTimeout as pause } from 'node:timers/promises';
import { ask, startNodes, whole, type ClusterNodeProcess } from './nodes.ts';

const POLL_MS = 10;
const LIMIT_MS = 10_000;

export interface DeathResult {
  readonly killedMs: number;
  readonly silentMs: number;
}

async function noticed(by: readonly ClusterNodeProcess[], gone: ClusterNodeProcess): Promise<number> {
  const started = performance.now();
  const sees = async (node: ClusterNodeProcess): Promise<boolean> => ((await ask(node, '/cluster')) as { nodes: string[] } | undefined)?.nodes.includes(gone.node) !== false;
  while ((await Promise.all(by.map(sees))).some((seen) => seen)) {
    if (performance.now() - started > LIMIT_MS) throw new Error(`${gone.node} is still counted after ${LIMIT_MS} ms`);
    await pause(POLL_MS);
  }
  return performance.now() - started;
}

export async function measureDeath(): Promise<DeathResult> {
  const nodes = await startNodes(3);
  try {
    const [first, second, third] = nodes as [ClusterNodeProcess, ClusterNodeProcess, ClusterNodeProcess];
    // Log-ins are slow; none of them belongs to the time that is taken.
    await Promise.all([first, second].map((node) => ask(node, '/cluster')));
    third.signal('SIGSTOP');
    const silentMs = await noticed([first, second], third);
    third.signal('SIGCONT');
    await whole(nodes);
    third.signal('SIGKILL');
    return { silentMs, killedMs: await noticed([first, second], third) };
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}
