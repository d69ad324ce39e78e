/**
 * The header of the PROXY protocol, version 1 (text) and 2 (binary): a load balancer's word about who connected to it
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). Pure: bytes in, a reading out.
 */

/** Who connected to the proxy. */
export interface ProxySource {
  readonly host: string;
  readonly port: number;
  /** Common name of the certificate the client showed to the proxy (PP2_SUBTYPE_SSL_CN). */
  readonly commonName: string | undefined;
}

export type ProxyReading =
  /** Not all of it has come. */
  | { readonly state: 'more' }
  /** The bytes are no header, or one that may not be believed. */
  | { readonly state: 'bad'; readonly reason: string }
  /** `length` bytes were the header. Without a source (UNKNOWN, LOCAL) the connection itself is meant. */
  | { readonly state: 'whole'; readonly length: number; readonly source: ProxySource | undefined };

/** The longest line of version 1, its end included (section 2.1). */
const MAX_V1_BYTES = 107;
/** Version 2 allows 64 KiB; what balancers send is well below this. */
export const MAX_HEADER_BYTES = 4_096;
const V1_START = Buffer.from('PROXY ', 'latin1');
const V2_START = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const V2_FIXED = 16;
const CR = 0x0d;

const MORE: ProxyReading = { state: 'more' };
const bad = (reason: string): ProxyReading => ({ state: 'bad', reason });

