/** A TCP listener for MQTT: accepts, counts, and closes everything it accepted. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Log } from '../../base/log.ts';
import { formatBind } from '../../config/address.ts';
import type { ListenerConfig } from '../../config/config.ts';
import { AcceptGate } from '../accept/acceptGate.ts';
import type { ProxySource } from '../accept/proxyHeader.ts';
import { Connection, type ByteCounters } from '../connection.ts';
import { listenError } from '../listenError.ts';
import { MqttConnection, type MqttNode } from '../mqttConnection.ts';
import type { LimitsOfListener } from '../nodeLimits.ts';
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
  readonly limits: LimitsOfListener;
  readonly log: Log;
}

export class TcpListener {
  readonly config: ListenerConfig;
  readonly #options: TcpListenerOptions;
  readonly #server: Server;
  readonly #gate: AcceptGate;
  readonly connections = new Set<MqttConnection>();
  #bind = '';

  constructor(options: TcpListenerOptions) {
    this.#options = options;
    this.config = options.config;
    const { config, limits, log, node } = options;
    this.#gate = new AcceptGate({
      config,
      limits: limits.connections,
      metrics: node.metrics,
      log,
      now: () => options.clock.tick(),
      admit: (socket, source) => this.#admit(socket, source),
    });
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
    const { clock, log } = this.#options;
    clock.tick();
    if (this.connections.size + this.#gate.size >= this.config.maxConnections) {
      log.warn('listener_max_connections_reached', { listener: this.config.id, max_connections: this.config.maxConnections });
      socket.on('error', () => {}); // it is being thrown away; how it ends is of no interest
      socket.destroy();
      return;
    }
    this.#gate.enter(socket);
  }

  #admit(socket: Socket, source: ProxySource | undefined): void {
    const { node, output, clock, bytes, limits } = this.#options;
    clock.tick();
    const connection = new Connection({ socket, output, bytes, congestedBytes: CONGESTED_BYTES, remote: source });
    const clientLimits = limits.forClient?.() ?? null;
    this.connections.add(new MqttConnection(node, connection, this.config.id, clock, (closed) => this.connections.delete(closed), clientLimits));
  }

  /** Accepts no more; connections stay. */
  stopAccepting(): void {
    this.#gate.close();
    this.#server.close();
  }

  /** Ends what is still open. */
  destroyConnections(): void {
    for (const { connection } of this.connections) connection.destroy();
  }
}
