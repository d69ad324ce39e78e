/** The REST API in front of whatever a test has, with an authentication of its own. */
import { silentLog } from '../../broker/base/log.ts';
import { readAuthentication } from '../../broker/config/authenticators.ts';
import { startAdminServer, type AdminServer, type AdminServerOptions } from '../../broker/io/adminServer.ts';
import { AuthnService } from '../../broker/io/authn/authnService.ts';
import { nodeNamed } from './brokerWorld.ts';

export interface TestAdminServer extends AdminServer {
  readonly authn: AuthnService;
}

export type TestAdminOptions = Omit<AdminServerOptions, 'authn'> & {
  /** The chain of all listeners, as REST has it. Undefined: as it was left in the data directory. */
  readonly authentication?: readonly Record<string, unknown>[];
};

export async function startTestAdminServer({ authentication, ...options }: TestAdminOptions): Promise<TestAdminServer> {
  const authn = await testAuthn(options.config.node.dataDir, authentication);
  const server = await startAdminServer({ ...options, authn });
  const close = async () => {
    await server.close();
    authn.dispose();
  };
  return { url: server.url, address: server.address, authn, close };
}

/** A node with the one listener `tcp:default`. */
export async function testAuthn(dataDir: string, authenticators?: readonly Record<string, unknown>[]): Promise<AuthnService> {
  const read = readAuthentication(authenticators ?? []);
  if (!read.ok) throw new Error(read.problem);
  const node = { name: nodeNamed('test@127.0.0.1'), cookie: 'test', dataDir };
  const listeners = [{ id: 'tcp:default', enableAuthn: true, authentication: undefined }];
  const authentication = authenticators === undefined ? undefined : read.value;
  return AuthnService.open({ config: { authentication, node, listeners }, clock: { now: Date.now }, log: silentLog });
}
