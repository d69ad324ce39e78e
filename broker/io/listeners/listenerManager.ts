/**
 * All listeners of a node, and what may be done with them while it runs. One change at a time; a change that is refused leaves
 * everything as it was, the old listener running if it ran.
 */
import { isDeepStrictEqual } from 'node:util';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { formatBind } from '../../config/address.ts';
import type { ListenerConfig } from '../../config/config.ts';
import { Listener, type ListenerOptions } from './listener.ts';

export type ListenerEnvironment = Omit<ListenerOptions, 'config'>;

/** How long clients may take to read their last bytes when the node stops. */
const STOP_GRACE_MS = 2_000;
const STOP_POLL_MS = 20;

export class ListenerManager {
  readonly #environment: ListenerEnvironment;
  readonly #log: Log;
  readonly #listeners = new Map<string, Listener>();
  #queue: Promise<unknown> = Promise.resolve();
  #paused: readonly Listener[] = [];

  constructor(configs: readonly ListenerConfig[], environment: ListenerEnvironment) {
    this.#environment = environment;
    this.#log = environment.log;
    for (const config of configs) this.#add(config);
    environment.limits.onChange = () => this.list().forEach((listener) => listener.relimit());
  }

  #add(config: ListenerConfig): Listener {
    const listener = new Listener({ ...this.#environment, config });
    this.#listeners.set(config.id, listener);
    return listener;
  }

  /** Every listener, running or not, in the order of the configuration. */
  list(): readonly Listener[] {
    return [...this.#listeners.values()];
  }

  get(id: string): Listener | undefined {
    return this.#listeners.get(id);
  }

  get running(): readonly Listener[] {
    return this.list().filter((listener) => listener.running);
  }

  /** Starts those that are enabled and not stopped by hand. Rejects with the error of the first that cannot; one nobody asked for may stay away. */
  async startEnabled(isStopped: (id: string) => boolean = () => false): Promise<void> {
    for (const listener of this.list()) {
      const { enable, optional, id } = listener.config;
      if (!enable || isStopped(id)) continue;
      try {
        await listener.start();
      } catch (error) {
        if (!optional) throw error;
        this.#log.warn('optional_listener_not_started', { listener: id, reason: messageOf(error) });
      }
    }
  }

  // ---------------------------------------------------------------- at run time

  /** Rejects with LISTENER_UNKNOWN, or with why it cannot start. One that runs goes on. */
  start(id: string): Promise<void> {
    return this.#oneAtATime(() => this.#known(id).start());
  }

  /** Ends its connections too. */
  stop(id: string): Promise<void> {
    return this.#oneAtATime(() => this.#known(id).stop());
  }

  /** Rejects before it stops anything when its certificates cannot be used. */
  restart(id: string): Promise<void> {
    return this.#oneAtATime(async () => {
      const listener = this.#known(id);
      await listener.verify(listener.config, true);
      await listener.stop();
      await listener.start();
    });
  }

  /** Reads its certificates again; rejects when they cannot be used, and the old ones stay in force. */
  reload(id: string): Promise<void> {
    return this.#oneAtATime(() => this.#known(id).reloadCertificates());
  }

  /** Rejects with LISTENER_EXISTS, or with why it cannot start; then it does not exist. */
  create(config: ListenerConfig): Promise<void> {
    return this.#oneAtATime(async () => {
      if (this.#listeners.has(config.id)) throw new BusbarError('LISTENER_EXISTS', `There is a listener ${config.id} already`);
      const listener = this.#add(config);
      try {
        await (config.enable ? listener.start() : listener.verify(config, true));
      } catch (error) {
        this.#listeners.delete(config.id);
        throw error;
      }
    });
  }

  /** Puts other settings in force; a change of address or backlog drops its connections, any other does not. */
  update(config: ListenerConfig): Promise<void> {
    return this.#oneAtATime(async () => {
      const listener = this.#known(config.id);
      // Files that are gone must not keep anybody from turning it off: then only other ones are looked at.
      await listener.verify(config, config.enable || !isDeepStrictEqual(config.ssl, listener.config.ssl));
      if (!config.enable) {
        if (listener.running) await listener.stop();
        return listener.reconfigure(config);
      }
      if (!listener.running) return this.#startWith(listener, config);
      if (!needsRestart(listener.config, config)) return listener.reconfigure(config);
      return this.#moveTo(listener, config);
    });
  }

  async #startWith(listener: Listener, config: ListenerConfig): Promise<void> {
    const before = listener.config;
    await listener.reconfigure(config);
    try {
      await listener.start();
    } catch (error) {
      await listener.reconfigure(before);
      throw error;
    }
  }

  /** Another address is opened before the old one is left; one that the old one is in the way of has to be left first. */
  async #moveTo(listener: Listener, config: ListenerConfig): Promise<void> {
    if (!isInTheWay(listener, config)) {
      const successor = new Listener({ ...this.#environment, config });
      await successor.start();
      this.#listeners.set(config.id, successor);
      return listener.stop();
    }
    const before = listener.config;
    await listener.stop();
    try {
      await this.#startWith(listener, config);
    } catch (error) {
      await this.#startWith(listener, before);
      throw error;
    }
  }

  remove(id: string): Promise<void> {
    return this.#oneAtATime(async () => {
      await this.#known(id).stop();
      this.#listeners.delete(id);
    });
  }

  #known(id: string): Listener {
    const listener = this.#listeners.get(id);
    if (listener === undefined) throw new BusbarError('LISTENER_UNKNOWN', `There is no listener ${id}`);
    return listener;
  }

  #oneAtATime(change: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(change);
    this.#queue = result.catch(() => {}); // told to whoever asked for it
    return result;
  }

  // ---------------------------------------------------------------- the end of the node

  stopAccepting(): void {
    for (const listener of this.list()) listener.stopAccepting();
  }

  /** Accepts nothing for a while; connections stay. */
  pause(): void {
    this.#paused = this.running;
    this.stopAccepting();
  }

  /** Those that `pause` stopped go on. One that cannot, because somebody has its port now, is told and left. */
  async resume(): Promise<void> {
    for (const { config } of this.#paused) {
      await this.start(config.id).catch((error: unknown) => this.#log.error('listener_not_resumed', { listener: config.id, reason: messageOf(error) }));
    }
    this.#paused = [];
  }

  /** Waits, within a grace, until clients have read what was sent to them, and ends those that have not. */
  async connectionsGone(): Promise<void> {
    const deadlineMs = performance.now() + STOP_GRACE_MS;
    while (this.list().some((listener) => listener.connections.size > 0) && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, STOP_POLL_MS));
    }
    for (const listener of this.list()) listener.destroyConnections();
  }
}

/** The same address, or the same port: on all addresses it cannot be had while it is open on one, nor the other way round. */
function isInTheWay({ bind, config: before }: Listener, { bind: wanted }: ListenerConfig): boolean {
  if (formatBind(before.bind) === formatBind(wanted)) return true;
  return 'port' in before.bind && 'port' in wanted && bind.endsWith(`:${wanted.port}`);
}

function needsRestart(before: ListenerConfig, after: ListenerConfig): boolean {
  return (
    formatBind(before.bind) !== formatBind(after.bind) ||
    before.tcp.backlog !== after.tcp.backlog ||
    before.unixSocketMode !== after.unixSocketMode
  );
}
