/** The REST API in front of whatever a test has, with authentication and bans of its own. */
import type { Disposable } from '../../broker/base/disposable.ts';
import type { NodeId } from '../../broker/base/ids.ts';
import { silentLog } from '../../broker/base/log.ts';
import { readAuthentication } from '../../broker/config/authenticators.ts';
import { startAdminServer, type AdminServer, type AdminServerOptions } from '../../broker/io/adminServer.ts';
import { AuthnService } from '../../broker/io/authn/authnService.ts';
import { BanService } from '../../broker/io/bans/banService.ts';
import { SharedState } from '../../broker/io/sharedState.ts';
import { nodeNamed } from './brokerWorld.ts';

export interface TestAdminServer extends AdminServer {
  readonly authn: AuthnService;
  readonly bans: BanService;
}

export type TestAdminOptions = Omit<AdminServerOptions, 'authn' | 'bans' | 'tables'> & {
  /** The chain of all listeners, as REST has it. Undefined: as it was left in the data directory. */
  readonly authentication?: readonly Record<string, unknown>[];
};

export async function startTestAdminServer({ authentication, ...options }: TestAdminOptions): Promise<TestAdminServer> {
  const shared = testShared(options.config.node.dataDir);
  const authn = await authnOn(shared, options.config.node.dataDir, authentication);
  const bans = await bansOn(shared);
  const server = await startAdminServer({ ...options, authn, bans, tables: shared.tables });
  const close = async () => {
    await server.close();
    authn.dispose();
    bans.dispose();
    shared.dispose();
  };
  return { url: server.url, address: server.address, authn, bans, close };
}

/** A node with the one listener `tcp:default`. */
export async function testAuthn(dataDir: string, authenticators?: readonly Record<string, unknown>[]): Promise<AuthnService> {
  const shared = testShared(dataDir);
  return endingWith(await authnOn(shared, dataDir, authenticators), shared);
}

async function authnOn(shared: SharedState, dataDir: string, authenticators?: readonly Record<string, unknown>[]): Promise<AuthnService> {
  const read = readAuthentication(authenticators ?? []);
  if (!read.ok) throw new Error(read.problem);
  const node = { name: nodeNamed('test@127.0.0.1'), cookie: 'test', dataDir };
  const listeners = [{ id: 'tcp:default', enableAuthn: true, authentication: undefined }];
  const authentication = authenticators === undefined ? undefined : read.value;
  return AuthnService.open({ config: { authentication, node, listeners }, tables: shared.tables, clock: { now: Date.now }, log: silentLog });
}

/** Nobody is banned but those whom the folder's file or `bootstrapFile` names; no client is too frequent. */
export async function testBans(dataDir: string, bootstrapFile?: string, now: () => number = Date.now): Promise<BanService> {
  const shared = testShared(dataDir);
  return endingWith(await bansOn(shared, bootstrapFile, now), shared);
}

function bansOn(shared: SharedState, bootstrapFile?: string, now: () => number = Date.now): Promise<BanService> {
  const flappingDetect = { enable: false, windowTimeMs: 60_000, maxCount: 15, banTimeMs: 300_000 };
  return BanService.open({ config: { flappingDetect, banned: { bootstrapFile } }, tables: shared.tables, clock: { now }, log: silentLog });
}

/** The shared tables of a node without a cluster. */
export function testShared(dataDir: string): SharedState {
  return new SharedState({ dataDir, life: { nodeId: '0a'.repeat(16) as NodeId, incarnation: 1 }, log: silentLog });
}

/** Disposing of the one disposes of the other too. */
function endingWith<T extends Disposable>(first: T, second: Disposable): T {
  const dispose = first.dispose.bind(first);
  return Object.assign(first, {
    dispose() {
      dispose();
      second.dispose();
    },
  });
}