/** Reads the header at the start of what has arrived. */
export function readProxyHeader(bytes: Buffer): ProxyReading {
  if (bytes.length === 0) return MORE;
  if (bytes[0] === V1_START[0]) return readV1(bytes);
  if (bytes[0] === V2_START[0]) return readV2(bytes);
  return bad('it does not begin with a PROXY header');
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

// ------------------------------------------------------------------ version 1

function readV1(bytes: Buffer): ProxyReading {
  if (!startsWith(bytes, V1_START)) return bad('it does not begin with a PROXY header');
  const end = bytes.subarray(0, MAX_V1_BYTES).indexOf(CR);
  if (end === -1) return bytes.length >= MAX_V1_BYTES ? bad('the line is too long') : MORE;
  if (end + 1 >= MAX_V1_BYTES) return bad('the line is too long');
  if (end + 1 === bytes.length) return MORE;
  if (bytes[end + 1] !== 0x0a) return bad('the line does not end in CR LF');
  const [family, sourceHost, destinationHost, sourcePort, destinationPort, ...rest] = bytes.toString('latin1', V1_START.length, end).split(' ');
  const length = end + 2;
  if (family === 'UNKNOWN') return { state: 'whole', length, source: undefined };
  if (family !== 'TCP4' && family !== 'TCP6') return bad('the protocol is none of TCP4, TCP6 and UNKNOWN');
  const isAddress = family === 'TCP4' ? isIpv4 : isIpv6;
  if (rest.length > 0 || !isAddress(sourceHost) || !isAddress(destinationHost)) return bad('an address is malformed');
  const port = portOf(sourcePort);
  if (port === undefined || portOf(destinationPort) === undefined) return bad('a port is malformed');
  return { state: 'whole', length, source: { host: sourceHost, port, commonName: undefined } };
}

/** Canonical dotted form: no leading zeros, which some read as octal. */
function isIpv4(text: string | undefined): text is string {
  return text !== undefined && /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

function isIpv6(text: string | undefined): text is string {
  if (text === undefined || !/^[0-9A-Fa-f:]{2,39}$/.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  return groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group)) && (halves.length === 2 ? groups.length < 8 : groups.length === 8);
}

function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

// ------------------------------------------------------------------ version 2

const VERSION_2 = 2;
const LOCAL = 0;
const PROXY = 1;
const UNSPECIFIED = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
const UNIX_STREAM = 0x31;
/** Bytes of both addresses and ports, by family and transport. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { [UNSPECIFIED]: 0, [TCP_OVER_IPV4]: 12, [TCP_OVER_IPV6]: 36, [UNIX_STREAM]: 216 };
const TLV_CRC32C = 0x03;
const TLV_SSL = 0x20;
const SUBTYPE_COMMON_NAME = 0x22;
/** In the TLV of SSL: a byte of flags and the result of verifying. */
const SSL_FIXED = 5;
/** The client showed a certificate, on this connection or when its session began. */
const SHOWED_CERTIFICATE = 0x06;
const MAX_COMMON_NAME_BYTES = 256;

function readV2(bytes: Buffer): ProxyReading {
  if (!startsWith(bytes, V2_START)) return bad('it does not begin with a PROXY header');
  if (bytes.length < V2_FIXED) return MORE;
  const versionAndCommand = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const length = V2_FIXED + bytes.readUInt16BE(14);
  if (versionAndCommand >> 4 !== VERSION_2) return bad('the version of the header is unknown');
  const command = versionAndCommand & 0x0f;
  if (command !== LOCAL && command !== PROXY) return bad('the command of the header is unknown');
  if (length > MAX_HEADER_BYTES) return bad('the header is too long');
  if (bytes.length < length) return MORE;
  // The balancer's own health check: whatever stands in the address is to be ignored (section 2.2).
  if (command === LOCAL) return { state: 'whole', length, source: undefined };
  const addressBytes = ADDRESS_BYTES[family];
  if (addressBytes === undefined) return bad('the address family of the header is not one of a stream');
  if (length < V2_FIXED + addressBytes) return bad('the header is shorter than its addresses');
  const extras = readExtras(bytes.subarray(0, length), V2_FIXED + addressBytes);
  if (typeof extras === 'string') return bad(extras);
  if (family === UNSPECIFIED || family === UNIX_STREAM) return { state: 'whole', length, source: undefined };
  const host = family === TCP_OVER_IPV4 ? [...bytes.subarray(16, 20)].join('.') : formatIpv6(bytes.subarray(16, 32));
  const port = bytes.readUInt16BE(family === TCP_OVER_IPV4 ? 24 : 48);
  return { state: 'whole', length, source: { host, port, commonName: extras.commonName } };
}

/** What follows the addresses: type, length, value. A sentence when it is malformed. */
function readExtras(header: Buffer, from: number): { readonly commonName: string | undefined } | string {
  let commonName: string | undefined;
  for (const tlv of tlvs(header, from)) {
    if (tlv === undefined) return 'a value behind the addresses runs past the end';
    const { type, at, end } = tlv;
    if (type === TLV_CRC32C && (end - at !== 4 || header.readUInt32BE(at) !== crcWithout(header, at))) return 'the checksum is wrong';
    if (type !== TLV_SSL || end - at < SSL_FIXED || (header.readUInt8(at) & SHOWED_CERTIFICATE) === 0) continue;
    for (const inner of tlvs(header.subarray(0, end), at + SSL_FIXED)) {
      if (inner === undefined) return 'a value about TLS runs past the end';
      if (inner.type === SUBTYPE_COMMON_NAME && inner.end - inner.at <= MAX_COMMON_NAME_BYTES) commonName = header.toString('utf8', inner.at, inner.end);
    }
  }
  return { commonName };
}

interface Tlv {
  readonly type: number;
  readonly at: number;
  readonly end: number;
}

/** Yields undefined, and ends, where one runs past the end. */
function* tlvs(bytes: Buffer, from: number): Generator<Tlv | undefined> {
  for (let at = from; at < bytes.length; ) {
    const end = at + 3 <= bytes.length ? at + 3 + bytes.readUInt16BE(at + 1) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) return yield undefined;
    yield { type: bytes.readUInt8(at), at: at + 3, end };
    at = end;
  }
}

/** CRC-32C of the header with the checksum itself as zeros (section 2.2.3). */
function crcWithout(header: Buffer, at: number): number {
  let crc = 0xffff_ffff;
  for (let index = 0; index < header.length; index += 1) {
    crc ^= index >= at && index < at + 4 ? 0 : header.readUInt8(index);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** The form of RFC 5952; an IPv4 address in IPv6 clothes is given as IPv4, as everywhere in the broker. */
function formatIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return [...bytes.subarray(12)].join('.');
  let gapAt = -1;
  let gapLength = 1;
  for (let start = 0; start < 8; start += 1) {
    let end = start;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - start > gapLength) [gapAt, gapLength] = [start, end - start];
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  return gapAt === -1 ? hex(groups) : `${hex(groups.slice(0, gapAt))}::${hex(groups.slice(gapAt + gapLength))}`;
}
