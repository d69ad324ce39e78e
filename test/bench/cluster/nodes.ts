/** Busbar as a cluster of processes that share one core: a broker of the bench whose usage is that of all nodes. */
import { setTimeout as pause } from 'node:timers/promises';
import { BUSBAR, freePort, type BrokerKind, type RunningBroker, type Usage } from '../brokers.ts';

const LINK_LIMIT_MS = 15_000;
const POLL_MS = 50;

export interface ClusterNodeProcess extends RunningBroker {
  readonly node: string;
  readonly clusterPort: number;
  readonly apiPort: number;
}

/** Node `number` of those at these cluster ports; the others need not run yet. */
export async function startNode(number: number, clusterPorts: readonly number[], more: readonly string[] = []): Promise<ClusterNodeProcess> {
  const name = (index: number): string => `bus${index + 1}@127.0.0.1`;
  const clusterPort = clusterPorts[number] ?? 0;
  const apiPort = await freePort();
  const sets = [
    `node.name=${name(number)}`,
    'node.cookie=bench',
    'cluster.discovery_strategy=static',
    `cluster.static.seeds=[${clusterPorts.map((port, index) => `"${name(index)}:${port}"`).join(',')}]`,
    `cluster.port=${clusterPort}`,
    `dashboard.listeners.http.bind=127.0.0.1:${apiPort}`,
    ...more,
  ];
  return { ...(await BUSBAR.start({ tls: false, sets })), node: name(number), clusterPort, apiPort };
}

/** Log-ins are slow on purpose: one per node. */
const tokens = new WeakMap<ClusterNodeProcess, string>();

/** REST of a node, as its administrator; undefined while it does not answer. */
export async function ask(node: ClusterNodeProcess, path: string): Promise<unknown> {
  const base = `http://127.0.0.1:${node.apiPort}/api/v5`;
  try {
    const token = tokens.get(node) ?? (await logIn(base));
    tokens.set(node, token);
    const answer = await fetch(`${base}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

async function logIn(base: string): Promise<string> {
  const body = JSON.stringify({ username: 'admin', password: 'public' });
  const answer = await fetch(`${base}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return ((await answer.json()) as { token: string }).token;
}

/** All nodes have each other. */
export async function whole(nodes: readonly ClusterNodeProcess[]): Promise<void> {
  const deadline = Date.now() + LINK_LIMIT_MS;
  const knows = async (node: ClusterNodeProcess): Promise<boolean> => (((await ask(node, '/cluster')) as { nodes: string[] } | undefined)?.nodes.length ?? 0) >= nodes.length;
  for (const node of nodes) {
    while (!(await knows(node))) {
      if (Date.now() > deadline) throw new Error(`${node.node} does not know all nodes after ${LINK_LIMIT_MS} ms`);
      await pause(POLL_MS);
    }
  }
}

function sumOf(usages: readonly Usage[]): Usage {
  const sum = (of: (usage: Usage) => number): number => usages.reduce((total, usage) => total + of(usage), 0);
  return { cpuMs: sum((usage) => usage.cpuMs), rssBytes: sum((usage) => usage.rssBytes), peakRssBytes: sum((usage) => usage.peakRssBytes) };
}

export async function startNodes(count: number, more: readonly string[] = []): Promise<ClusterNodeProcess[]> {
  const clusterPorts = await Promise.all(Array.from({ length: count }, freePort));
  const nodes: ClusterNodeProcess[] = [];
  try {
    for (let number = 0; number < count; number += 1) nodes.push(await startNode(number, clusterPorts, more));
    await whole(nodes);
    return nodes;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
}

/** So many nodes as one broker. `more`: settings of all of them. */
export function busbarCluster(count: number, more: readonly string[] = []): BrokerKind {
  return {
    name: 'busbar',
    async start() {
      const nodes = await startNodes(count, more);
      const [first, ...others] = nodes;
      if (first === undefined) throw new Error('a cluster has a node');
      return {
        name: 'busbar',
        port: first.port,
        otherPorts: others.map((node) => node.port),
        usage: async () => sumOf(await Promise.all(nodes.map((node) => node.usage()))),
        signal: (signal) => nodes.forEach((node) => node.signal(signal)),
        stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
      };
    },
  };
}
