/** A name server on loopback that knows a few names (RFC 1035, RFC 2782, RFC 3596): what a resolver asks goes over a real socket. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

export type DnsRecord =
  | { readonly type: 'a'; readonly address: string }
  | { readonly type: 'aaaa'; readonly address: string }
  | { readonly type: 'srv'; readonly target: string; readonly port: number };

const TYPE_NUMBER = { a: 1, aaaa: 28, srv: 33 } as const;
const CLASS_IN = 1;
const HEADER_BYTES = 12;
const NAME_ERROR = 3;

export interface DnsServer {
  /** `127.0.0.1:5353` */
  readonly address: string;
  /** Names and their records; changed at will. */
  readonly zone: Map<string, readonly DnsRecord[]>;
  /** While false nothing is answered. */
  answering: boolean;
  readonly close: () => void;
}

export async function startDnsServer(records: Readonly<Record<string, readonly DnsRecord[]>> = {}): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const server = { address: '', zone: new Map(Object.entries(records)), answering: true, close: () => void socket.close() };
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    if (server.answering) socket.send(answer(query, server.zone), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  server.address = `127.0.0.1:${socket.address().port}`;
  return server;
}

function answer(query: Buffer, zone: ReadonlyMap<string, readonly DnsRecord[]>): Buffer {
  const { name, end } = readName(query, HEADER_BYTES);
  const type = query.readUInt16BE(end);
  const known = zone.get(name.toLowerCase());
  const records = (known ?? []).filter((record) => TYPE_NUMBER[record.type] === type);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  // An answer, authoritative, recursion as asked.
  header.writeUInt16BE(0x8400 | (query.readUInt16BE(2) & 0x0100) | (known === undefined ? NAME_ERROR : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const question = query.subarray(HEADER_BYTES, end + 4);
  return Buffer.concat([header, question, ...records.map((record) => resource(name, record))]);
}

function resource(name: string, record: DnsRecord): Buffer {
  const data = dataOf(record);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPE_NUMBER[record.type], 0);
  fixed.writeUInt16BE(CLASS_IN, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([writeName(name), fixed, data]);
}

function dataOf(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'a':
      return Buffer.from(record.address.split('.').map(Number));
    case 'aaaa':
      return ipv6Bytes(record.address);
    case 'srv': {
      const fixed = Buffer.alloc(6);
      fixed.writeUInt16BE(record.port, 4);
      return Buffer.concat([fixed, writeName(record.target)]);
    }
  }
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [front, back] = [groups(head), groups(tail)];
  const bytes = Buffer.alloc(16);
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
  all.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function writeName(name: string): Buffer {
  return Buffer.concat([...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])), Buffer.from([0])]);
}
