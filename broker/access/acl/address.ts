/** IP addresses and networks of `{ipaddr, …}`. IPv4 in IPv6 clothes (`::ffff:a.b.c.d`) counts as IPv4 on both sides. */

/** Bytes of an address: 4 or 16. */
export type Address = readonly number[];

export interface Network {
  readonly bytes: Address;
  readonly prefix: number;
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const dotted = index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (dotted !== undefined) bytes.push(...dotted);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(group)) bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] as string);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string) : [];
  if (head === undefined || tail === undefined) return undefined;
  const gap = 16 - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 2) return undefined;
  return [...head, ...new Array<number>(gap).fill(0), ...tail];
}

const isMapped = (bytes: Address): boolean =>
  bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;

/** Reads a peer address, with or without a zone (`fe80::1%eth0`); undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  const bytes = parseIpv4(text) ?? parseIpv6(text.replace(/%.*$/, ''));
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** Reads `address` or `address/length`. Bits behind the length are cut off, as EMQX does. */
export function parseNetwork(text: string): Network | undefined {
  const found = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text);
  if (found === null) return undefined;
  const raw = parseIpv4(found[1] as string) ?? parseIpv6(found[1] as string);
  if (raw === undefined) return undefined;
  const prefix = found[2] === undefined ? raw.length * 8 : Number(found[2]);
  if (prefix > raw.length * 8) return undefined;
  const bytes = raw.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - index * 8))) & 0xff);
  return isMapped(bytes) && prefix >= 96 ? { bytes: bytes.slice(12), prefix: prefix - 96 } : { bytes, prefix };
}

function samePrefix(left: Address, right: Address, bits: number): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index += 1) if (left[index] !== right[index]) return false;
  const rest = bits & 7;
  return rest === 0 || (((left[whole] as number) ^ (right[whole] as number)) & (0xff00 >> rest) & 0xff) === 0;
}

export function inNetwork(address: Address, network: Network): boolean {
  return address.length === network.bytes.length && samePrefix(address, network.bytes, network.prefix);
}

/** Whether every address of `inner` lies in `outer`. */
export function containsNetwork(outer: Network, inner: Network): boolean {
  return outer.prefix <= inner.prefix && inNetwork(inner.bytes, outer);
}

/** `10.0.0.0/8`; a single address without its length. IPv6 in full groups without leading zeros. */
export function formatNetwork(network: Network): string {
  const { bytes, prefix } = network;
  const address =
    bytes.length === 4
      ? bytes.join('.')
      : Array.from({ length: 8 }, (_, index) =>
          (((bytes[index * 2] as number) << 8) | (bytes[index * 2 + 1] as number)).toString(16),
        ).join(':');
  return prefix === bytes.length * 8 ? address : `${address}/${prefix}`;
}
