/** A host whose ports somebody else takes between their choice and their use. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { childProcessLauncher, type NodeLauncher } from '../../electron/host/nodeLauncher.ts';
import { createTempDir } from '../support/tempDir.ts';
import { startHost, type HostRig } from './hostRig.ts';

let rig: HostRig | undefined;
const thieves: Server[] = [];
afterEach(async () => {
  await rig?.dispose();
  rig = undefined;
  for (const thief of thieves.splice(0)) thief.close();
});

/** The ports in a node's configuration. */
function portsIn(config: string): { readonly mqtt: number; readonly cluster: number } {
  const text = readFileSync(config, 'utf8');
  const numberAt = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
  return { mqtt: numberAt(/listeners\.tcp\.default\.bind = "127\.0\.0\.1:(\d+)"/), cluster: numberAt(/cluster\.port = (\d+)/) };
}

/** Takes a port of each node before its process can, the first time it is launched. */
function robbed(kinds: readonly ('mqtt' | 'cluster')[]): { readonly launcher: NodeLauncher; readonly taken: number[] } {
  const inner = childProcessLauncher();
  const taken: number[] = [];
  const launch: NodeLauncher['launch'] = (args) => {
    const kind = kinds[taken.length];
    if (kind !== undefined) {
      const port = portsIn(args.at(-1) ?? '')[kind];
      taken.push(port);
      thieves.push(createServer((socket) => socket.destroy()).listen(port, '127.0.0.1'));
    }
    return inner.launch(args);
  };
  return { launcher: { launch }, taken };
}

it('starts with other ports, and nobody sees a failure', async () => {
  const home = await createTempDir('busbar-host-');
  const projectDir = join(home, 'project');
  await mkdir(projectDir);
  await writeFile(join(projectDir, 'busbar.yaml'), 'name: test\nnodes:\n  - { name: busbar-1 }\n  - { name: busbar-2 }\n');
  const { launcher, taken } = robbed(['mqtt', 'cluster']);
  rig = await startHost({ home, launcher });
  const cluster = await rig.client.call('cluster/start', {});
  expect(cluster).toMatchObject({ state: 'running', nodes: [{ state: 'running', reason: null }, { state: 'running', reason: null }] });
  const used = cluster.nodes.flatMap(({ ports }) => [ports.mqtt, ports.cluster]);
  expect(used.filter((port) => taken.includes(port))).toEqual([]);
  expect(new Set(used).size).toBe(4);
});
