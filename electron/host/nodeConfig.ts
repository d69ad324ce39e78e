/** The configuration file a node is started with. A file and not flags: its cookie must not show in the process list. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readIfExists, writeFileAtomic } from './atomicFile.ts';
import type { ClusterDefinition } from './clusterDefinition.ts';
import type { ProjectLayout } from './projectLayout.ts';

/** Nodes of a local cluster live on loopback. */
export const NODE_HOST = '127.0.0.1';

export interface NodePorts {
  readonly mqtt: number;
  readonly api: number;
  readonly cluster: number;
}

/** What the host needs to call a node's REST API as itself. */
export interface ApiCredentials {
  readonly key: string;
  readonly secret: string;
}

export interface NodeConfigInput {
  readonly layout: ProjectLayout;
  readonly definition: ClusterDefinition;
  readonly name: string;
  readonly cookie: string;
  /** Of every node of the definition. */
  readonly ports: ReadonlyMap<string, NodePorts>;
}

export function longName(name: string): string {
  return `${name}@${NODE_HOST}`;
}

/** Writes the node's configuration (mode 0600) and returns its path. */
export async function writeNodeConfig(input: NodeConfigInput): Promise<string> {
  const { layout, definition, name, ports } = input;
  const own = ports.get(name);
  if (!own) throw new Error(`Invariant broken: no ports were chosen for ${name}`);
  const dir = layout.nodeDir(name);
  await apiCredentials(layout, name);
  const seeds = [...ports].map(([peer, at]) => JSON.stringify(`${longName(peer)}:${at.cluster}`));
  const path = (file: string) => JSON.stringify(file);
  const overrides = { ...definition.config, ...definition.nodes.find((node) => node.name === name)?.config };
  const lines = [
    '# Written by Busbar at every start of this node; change busbar.yaml instead.',
    `node.name = "${longName(name)}"`,
    `node.cookie = ${JSON.stringify(input.cookie)}`,
    `node.data_dir = ${path(join(dir, 'data'))}`,
    `cluster.name = "${definition.name}"`,
    'cluster.discovery_strategy = static',
    `cluster.static.seeds = [${seeds.join(', ')}]`,
    `cluster.port = ${own.cluster}`,
    `listeners.tcp.default.bind = "${NODE_HOST}:${own.mqtt}"`,
    // Its usual port can be had by one node of a machine only; the list of listeners shows the one it got.
    `listeners.ws.default.bind = "${NODE_HOST}:0"`,
    `dashboard.listeners.http.bind = "${NODE_HOST}:${own.api}"`,
    `api_key.bootstrap_file = ${path(apiKeyFile(layout, name))}`,
    `authorization.sources = [{type = file, path = ${path(layout.aclFile)}}]`,
    'log.console.level = info',
    // Nodes of the workbench are there to be tried out.
    'debug.faults = true',
    ...Object.entries(overrides).map(([key, value]) => `${key} = ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`),
  ];
  const file = join(dir, 'node.conf');
  await writeFileAtomic(file, `${lines.join('\n')}\n`, 0o600);
  return file;
}

/** The key with which the host calls this node's REST API; made at first use, kept with mode 0600. */
export async function apiCredentials(layout: ProjectLayout, name: string): Promise<ApiCredentials> {
  const file = apiKeyFile(layout, name);
  const [key, secret] = (await readIfExists(file))?.trim().split(':') ?? [];
  if (key && secret) return { key, secret };
  const made = { key: `busbar-host-${name}`, secret: randomBytes(24).toString('base64url') };
  await writeFileAtomic(file, `${made.key}:${made.secret}:administrator\n`, 0o600);
  return made;
}

function apiKeyFile(layout: ProjectLayout, name: string): string {
  return join(layout.nodeDir(name), 'api-keys');
}
