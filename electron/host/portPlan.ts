/** Which ports the nodes of a project use: what busbar.yaml says, else what they had, else the usual ones, else others. */
import { defaultClusterPort, parseNodeName } from '../../broker/base/ids.ts';
import { readIfExists, writeFileAtomic } from './atomicFile.ts';
import type { ClusterDefinition } from './clusterDefinition.ts';
import { PortChooser } from './freePorts.ts';
import { longName } from './nodeConfig.ts';
import type { NodePorts } from './nodeConfig.ts';

const KINDS = ['mqtt', 'api', 'cluster'] as const;

/** Ports of the nodes in `names`; `kept` are those of nodes that run and stay as they are. Remembered in `portsFile`. */
export async function choosePorts(
  definition: ClusterDefinition,
  names: readonly string[],
  kept: ReadonlyMap<string, NodePorts>,
  portsFile: string,
  isFree?: (port: number) => Promise<boolean>,
): Promise<Map<string, NodePorts>> {
  const remembered = await readRemembered(portsFile);
  const fixed = definition.nodes.flatMap((node) => Object.values(node.ports ?? {}));
  const chooser = new PortChooser([...fixed, ...[...kept.values()].flatMap((ports) => Object.values(ports) as number[])], isFree);
  const result = new Map<string, NodePorts>();
  for (const [index, node] of definition.nodes.entries()) {
    const running = names.includes(node.name) ? undefined : kept.get(node.name);
    const usual = { mqtt: 1883 + index, api: 18083 + index, cluster: usualClusterPort(node.name) };
    const ports: Record<string, number> = {};
    for (const kind of KINDS) {
      const before = remembered[node.name]?.[kind];
      // A port the person fixed is not checked: if it is taken, the node's own message names port and listener.
      ports[kind] = running?.[kind] ?? node.ports?.[kind] ?? (await chooser.choose(before === undefined ? [usual[kind]] : [before, usual[kind]]));
    }
    result.set(node.name, ports as unknown as NodePorts);
  }
  await writeFileAtomic(portsFile, `${JSON.stringify(Object.fromEntries(result), null, 2)}\n`);
  return result;
}

function usualClusterPort(name: string): number {
  const parsed = parseNodeName(longName(name));
  return parsed ? defaultClusterPort(parsed) : 4370;
}

async function readRemembered(file: string): Promise<Readonly<Record<string, Partial<NodePorts>>>> {
  const text = await readIfExists(file);
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, Partial<NodePorts>>) : {};
  } catch {
    // Only a memory of ours: without it the usual ports are tried.
    return {};
  }
}
