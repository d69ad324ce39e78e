/** A TCP listener for MQTT: accepts, counts, and closes everything it accepted. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Log } from '../../base/log.ts';
import { formatBind } from '../../config/address.ts';
import type { ListenerConfig } from '../../config/config.ts';
import { Connection, type ByteCounters } from '../connection.ts';
import { listenError } from '../listenError.ts';
import { MqttConnection, type MqttNode } from '../mqttConnection.ts';
import type { OutputTurn } from '../outputTurn.ts';
import type { TurnClock } from '../turnClock.ts';

/** QoS 0 towards a client with this much waiting is dropped and counted. */
export const CONGESTED_BYTES = 1024 * 1024;

export interface TcpListenerOptions {
  readonly config: ListenerConfig;
  readonly node: MqttNode;
  readonly output: OutputTurn;
  readonly clock: TurnClock;
  readonly bytes: ByteCounters;
  readonly log: Log;
}

export class TcpListener {
  readonly config: ListenerConfig;
  readonly #options: TcpListenerOptions;
  readonly #server: Server;
  readonly connections = new Set<MqttConnection>();
  #bind = '';

  constructor(options: TcpListenerOptions) {
    this.#options = options;
    this.config = options.config;
    // Half-open is ours to handle: what waits for a client that has said its last word still goes out.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** `127.0.0.1:1883` once it listens. */
  get bind(): string {
    return this.#bind;
  }

  /** Rejects with LISTENER_PORT_IN_USE naming the holder where the system tells, or LISTENER_FAILED. */
  async listen(): Promise<void> {
    const { bind, id, tcp } = this.config;
    const { host, port } = 'path' in bind ? { host: bind.path, port: 0 } : bind;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ ...bind, backlog: tcp.backlog }, () => {
          this.#server.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      throw await listenError(error, `listener ${id}`, host, port, 'LISTENER_PORT_IN_USE', { listener: id });
    }
    this.#server.on('error', (error) => this.#options.log.error('listener_error', { listener: id, reason: error.message }));
    this.#bind = formatBind('path' in bind ? bind : { host, port: (this.#server.address() as AddressInfo).port });
  }

  #accept(socket: Socket): void {
    const { node, output, clock, bytes, log } = this.#options;
    clock.tick();
    if (this.connections.size >= this.config.maxConnections) {
      log.warn('listener_max_connections_reached', { listener: this.config.id, max_connections: this.config.maxConnections });
      socket.on('error', () => {}); // it is being thrown away; how it ends is of no interest
      socket.destroy();
      return;
    }
    const connection = new Connection({ socket, output, bytes, congestedBytes: CONGESTED_BYTES });
    this.connections.add(new MqttConnection(node, connection, this.config.id, clock, (closed) => this.connections.delete(closed)));
  }

  /** Accepts no more; connections stay. */
  stopAccepting(): void {
    this.#server.close();
  }

  /** Ends what is still open. */
  destroyConnections(): void {
    for (const { connection } of this.connections) connection.destroy();
  }
}
