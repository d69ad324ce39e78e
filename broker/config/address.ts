/** Addresses a node binds to or is reached at. */

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export const LOOPBACK = '127.0.0.1';

/**
 * Reads `1883`, `127.0.0.1:1883`, `localhost:1883` or `[::1]:1883`. A bare port means loopback here, where EMQX means every
 * address: a node is reachable from other machines only when its configuration says so (design.md section 9).
 */
export function parseBind(text: string): HostPort | undefined {
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  return { host: match[1] ?? match[2] ?? LOOPBACK, port };
}

/** `127.0.0.1:1883`, `[::1]:1883`. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether an address is reachable from this machine only. Takes both what is bound and what a socket reports as its peer. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(host);
}

/** Whether two binds cannot both be had: the same port on the same address, or on one address and on all. */
export function bindsCollide(left: HostPort, right: HostPort): boolean {
  if (left.port !== right.port || left.port === 0) return false;
  const isAny = (host: string) => host === '0.0.0.0' || host === '::';
  return left.host === right.host || isAny(left.host) || isAny(right.host);
}
