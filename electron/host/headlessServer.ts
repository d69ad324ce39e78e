import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { BusbarError } from '../../broker/base/errors.ts';
import type { Log } from '../../broker/base/log.ts';
import { reportOf } from '../contract/errors.ts';
import { serveHost } from '../contract/rpc.ts';
import type { Host } from './host.ts';
import { serveStaticFiles } from './staticFiles.ts';
import { acceptWindows } from './wsPipe.ts';

export interface HeadlessServerOptions {
  readonly host: Host;
  readonly token: string;
  /** Ports to try in order; the last may be 0 for any. */
  readonly ports: readonly number[];
  readonly rendererDir: string;
  readonly log: Log;
}

export interface HeadlessServer {
  readonly port: number;
  /** With the token; whoever has it controls this workbench. */
  readonly url: string;
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** Failures of a window's own making; they are told to it and need no line in the log. */
const EXPECTED = /^(BAD_REQUEST|UNKNOWN_CALL|HOST_BUSY|[A-Z]+_UNKNOWN|CLIENT_OFFLINE|CLUSTER_NOT_RUNNING)$/;

/** Serves renderer and contract on loopback. Throws WINDOW_PORT_IN_USE when no port of `ports` can be had. */
export async function startHeadlessServer(options: HeadlessServerOptions): Promise<HeadlessServer> {
  const { host, log } = options;
  let port = 0;
  const origins = () => [`http://${LOOPBACK}:${port}`, `http://localhost:${port}`];
  const server = createServer(serveStaticFiles({ root: options.rendererDir, origins }));
  const disconnectWindows = acceptWindows(server, {
    token: options.token,
    origins,
    onRefused: (reason) => log.warn('window_refused', { reason }),
    onFault: (code, reason) => log.warn('window_disconnected', { code, reason }),
    onPipe: (pipe) => {
      serveHost(pipe, host.handlers, host.events, {
        onFailure: (call, error) => {
          const { code, message } = reportOf(error);
          if (!EXPECTED.test(code)) log.warn('call_failed', { call, code, message });
        },
      });
    },
  });
  port = await listen(server, options.ports);
  return {
    port,
    url: `http://${LOOPBACK}:${port}/#token=${options.token}`,
    stop: async () => {
      disconnectWindows();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, ports: readonly number[]): Promise<number> {
  let failure: unknown;
  for (const port of ports) {
    try {
      return await listenOn(server, port);
    } catch (error) {
      failure = error;
    }
  }
  throw new BusbarError('WINDOW_PORT_IN_USE', `The port ${ports.join(', ')} on ${LOOPBACK} is taken by another program.`, {
    cause: failure,
    details: { ports },
  });
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
