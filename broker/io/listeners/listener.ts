/**
 * A listener for MQTT of whatever type: accepts, takes each connection through what its type puts before MQTT (TLS, WebSocket), counts,
 * and closes everything it accepted. One object is one listener for as long as it exists; it can start and stop many times.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { formatBind } from '../../config/address.ts';
import type { ListenerConfig } from '../../config/config.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import type { PeerIdentity } from '../../session/ports.ts';
import { AcceptGate } from '../accept/acceptGate.ts';
import { compileAccessRules } from '../accept/accessRules.ts';
import type { ProxySource } from '../accept/proxyHeader.ts';
import type { ByteSocket } from '../byteSocket.ts';
import { Connection, type ByteCounters, type ConnectionTraits } from '../connection.ts';
import { FileWatch } from '../fileWatch.ts';
import { MqttConnection, type ConnectionOwner, type MqttNode } from '../mqttConnection.ts';
import type { LimitsOfListener, NodeLimits } from '../nodeLimits.ts';
import type { OutputTurn } from '../outputTurn.ts';
import type { SlowClients } from '../slowClients.ts';
import type { TurnClock } from '../turnClock.ts';
import { bindServer } from './bindServer.ts';
import type { DevelopmentCertificates } from './developmentCertificates.ts';
import { identityByProxy, peerIdentity } from './peerCertificate.ts';
import { Refusals } from './refusals.ts';
import { loadTlsContexts } from './tlsContext.ts';
import { rawSocketOf, TlsFront } from './tlsFront.ts';
import { WebSocketFront } from './webSocket/webSocketFront.ts';

/** Connections that have not come as far as MQTT, at a time: further ones are closed. Each is bounded in time as well. */
const MAX_ARRIVALS = 4096;
/** Time a WebSocket client has for its HTTP request. */
const UPGRADE_TIMEOUT_MS = 10_000;

export interface ListenerOptions {
  readonly config: ListenerConfig;
  readonly node: MqttNode;
  readonly output: OutputTurn;
  readonly clock: TurnClock;
  readonly bytes: ByteCounters;
  readonly limits: NodeLimits;
  readonly slowClients: SlowClients;
  readonly developmentCertificates: DevelopmentCertificates;
  readonly log: Log;
}

/** A connection on its way to MQTT. */
interface Arrival {
  /** Whom a proxy speaks for. */
  readonly source: ProxySource | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** What accepted sockets go through before MQTT; absent for plain TCP. */
interface Entrance {
  readonly enter: (socket: Socket) => void;
  /** Certificates, keys and the like that it was made from. */
  readonly files: readonly string[];
}

export class Listener {
  readonly connections = new Set<MqttConnection>();
  readonly refusals: Refusals;
  readonly #options: ListenerOptions;
  #config: ListenerConfig;
  #server: Server | null = null;
  #bind: string;
  #limits: LimitsOfListener;
  readonly #gate: AcceptGate;
  #traits: ConnectionTraits;
  #entrance: Entrance | null = null;
  #certificateWatch: FileWatch | null = null;
  /** Accepted and not yet as far as MQTT. */
  readonly #arrivals = new Map<Socket, Arrival>();
  #whenEmpty: (() => void) | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#bind = formatBind(options.config.bind);
    this.refusals = new Refusals(options.config.id, options.log);
    this.#limits = options.limits.ofListener(options.config.limits);
    this.#gate = this.#makeGate(options.config, this.#limits);
    this.#traits = this.#traitsOf(options.config);
  }

  get config(): ListenerConfig {
    return this.#config;
  }

  get running(): boolean {
    return this.#server !== null;
  }

  /** `127.0.0.1:1883`: while it runs with the port it really has. */
  get bind(): string {
    return this.#bind;
  }

