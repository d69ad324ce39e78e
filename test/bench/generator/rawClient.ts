/** A socket that speaks raw MQTT 3.1.1 bytes: nothing is parsed but what a load needs. One read buffer serves all plain sockets. */
import net from 'node:net';
import tls from 'node:tls';
import { WebSocketClient } from './webSocketClient.ts';

export interface BrokerAddress {
  readonly port: number;
  readonly tls: boolean;
  /** MQTT over WebSocket. */
  readonly ws?: boolean;
}

/** Bytes are valid during the call only: the buffer is read into again. */
export type OnBytes = (bytes: Buffer, length: number) => void;

/** The broker does not offer what a load needs. */
export class NotSupported extends Error {}

const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
const HOST = '127.0.0.1';
const SUBACK = 0x90;
const REFUSED = 0x80;
const CONNECT_BATCH = 50;

export const ignoreBytes: OnBytes = () => {};

export class RawClient {
  readonly socket: net.Socket;
  onBytes: OnBytes = ignoreBytes;
  onClosed: (() => void) | null = null;

  /** `source`: local address to connect from; 127.0.0.2 and so on give more ports than one address has. */
  constructor(address: BrokerAddress, source?: string) {
    const to = { port: address.port, host: HOST, ...(source !== undefined && { localAddress: source }) };
    if (address.tls) {
      this.socket = tls.connect({ ...to, rejectUnauthorized: false });
      this.socket.on('data', (bytes: Buffer) => this.onBytes(bytes, bytes.length));
    } else if (address.ws === true) {
      const socket = new WebSocketClient(READ_BUFFER, (bytes, length) => this.onBytes(bytes, length));
      this.socket = socket;
      socket.connect(to);
      socket.upgrade();
    } else {
      const callback = (length: number, buffer: Uint8Array): boolean => {
        this.onBytes(buffer as Buffer, length);
        return true;
      };
      this.socket = net.connect({ ...to, onread: { buffer: READ_BUFFER, callback } });
    }
    this.socket.setNoDelay(true);
    this.socket.on('error', (error) => this.socket.destroy(error));
    this.socket.on('close', () => this.onClosed?.());
  }

  /** Sends one packet and resolves with its answer, which begins with the given byte. */
  exchange(packet: Uint8Array, answerByte: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.onClosed = () => reject(new NotSupported(`the broker closed the connection instead of answering with packet 0x${answerByte.toString(16)}`));
      this.onBytes = (bytes, length) => {
        this.onClosed = null;
        this.onBytes = ignoreBytes;
        if (bytes[0] === answerByte) resolve(Buffer.from(bytes.subarray(0, length)));
        else reject(new Error(`expected packet 0x${answerByte.toString(16)}, got 0x${bytes[0]?.toString(16)}`));
      };
      this.socket.write(packet);
    });
  }

  async subscribe(packet: Uint8Array): Promise<void> {
    const answer = await this.exchange(packet, SUBACK);
    if ((answer.at(-1) ?? REFUSED) >= REFUSED) throw new NotSupported(`the broker refused the subscription: 0x${answer.at(-1)?.toString(16)}`);
  }
}

export interface OpenOptions {
  readonly address: BrokerAddress;
  readonly count: number;
  /** Name in front of the number in each client identifier. */
  readonly prefix: string;
  /** CONNECT packet for a client identifier. */
  readonly connect: (clientId: string) => Uint8Array;
  readonly sourceOf?: (index: number) => string;
}

const CONNACK = 0x20;

export async function openClients({ address, count, prefix, connect, sourceOf }: OpenOptions): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const first = clients.length;
    const batch = Array.from({ length: Math.min(CONNECT_BATCH, count - first) }, (_, index) => new RawClient(address, sourceOf?.(first + index)));
    await Promise.all(batch.map((client, index) => client.exchange(connect(`${prefix}${first + index}`), CONNACK)));
    clients.push(...batch);
  }
  return clients;
}

/** Sources for many connections: each has some 28,000 ports of its own. 127.0.0.1 is left to everybody else. */
export function sourceFor(index: number): string {
  return `127.0.0.${2 + (index % 200)}`;
}
