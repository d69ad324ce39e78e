/** Addresses a node binds to or is reached at. */

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A socket file instead of a port: only programs of this machine that may write the file reach it. */
export interface UnixSocketPath {
  readonly path: string;
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

/** As `parseBind`, and `unix:/run/busbar.sock`, and EMQX 4's `::1:1883` without brackets. */
export function parseListenerBind(text: string): HostPort | UnixSocketPath | undefined {
  // 107 bytes is what Linux has room for (sun_path); a longer one would be cut off in silence.
  if (text.startsWith('unix:')) return /^unix:.{1,107}$/.test(text) ? { path: text.slice('unix:'.length) } : undefined;
  const bare = /^([0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*):(\d{1,5})$/.exec(text);
  return parseBind(bare ? `[${bare[1]}]:${bare[2]}` : text);
}

/** As it is written in a configuration: `127.0.0.1:1883`, `unix:/run/busbar.sock`. */
export function formatBind(bind: HostPort | UnixSocketPath): string {
  return 'path' in bind ? `unix:${bind.path}` : formatHostPort(bind);
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
