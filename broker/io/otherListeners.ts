/** Where clients of this node could connect instead: the same listeners of other nodes, as an MQTT Server Reference (MQTT 5, 4.11). */
import type { ListenerReport } from '../api/listenerQuestions.ts';
import type { AdminPort } from '../api/ports.ts';
import type { NodeName } from '../base/ids.ts';

const ANY_ADDRESS = /^(?:0\.0\.0\.0|\[::\]|):/;

/** Listener id → `host:port` of every named node that has that listener open, with spaces between. A node that does not answer is left out. */
export async function otherListeners(admin: AdminPort, nodes: readonly NodeName[]): Promise<Readonly<Record<string, string>>> {
  const answers = await Promise.allSettled(nodes.map((node) => admin.ask(node, 'listeners', {})));
  const references = new Map<string, string[]>();
  answers.forEach((answer, index) => {
    const node = nodes[index];
    if (answer.status === 'rejected' || node === undefined) return;
    for (const listener of answer.value.listeners) {
      const address = addressOf(listener, node);
      if (address !== undefined) references.set(listener.id, [...(references.get(listener.id) ?? []), address]);
    }
  });
  return Object.fromEntries([...references].map(([id, addresses]) => [id, addresses.join(' ')]));
}

/** A listener on all addresses is at the host in the name of its node. */
function addressOf({ running, listenOn }: ListenerReport, node: NodeName): string | undefined {
  if (!running || !/:\d+$/.test(listenOn)) return undefined;
  const host = node.slice(node.indexOf('@') + 1);
  return listenOn.replace(ANY_ADDRESS, `${host.includes(':') ? `[${host}]` : host}:`);
}