  /** Rejects with LISTENER_PORT_IN_USE naming the holder where the system tells, LISTENER_FAILED, or what is wrong with its certificates. */
  async start(): Promise<void> {
    if (this.#server !== null) return;
    const entrance = await this.#makeEntrance(this.#config);
    this.#entrance = entrance;
    // Half-open is ours to handle: what waits for a client that has said its last word still goes out.
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#bind = await bindServer(server, this.#config);
    server.on('error', (error) => this.#options.log.error('listener_error', { listener: this.#config.id, reason: error.message }));
    this.#server = server;
    await this.#use(entrance);
  }

  /** Accepts no more; connections stay. */
  stopAccepting(): void {
    this.#server?.close();
    this.#server = null;
    this.#bind = formatBind(this.#config.bind);
    this.#stopWatching();
    this.#gate.close();
    for (const socket of this.#arrivals.keys()) socket.destroy();
  }

  /** Accepts no more and ends its connections: MQTT 5 clients are told, and what waits for them leaves within the grace of `close`. */
  async stop(): Promise<void> {
    this.stopAccepting();
    this.#options.clock.tick();
    for (const { channel } of [...this.connections]) channel.disconnect(ReasonCode.AdministrativeAction, { reason: 'listener_stopped' });
    if (this.connections.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve));
  }

  /** Ends what is still open, at once. */
  destroyConnections(): void {
    for (const { connection } of this.connections) connection.destroy();
  }

  /**
   * Puts other settings in force that do not need another port; connections stay. Rates hold for clients that are connected too,
   * everything else for new ones. Rejects when its certificates or access rules cannot be used; then nothing has changed.
   */
  async reconfigure(config: ListenerConfig): Promise<void> {
    const entrance = this.running ? await this.#makeEntrance(config) : null;
    compileAccessRules(config.accessRules, config.id);
    const hasOtherLimits = !isDeepStrictEqual(config.limits, this.#config.limits);
    this.#config = config;
    if (hasOtherLimits) this.relimit();
    else this.#gate.reconfigure(config, this.#limits.connections);
    this.#traits = this.#traitsOf(config);
    if (!this.running) this.#bind = formatBind(config.bind);
    await this.#use(entrance);
  }

  /** Limits of its own or of the node are others now: they hold at once, for everybody. What was owed under the old ones is forgiven. */
  relimit(): void {
    this.#limits = this.#options.limits.ofListener(this.#config.limits);
    this.#gate.reconfigure(this.#config, this.#limits.connections);
    this.#options.clock.tick();
    for (const connection of this.connections) connection.limit(this.#limits.forClient?.() ?? null);
  }

  /** Clients that are not read and connections that wait, because of rates. */
  held(): { readonly pausedClients: number; readonly waitingConnections: number } {
    let pausedClients = 0;
    for (const { paused } of this.connections) if (paused) pausedClients += 1;
    return { pausedClients, waitingConnections: this.#gate.waiting };
  }

  /** Rejects with what keeps `config` from being put in force here, and changes nothing. */
  async verify(config: ListenerConfig, withCertificates: boolean): Promise<void> {
    compileAccessRules(config.accessRules, config.id);
    if (withCertificates) await this.#makeEntrance(config);
  }

  /** Reads the certificate files again. Rejects when they cannot be used; then the old ones stay in force. */
  async reloadCertificates(): Promise<void> {
    await this.#use(await this.#makeEntrance(this.#config));
  }

  /** Rejects with what is wrong with certificates. */
  async #makeEntrance(config: ListenerConfig): Promise<Entrance | null> {
    const { id, ssl } = config;
    const webSocket = this.#makeWebSocketFront(config);
    if (ssl === undefined) return webSocket && { enter: (socket) => this.#beginUpgrade(webSocket, socket, socket), files: [] };
    const fallback = ssl.certificate === undefined ? await this.#options.developmentCertificates.get() : undefined;
    const contexts = await loadTlsContexts(id, ssl, fallback);
    const front = new TlsFront(contexts, ssl, {
      secured: (socket, raw) => {
        if (webSocket === null) this.#admit(socket, raw, this.#arrivals.get(raw)?.source, peerIdentity(socket, ssl));
        else this.#beginUpgrade(webSocket, socket, raw);
      },
      refused: (raw, reason) => this.refusals.add('tls_handshake_failed', { peerhost: raw.remoteAddress, reason }),
    });
    return { enter: (socket) => front.accept(socket), files: contexts.files };
  }

  #makeWebSocketFront({ ssl, websocket }: ListenerConfig): WebSocketFront | null {
    if (websocket === undefined) return null;
    return new WebSocketFront(websocket, {
      upgraded: (stream, socket, forwarded) => {
        const certificate = ssl !== undefined && socket instanceof TLSSocket ? peerIdentity(socket, ssl) : undefined;
        const raw = socket instanceof TLSSocket ? rawSocketOf(socket) : socket;
        this.#admit(stream, raw, forwarded ?? this.#arrivals.get(raw)?.source, certificate);
      },
      refused: (socket, reason) => this.refusals.add('websocket_upgrade_failed', { peerhost: socket.remoteAddress, reason }),
    });
  }

  #beginUpgrade(front: WebSocketFront, socket: Socket, raw: Socket): void {
    const timer = setTimeout(() => {
      this.refusals.add('handshake_timeout', { peerhost: raw.remoteAddress });
      raw.destroy();
    }, UPGRADE_TIMEOUT_MS);
    timer.unref();
    const arrival = this.#arrivals.get(raw);
    if (arrival !== undefined) arrival.timer = timer;
    front.accept(socket);
  }

  /** The listener may have been stopped while files were read: then nobody needs it. */
  async #use(entrance: Entrance | null): Promise<void> {
    if (this.#server === null || entrance === null) return;
    this.#entrance = entrance;
    this.#stopWatching();
    if (entrance.files.length === 0) return;
    this.#certificateWatch = new FileWatch(entrance.files, () => void this.#certificatesChanged(), this.#options.log);
    await this.#certificateWatch.start();
  }

  async #certificatesChanged(): Promise<void> {
    const { log } = this.#options;
    const { id } = this.#config;
    try {
      await this.reloadCertificates();
      log.info('listener_certificates_reloaded', { listener: id });
    } catch (error) {
      log.error('listener_certificates_refused', { listener: id, reason: messageOf(error) });
    }
  }

  #stopWatching(): void {
    this.#certificateWatch?.dispose();
    this.#certificateWatch = null;
  }

  #makeGate(config: ListenerConfig, limits: LimitsOfListener): AcceptGate {
    const { node, log, clock } = this.#options;
    return new AcceptGate({
      config,
      limits: limits.connections,
      metrics: node.metrics,
      log,
      now: () => clock.tick(),
      admit: (socket, source) => this.#enter(socket, source),
    });
  }

