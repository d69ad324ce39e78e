import { BusbarError, messageOf } from '../base/errors.ts';
import { formatHostPort } from '../config/address.ts';
import { findPortHolder } from './portHolder.ts';

/** The error of a failed listen with the port, what it was for, and who holds it where the system tells. */
export async function listenError(
  cause: unknown,
  what: string,
  host: string,
  port: number,
  inUse: 'LISTENER_PORT_IN_USE' | 'CLUSTER_PORT_IN_USE' | 'API_PORT_IN_USE',
  details: Readonly<Record<string, unknown>> = {},
): Promise<BusbarError> {
  const bind = formatHostPort({ host, port });
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code !== 'EADDRINUSE') {
    return new BusbarError('LISTENER_FAILED', `${what} cannot listen on ${bind}: ${messageOf(cause)}`, {
      details: { ...details, host, port },
      cause,
    });
  }
  const holder = await findPortHolder(port);
  const by = holder === undefined ? '' : `; process ${holder.pid} holds it (${holder.command})`;
  return new BusbarError(inUse, `${what} cannot listen on ${bind}: the port is in use${by}`, {
    details: { ...details, host, port, ...(holder === undefined ? {} : { holder: holder.pid, holderCommand: holder.command }) },
    cause,
  });
}
