/** A TCP connection that sends what it likes and remembers what came back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { MqttVersion, Packet } from '../../broker/protocol/packet.ts';
import { PacketParser } from '../../broker/protocol/parser.ts';
import { within } from '../support/waitFor.ts';

/** Of what the broker sends, this much is kept for judging. */
const MAX_KEPT_BYTES = 1_000_000;

export class RawClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  #keptBytes = 0;
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {}); // a reset is one way to be thrown out
    socket.on('close', () => (this.closed = true));
    socket.on('data', (chunk: Buffer) => {
      if (this.#keptBytes > MAX_KEPT_BYTES) return;
      this.#keptBytes += chunk.length;
      this.#received.push(chunk);
    });
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const client = new RawClient(connect({ host, port }));
    await within('a connection', once(client.socket, 'connect'), 20_000);
    return client;
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  send(bytes: Uint8Array): void {
    if (!this.closed && this.socket.writable) this.socket.write(bytes);
  }

  /** Waits until the broker has closed; what it had said by then. */
  async end(version: MqttVersion, limitMs = 20_000): Promise<readonly Packet[]> {
    if (!this.closed) await within('the broker to close', once(this.socket, 'close'), limitMs);
    return this.packets(version);
  }

  /** What the broker has sent so far, whole packets only. */
  packets(version: MqttVersion): readonly Packet[] {
    const packets: Packet[] = [];
    const { received } = this;
    const sink = {
      onPacket: (packet: Packet) => void packets.push(packet),
      onError: (violation: { readonly message: string }) => {
        throw new Error(`the broker sent bytes that break a rule: ${violation.message}`);
      },
    };
    new PacketParser(sink, { maxPacketSize: Number.POSITIVE_INFINITY, sender: 'server', version }).push(received, 0, received.length, true);
    return packets;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
