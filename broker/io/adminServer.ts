/** The REST API of one node, from its configuration to a listening server. */
import type { AuthnPort } from '../api/authnPort.ts';
import type { BanPort } from '../api/banPort.ts';
import type { AdminPort } from '../api/ports.ts';
import { API_PREFIX } from '../api/routeTable.ts';
import type { Log } from '../base/log.ts';
import type { SharedTables } from '../cluster/shared/sharedTables.ts';
import { formatHostPort, type HostPort } from '../config/address.ts';
import type { BrokerConfig } from '../config/config.ts';
import { ApiKeys } from './apiKeys.ts';
import { ApiSessions } from './apiSessions.ts';
import { DashboardUsers } from './dashboardUsers.ts';
import { startHttpServer } from './httpServer.ts';
import { TokenTable } from './tokens.ts';

export interface AdminServerOptions {
  readonly config: Pick<BrokerConfig, 'node' | 'dashboard' | 'apiKey'>;
  readonly admin: AdminPort;
  readonly authn: AuthnPort;
  readonly bans: BanPort;
  /** Users and keys are the same on all nodes. */
  readonly tables: SharedTables;
  readonly version: string;
  readonly log: Log;
  /** Whether the node serves; `/status` answers 503 while not. */
  isRunning(): boolean;
  /** Wall clock, ms. */
  readonly now?: () => number;
  readonly swaggerUiFolder?: string;
}

export interface AdminServer {
  /** Base URL of the API, e.g. `http://127.0.0.1:18083/api/v5`. */
  readonly url: string;
  readonly address: HostPort;
  close(): Promise<void>;
}

/** @throws BusbarError API_PORT_IN_USE, LISTENER_FAILED, DATA_DIR_UNUSABLE, CONFIG_FILE_UNREADABLE, CONFIG_BAD_VALUE */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { admin, authn, bans, tables, version, log, isRunning, now = Date.now } = options;
  const { dashboard, apiKey } = options.config;
  const { defaultUsername, defaultPassword } = dashboard;
  const [users, keys] = await Promise.all([
    DashboardUsers.open({ tables, defaultUsername, defaultPassword, log }),
    ApiKeys.open({ tables, bootstrapFile: apiKey.bootstrapFile, now, log }),
  ]);
  const tokens = new TokenTable(dashboard.tokenExpiredTimeMs);
  users.onChanged = (username) => tokens.revokeAll(username);
  const sessions = new ApiSessions({ users, keys, tokens, version, log, now });
  const server = await startHttpServer({
    ports: { admin, authn, bans, sessions, users, keys, version, isRunning },
    sessions,
    bind: { host: dashboard.host, port: dashboard.port },
    docs: dashboard.swaggerSupport,
    ...(options.swaggerUiFolder !== undefined && { swaggerUiFolder: options.swaggerUiFolder }),
    log,
  });
  return {
    url: `http://${formatHostPort(reachable(server.address))}${API_PREFIX}`,
    address: server.address,
    close: () => server.close(),
  };
}

/** "Every address" is no address to call. */
function reachable({ host, port }: HostPort): HostPort {
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
}
