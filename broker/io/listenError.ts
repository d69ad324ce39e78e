import { BusbarError, messageOf } from '../base/errors.ts';
import { formatBind, type HostPort, type UnixSocketPath } from '../config/address.ts';
import { findPortHolder } from './portHolder.ts';

/** The error of a failed listen with the port, what it was for, and who holds it where the system tells. */
export async function listenError(
  cause: unknown,
  what: string,
  bind: HostPort | UnixSocketPath,
  inUse: 'LISTENER_PORT_IN_USE' | 'CLUSTER_PORT_IN_USE' | 'API_PORT_IN_USE',
  details: Readonly<Record<string, unknown>> = {},
): Promise<BusbarError> {
  const place = { ...details, ...bind };
  const failure = `${what} cannot listen on ${formatBind(bind)}`;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code !== 'EADDRINUSE') return new BusbarError('LISTENER_FAILED', `${failure}: ${messageOf(cause)}`, { details: place, cause });
  if ('path' in bind) return new BusbarError(inUse, `${failure}: the socket file is in use`, { details: place, cause });
  const holder = await findPortHolder(bind.port);
  const by = holder === undefined ? '' : `; process ${holder.pid} holds it (${holder.command})`;
  return new BusbarError(inUse, `${failure}: the port is in use${by}`, {
    details: { ...place, ...(holder === undefined ? {} : { holder: holder.pid, holderCommand: holder.command }) },
    cause,
  });
}
