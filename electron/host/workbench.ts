/** Everything that belongs to one open project. Opening another project makes another of these. */
import { messageOf } from '../../broker/base/errors.ts';
import type { Log } from '../../broker/base/log.ts';
import { AclDesk } from './acl.ts';
import { Clients } from './clients.ts';
import { ClusterManager } from './clusterManager.ts';
import type { HostEvents } from './hostEvents.ts';
import type { NodeLauncher } from './nodeLauncher.ts';
import { Project } from './project.ts';
import { WorkspaceDb } from './workspaceDb.ts';

export interface WorkbenchOptions {
  readonly projectDir: string;
  readonly launcher: NodeLauncher;
  readonly events: HostEvents;
  readonly log: Log;
  readonly now: () => number;
}

export interface Workbench {
  readonly project: Project;
  readonly cluster: ClusterManager;
  readonly clients: Clients;
  readonly acl: AclDesk;
  /** Disconnects clients, stops nodes, stores what is left and lets the folder go. */
  close(): Promise<void>;
}

/** Throws PROJECT_LOCKED, PROJECT_UNREADABLE. */
export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const { launcher, events, log, now } = options;
  const project = await Project.open(options.projectDir);
  const cluster = new ClusterManager({ project, launcher, events, log, now });
  await cluster.load();
  const db = new WorkspaceDb(project.layout.databaseFile);
  const onFailure = (error: unknown) => log.error('messages_not_stored', { reason: messageOf(error) });
  const nodeAddress = (node: string) => cluster.address(node, 'mqtt');
  const clients = new Clients({ project, db, events, now, nodeAddress, onFailure });
  return {
    project,
    cluster,
    clients,
    acl: new AclDesk({ project, cluster, events }),
    close: async () => {
      await Promise.all([clients.close().then(() => db.close()), cluster.close()]);
      project.close();
    },
  };
}
