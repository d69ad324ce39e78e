/** Puts a server on its port or socket file, and says what is wrong when it cannot be had. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, type AddressInfo, type Server } from 'node:net';
import { formatBind } from '../../config/address.ts';
import type { ListenerConfig } from '../../config/config.ts';
import { listenError } from '../listenError.ts';

/** How long a socket file may take to show whether a program is behind it. */
const PROBE_MS = 1_000;

/** Returns the bind with the port that was chosen. Rejects with LISTENER_PORT_IN_USE naming the holder where the system tells, or LISTENER_FAILED. */
export async function bindServer(server: Server, config: ListenerConfig): Promise<string> {
  const { bind, id } = config;
  try {
    if ('path' in bind) await removeStale(bind.path);
    await listen(server, config);
    if ('path' in bind) await chmod(bind.path, config.unixSocketMode);
  } catch (error) {
    throw await listenError(error, `listener ${id}`, bind, 'LISTENER_PORT_IN_USE', { listener: id });
  }
  return formatBind('path' in bind ? bind : { host: bind.host, port: (server.address() as AddressInfo).port });
}

function listen(server: Server, { bind, tcp }: ListenerConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...bind, backlog: tcp.backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A node that was killed leaves its socket file behind. Only a socket that nobody answers on is removed, never another file. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true && !(await isAnswered(path))) await unlink(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const finish = (answered: boolean) => {
      probe.destroy();
      resolve(answered);
    };
    // A program that is busy has its backlog full; it is there all the same.
    probe.setTimeout(PROBE_MS, () => finish(true));
    probe.once('connect', () => finish(true));
    probe.once('error', (error: NodeJS.ErrnoException) => finish(error.code !== 'ECONNREFUSED'));
  });
}
