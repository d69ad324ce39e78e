/** A client of bytes: what it sends is made by hand, what it gets is read by hand and by mqtt-packet, and both must agree that it is sound. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parser as mqttParser, type Parser } from 'mqtt-packet';
import { within } from '../../support/waitFor.ts';
import * as build from './build.ts';
import type { AckName, ConnectBytes, Level, PublishBytes } from './build.ts';
import { readPackets, type Property, type ReceivedPacket } from './read.ts';

export class RawClient {
  readonly socket: Socket;
  level: Level = 5;
  /** The CONNACK of `connect`. */
  connack: ReceivedPacket | undefined;
  /** The broker has closed its side. */
  ended = false;
  #witness: Parser | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #packets: ReceivedPacket[] = [];
  #fault: Error | undefined;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => {}); // a reset is one way to be thrown out
    socket.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const client = new RawClient(socket);
    await within('a connection', once(socket, 'connect'));
    return client;
  }

  #receive(chunk: Buffer): void {
    try {
      this.#witness ??= mqttParser({ protocolVersion: this.level }).on('error', (error) => (this.#fault ??= error)) as Parser;
      this.#witness.parse(chunk);
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      const { packets, length } = readPackets(this.#bytes, this.level);
      this.#bytes = this.#bytes.subarray(length);
      this.#packets.push(...packets);
    } catch (error) {
      this.#fault ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#wake();
  }

  async #until(what: string, reached: () => boolean): Promise<void> {
    while (!reached() && this.#fault === undefined) {
      if (this.ended) throw new Error(`closed while waiting for ${what}; got: ${this.#packets.map((packet) => packet.text).join(', ')}`);
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      await within(`${what}; got: ${this.#packets.map((packet) => packet.text).join(', ')}`, woken);
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  // ---------------------------------------------------------------- getting

  /** The next packet. */
  async packet(): Promise<ReceivedPacket> {
    await this.#until('a packet', () => this.#packets.length > 0);
    return this.#packets.shift() as ReceivedPacket;
  }

  /** The next packet in text. */
  async next(): Promise<string> {
    return (await this.packet()).text;
  }

  /** The next `count` packets in text. */
  async take(count: number): Promise<string[]> {
    await this.#until(`${count} packets`, () => this.#packets.length >= count);
    return this.#packets.splice(0, count).map((packet) => packet.text);
  }

  /** Everything the broker had sent when it answered a PINGREQ of now. Proves that nothing else was on its way. */
  async all(): Promise<ReceivedPacket[]> {
    this.send(build.PINGREQ);
    const answer = () => this.#packets.findIndex((packet) => packet.type === 'pingresp');
    await this.#until('PINGRESP', () => answer() !== -1);
    const before = this.#packets.splice(0, answer());
    this.#packets.shift();
    return before;
  }

  /** The same in text. */
  async texts(): Promise<string[]> {
    return (await this.all()).map((packet) => packet.text);
  }

  /** What came until the broker closed the connection. */
  async closed(limitMs = 10_000): Promise<string[]> {
    while (!this.ended) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      await within(`the broker to close; got: ${this.#packets.map((packet) => packet.text).join(', ')}`, woken, limitMs);
    }
    if (this.#fault !== undefined) throw this.#fault;
    return this.#packets.splice(0).map((packet) => packet.text);
  }

  /** Value of a property of the CONNACK. */
  announced(name: string): Property[1] | undefined {
    return this.connack?.properties.find(([other]) => other === name)?.[1];
  }

  // ---------------------------------------------------------------- sending

  send(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** Sends CONNECT; its answer is for the caller to read. */
  connect(clientId: string, options: ConnectBytes = {}): void {
    this.level = options.level ?? 5;
    this.send(build.connectPacket(clientId, options));
  }

  publish(topic: string, payload: string, options: PublishBytes = {}): void {
    this.send(build.publishPacket(this.level, topic, payload, options));
  }

  /** Sends SUBSCRIBE with id 1 and returns its SUBACK in text; retained messages may be behind it. */
  async subscribe(filter: string, options = 2, props = ''): Promise<string> {
    this.send(build.subscribePacket(this.level, 1, [[filter, options]], props));
    return this.next();
  }

  async unsubscribe(...filters: string[]): Promise<string> {
    this.send(build.unsubscribePacket(this.level, 2, filters));
    return this.next();
  }

  ack(name: AckName, id: number, code?: number): void {
    this.send(build.ackPacket(name, id, code));
  }

  disconnect(code?: number, props?: string): void {
    this.send(build.disconnectPacket(this.level, code, props));
  }

  /** The network fails: no DISCONNECT, and nothing is read any more. */
  vanish(): void {
    this.socket.destroy();
  }
}
