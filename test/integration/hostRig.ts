/** A workbench host of a test: real node processes, a project in a temporary folder, and a window that speaks the contract. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../broker/base/log.ts';
import type { ConnectionSpec } from '../../electron/contract/clients.ts';
import type { EventOf, HostEvent } from '../../electron/contract/host.ts';
import { createHostClient, serveHost, type HostClient } from '../../electron/contract/rpc.ts';
import { createHost, type Host } from '../../electron/host/host.ts';
import { childProcessLauncher, type NodeLauncher } from '../../electron/host/nodeLauncher.ts';
import { memoryPipes } from '../support/memoryPipe.ts';
import { freePorts } from '../support/ports.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { within } from '../support/waitFor.ts';

const quiet: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export interface HostRig {
  readonly host: Host;
  readonly client: HostClient;
  readonly projectDir: string;
  /** The next event, or the first already told, that `wanted` accepts. */
  event<K extends HostEvent>(name: K, wanted: (payload: EventOf<K>) => boolean, limitMs?: number): Promise<EventOf<K>>;
  /** Stops the host, keeps the folder. */
  stop(): Promise<void>;
  dispose(): Promise<void>;
}

export async function startHost(given: { projectDir?: string; home?: string; launcher?: NodeLauncher } = {}): Promise<HostRig> {
  const home = given.home ?? (await createTempDir('busbar-host-'));
  const projectDir = given.projectDir ?? join(home, 'project');
  const host = await createHost({
    ...{ mode: 'headless', version: '0.0.0-test', projectDir, settingsFile: join(home, 'settings.json') },
    ...{ launcher: given.launcher ?? childProcessLauncher(), log: quiet },
  });
  const { host: hostEnd, window } = memoryPipes();
  serveHost(hostEnd, host.handlers, host.events, { checkAnswers: true });
  const client = createHostClient(window);
  const told: [HostEvent, unknown][] = [];
  const waiting = new Set<(name: HostEvent, payload: unknown) => void>();
  host.events.subscribe((name, payload) => {
    told.push([name, payload]);
    for (const look of [...waiting]) look(name, payload);
  });
  return {
    host,
    client,
    projectDir,
    event: <K extends HostEvent>(name: K, wanted: (payload: EventOf<K>) => boolean, limitMs = 10_000) => {
      const past = told.find(([given, payload]) => given === name && wanted(payload as EventOf<K>));
      if (past) return Promise.resolve(past[1] as EventOf<K>);
      const next = new Promise<EventOf<K>>((resolve) => {
        const look = (given: HostEvent, payload: unknown) => {
          if (given !== name || !wanted(payload as EventOf<K>)) return;
          waiting.delete(look);
          resolve(payload as EventOf<K>);
        };
        waiting.add(look);
      });
      return within(`the event ${name}`, next, limitMs);
    },
    stop: () => host.stop(),
    dispose: async () => {
      await host.stop();
      window.close();
      await removeTempDir(home);
    },
  };
}

/** Writes a busbar.yaml whose ports were free a moment ago, so that parallel test files keep out of each other's way. */
export async function defineCluster(projectDir: string, nodes: number): Promise<void> {
  const ports = await freePorts(nodes * 3);
  const lines = Array.from({ length: nodes }, (_, index) => {
    const [mqtt, api, cluster] = ports.slice(index * 3);
    return `  - { name: busbar-${index + 1}, ports: { mqtt: ${mqtt}, api: ${api}, cluster: ${cluster} } }`;
  });
  await mkdir(projectDir, { recursive: true });
  await writeFile(join(projectDir, 'busbar.yaml'), `name: test\nnodes:\n${lines.join('\n')}\n`);
}

/** A connection to a node of the cluster. */
export function connectionTo(node: string, change: Partial<ConnectionSpec> = {}): ConnectionSpec {
  return {
    ...{ id: `pane-${node}`, name: `Pane on ${node}`, target: { kind: 'node', node }, clientId: `pane-${node}`, protocolVersion: 5 },
    ...{ cleanStart: true, keepalive: 30, sessionExpiry: 0, username: '', subscriptions: [], will: null },
    ...change,
  };
}
