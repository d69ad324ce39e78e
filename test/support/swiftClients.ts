/** Clients of a node in this process, on sockets that take everything at once, unless told to stop, and remember what they were given. */
import { EventEmitter } from 'node:events';
import type { ByteSocket } from '../../broker/io/byteSocket.ts';
import { Connection } from '../../broker/io/connection.ts';
import { MqttConnection } from '../../broker/io/mqttConnection.ts';
import { OutputTurn } from '../../broker/io/outputTurn.ts';
import { TurnClock } from '../../broker/io/turnClock.ts';
import type { MqttVersion, Packet } from '../../broker/protocol/packet.ts';
import { encodePacket } from '../../broker/protocol/writer.ts';
import { BrokerWorld } from './brokerWorld.ts';
import { plainConnect } from './plainConnect.ts';

export class SwiftSocket extends EventEmitter implements ByteSocket {
  readonly remoteAddress = '127.0.0.1';
  writableLength = 0;
  readonly destroyed = false;
  /** What it was given, and what stood in it when it was taken in. */
  readonly written: Uint8Array[] = [];
  readonly copies: Buffer[] = [];
  ended = false;
  paused = false;
  #stopped = false;
  #waiting: (() => void)[] = [];

  setNoDelay(): void {}

  write(bytes: Uint8Array, written?: () => void): boolean {
    const take = (): void => {
      if (bytes.length > 0) this.copies.push(Buffer.from(bytes));
      written?.();
    };
    if (bytes.length > 0) this.written.push(bytes);
    if (this.#stopped) {
      this.writableLength += bytes.length;
      this.#waiting.push(take);
    } else take();
    return !this.#stopped;
  }

  /** From here on it takes nothing in. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes in what it was given meanwhile. */
  goOn(): void {
    this.#stopped = false;
    this.writableLength = 0;
    for (const take of this.#waiting.splice(0)) take();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended = true;
  }
  destroy(): void {}
}

/** `dispose` when the test is over. */
export class SwiftClients {
  readonly world = new BrokerWorld();
  readonly output = new OutputTurn();
  readonly #clock = new TurnClock();

  /** A client that has been accepted. `direct`: its socket is the system's own. */
  open(clientId: string, version: MqttVersion = 4, { direct = true, cleanStart = true } = {}): SwiftSocket {
    const socket = new SwiftSocket();
    const connection = new Connection(socket, { output: this.output, bytes: { received() {}, sent() {} }, congestedBytes: 1024 * 1024, direct });
    new MqttConnection(this.world.node, connection, { listener: 'tcp:default', host: '127.0.0.1', port: 1 }, this.#clock, { closed() {}, blocked() {} });
    socket.emit('data', encodePacket({ ...plainConnect(clientId), version, cleanStart }, version));
    return socket;
  }

  /** Ends the turn, and forgets what the sockets were given. */
  settle(sockets: readonly SwiftSocket[]): void {
    this.output.flush();
    for (const socket of sockets) socket.written.length = socket.copies.length = 0;
  }

  dispose(): void {
    this.output.dispose();
  }
}

export function sendFrom(socket: SwiftSocket, ...packets: Packet[]): void {
  socket.emit('data', Buffer.concat(packets.map((packet) => encodePacket(packet, 4))));
}
