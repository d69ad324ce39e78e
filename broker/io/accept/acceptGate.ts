/**
 * What a new connection passes before anybody reads its bytes: access rules, the rate of connections (who comes too fast waits
 * in line), and the header of a proxy. A listener of any type gives its sockets to `enter` and gets those that passed by
 * `admit`, with all bytes behind the header still in them: TLS, WebSocket or MQTT begins there.
 */
import type { Socket } from 'node:net';
import type { Log } from '../../base/log.ts';
import type { Limit } from '../../base/limit.ts';
import type { ListenerConfig } from '../../config/listenerConfig.ts';
import { METRIC, type Metrics } from '../../metrics/metrics.ts';
import { compileAccessRules, type AddressCheck } from './accessRules.ts';
import { readProxyHeader, type ProxySource } from './proxyHeader.ts';

/** Connections of one listener that wait for their turn; further ones are closed and counted. */
export const MAX_WAITING = 1_024;

export interface AcceptGateOptions {
  readonly config: Pick<ListenerConfig, 'id' | 'accessRules' | 'proxyProtocol' | 'proxyProtocolTimeoutMs'>;
  readonly limits: readonly Limit[];
  readonly metrics: Metrics;
  readonly log: Log;
  /** `source`: what the proxy said of the client; undefined when the socket's own address is the client's. */
  readonly admit: (socket: Socket, source: ProxySource | undefined) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export class AcceptGate {
  readonly #options: AcceptGateOptions;
  #config: AcceptGateOptions['config'];
  /** New connections must fit into all of these; empty = as many as come. */
  #limits: readonly Limit[];
  #allowed: AddressCheck | null;
  /** In line for the rate, oldest first. */
  readonly #waiting = new Set<Socket>();
  /** Their header has not come whole. */
  readonly #reading = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;

  /** Throws CONFIG_BAD_VALUE when a rule names no address. */
  constructor(options: AcceptGateOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#limits = options.limits;
    this.#allowed = compileAccessRules(options.config.accessRules, options.config.id);
  }

  /**
   * Puts others in force. Who waits in line goes on waiting, by the new rates, unless the new rules shut it out; who sends its header
   * goes on too. Throws as the constructor does, and then has changed nothing.
   */
  reconfigure(config: AcceptGateOptions['config'], limits: readonly Limit[]): void {
    this.#allowed = compileAccessRules(config.accessRules, config.id);
    this.#config = config;
    this.#limits = limits;
    for (const socket of [...this.#waiting]) if (!this.#isAllowed(socket)) discard(socket);
    clearTimeout(this.#timer);
    this.#next();
  }

  /** Connections that wait for the rate. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Sockets inside the gate: accepted and not yet admitted. */
  get size(): number {
    return this.#waiting.size + this.#reading.size;
  }

  /** A connection came. Its address is that of the proxy where there is one: rules say who may be believed. */
  enter(socket: Socket): void {
    if (!this.#isAllowed(socket)) return discard(socket);
    if (this.#limits.length === 0) return this.#pass(socket);
    const nowMs = this.#options.now();
    if (this.#waiting.size === 0 && this.#limits.every((limit) => limit.waitMs(nowMs) === 0)) return this.#take(socket, nowMs);
    this.#line(socket);
  }

  #isAllowed({ remoteAddress }: Socket): boolean {
    if (this.#allowed === null || this.#allowed(remoteAddress ?? '')) return true;
    this.#options.log.warn('listener_access_denied', { listener: this.#config.id, peerhost: remoteAddress });
    return false;
  }

  #line(socket: Socket): void {
    const { metrics, log } = this.#options;
    if (this.#waiting.size >= MAX_WAITING) {
      metrics.inc(METRIC['overload_protection.new_conn']);
      log.warn('listener_backlog_full', { listener: this.#config.id, waiting: MAX_WAITING });
      return discard(socket);
    }
    metrics.inc(METRIC['limiter.connections.delayed']);
    this.#waiting.add(socket);
    socket.on('error', ignore);
    socket.once('close', this.#gone);
    this.#arm();
  }

  /** A socket that ends while it waits frees its place. */
  readonly #gone = (): void => {
    for (const socket of this.#waiting) if (socket.destroyed) this.#waiting.delete(socket);
  };

  #arm(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    const nowMs = this.#options.now();
    const waitMs = Math.max(1, ...this.#limits.map((limit) => limit.waitMs(nowMs)));
    this.#timer = setTimeout(() => this.#next(), waitMs);
    this.#timer.unref();
  }

  #next(): void {
    this.#timer = undefined;
    const nowMs = this.#options.now();
    for (const socket of this.#waiting) {
      if (!this.#limits.every((limit) => limit.waitMs(nowMs) === 0)) break;
      this.#waiting.delete(socket);
      socket.off('close', this.#gone);
      socket.off('error', ignore);
      if (socket.destroyed) continue;
      this.#take(socket, nowMs);
    }
    this.#arm();
  }

  #take(socket: Socket, nowMs: number): void {
    for (const limit of this.#limits) limit.take(1, nowMs);
    this.#pass(socket);
  }

  #pass(socket: Socket): void {
    if (this.#config.proxyProtocol) this.#readHeader(socket);
    else this.#options.admit(socket, undefined);
  }

  #readHeader(socket: Socket): void {
    const { log, metrics, admit } = this.#options;
    const { id, proxyProtocolTimeoutMs } = this.#config;
    this.#reading.add(socket);
    const leave = () => {
      clearTimeout(timer);
      this.#reading.delete(socket);
      socket.off('readable', read);
      socket.off('end', ended);
      socket.off('close', leave);
    };
    const refuse = (reason: string) => {
      leave();
      metrics.inc(METRIC['listener.proxy_protocol.error']);
      log.warn('proxy_protocol_error', { listener: id, peerhost: socket.remoteAddress, reason });
      discard(socket);
    };
    const ended = () => refuse('the connection ended within the header');
    let kept = Buffer.alloc(0);
    const read = () => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) kept = Buffer.concat([kept, chunk]);
      const reading = readProxyHeader(kept);
      if (reading.state === 'bad') return refuse(reading.reason);
      if (reading.state === 'more') return;
      leave();
      socket.off('error', ignore);
      if (reading.length < kept.length) socket.unshift(kept.subarray(reading.length));
      admit(socket, reading.source);
    };
    const timer = setTimeout(() => refuse('no header came in time'), proxyProtocolTimeoutMs);
    timer.unref();
    socket.on('error', ignore);
    socket.on('close', leave);
    socket.on('end', ended);
    socket.on('readable', read);
  }

  /** Nobody is admitted any more; whoever is inside is closed. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const socket of [...this.#waiting, ...this.#reading]) discard(socket);
    this.#waiting.clear();
  }
}

/** How a socket ends that nobody wants, or nobody has yet, is of no interest. */
function ignore(): void {}

function discard(socket: Socket): void {
  socket.on('error', ignore);
  socket.destroy();
}