  #traitsOf({ tcp, ssl, websocket }: ListenerConfig): ConnectionTraits {
    const { output, bytes } = this.#options;
    return {
      output,
      bytes,
      congestedBytes: tcp.highWatermark,
      sendTimeoutMs: tcp.sendTimeoutMs,
      keepsBuffers: ssl !== undefined,
      direct: ssl === undefined && websocket === undefined,
    };
  }

  #accept(socket: Socket): void {
    this.#options.clock.tick();
    const { maxConnections } = this.#config;
    if (this.connections.size + this.#gate.size + this.#arrivals.size < maxConnections) return this.#gate.enter(socket);
    this.refusals.add('max_connections', { max_connections: maxConnections });
    discard(socket);
  }

  /** Through the gate: on to whatever comes before MQTT. */
  #enter(socket: Socket, source: ProxySource | undefined): void {
    if (this.#entrance === null) return this.#admit(socket, socket, source, undefined);
    if (this.#arrivals.size >= MAX_ARRIVALS) {
      this.refusals.add('too_many_handshakes', { at_a_time: MAX_ARRIVALS });
      return discard(socket);
    }
    this.#arrivals.set(socket, { source, timer: undefined });
    socket.once('close', () => this.#arrived(socket));
    this.#entrance.enter(socket);
  }

  /** No arrival any more: it came as far as MQTT, or it ended before. */
  #arrived(raw: Socket): void {
    clearTimeout(this.#arrivals.get(raw)?.timer);
    this.#arrivals.delete(raw);
  }

  /** MQTT begins. `raw` is the accepted socket below whatever `socket` is. */
  #admit(socket: ByteSocket, raw: Socket, remote: ProxySource | undefined, certificate: PeerIdentity | undefined): void {
    const { node, clock } = this.#options;
    const { id, tcp, mountpoint, redirect } = this.#config;
    clock.tick();
    this.#arrived(raw);
    const connection = new Connection(socket, this.#traits, remote);
    if (!tcp.nodelay) raw.setNoDelay(false);
    if (tcp.keepaliveIdleMs !== undefined) raw.setKeepAlive(true, tcp.keepaliveIdleMs);
    const peer = { listener: id, mountpoint, redirect, host: connection.remoteHost, port: connection.remotePort, certificate: certificate ?? identityByProxy(remote, node.mqtt) };
    this.connections.add(new MqttConnection(node, connection, peer, clock, this.#owner, this.#limits.forClient?.() ?? null));
  }

  /** One for all connections. */
  readonly #owner: ConnectionOwner = {
    closed: (connection) => {
      this.connections.delete(connection);
      this.#options.slowClients.gone(connection);
      if (this.connections.size === 0) this.#whenEmpty?.();
    },
    blocked: (connection, blockedMs) => this.#options.slowClients.look(connection, blockedMs),
  };
}

function discard(socket: Socket): void {
  socket.on('error', () => {}); // it is being thrown away; how it ends is of no interest
  socket.destroy();
}
