/** The sessions of a node, from CONNECT to their end. With a keeper (keptSessions.ts) they outlive the node; without one they live here alone. */
import type { Hooks } from '../hooks/hooks.ts';
import { METRIC, STAT, type Metrics } from '../metrics/metrics.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';
import type { Channel } from '../session/channel.ts';
import type { Clock, NodePort, OpenedSession } from '../session/ports.ts';
import { Session, type SessionOrigin } from '../session/session.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface SessionTableOptions {
  readonly node: NodePort;
  readonly clock: Clock;
  readonly hooks: Hooks;
  readonly metrics: Metrics;
  readonly subscriptions: Subscriptions;
  /** A session has ended for good: whoever keeps it elsewhere hears of it. */
  readonly over: (session: Session) => void;
  /** The number of sessions has changed. */
  readonly counted: () => void;
}

export class SessionTable {
  /** By client id, connected or not. */
  readonly byClientId = new Map<string, Session>();
  readonly #options: SessionTableOptions;

  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  /** Takes over, discards or creates, among the sessions of this node alone. */
  open(channel: Channel, cleanStart: boolean): OpenedSession {
    const held = this.byClientId.get(channel.identity.clientId);
    if (held !== undefined) {
      const live = held.channel;
      live?.takenOver(cleanStart);
      // A session that ends with its connection has ended now, whatever the newcomer would like (section 3.1.2.11.2).
      if (!cleanStart && held.expiryMs > 0) {
        this.resumed(channel, held, live !== null);
        return { session: held, present: true };
      }
      this.discard(held, cleanStart);
    }
    return { session: this.created(channel), present: false };
  }

  created(channel: Channel): Session {
    const { metrics, hooks } = this.#options;
    const session = this.add(channel);
    metrics.inc(METRIC['session.created']);
    if (hooks.has('session.created')) hooks.run('session.created', channel.identity);
    return session;
  }

  /** A session that may have no connection. */
  add(origin: SessionOrigin): Session {
    const { node, clock } = this.#options;
    const session = new Session(node, origin, clock.now());
    this.byClientId.set(session.clientId, session);
    return session;
  }

  resumed(channel: Channel, session: Session, takenOver: boolean): void {
    const { metrics, hooks } = this.#options;
    // [MQTT-3.1.3-9]: the client is back before the delay ended, so its will is not wanted.
    session.will = null;
    if (takenOver) this.tookOver(session);
    metrics.inc(METRIC['session.resumed']);
    if (hooks.has('session.resumed')) hooks.run('session.resumed', channel.identity);
  }

  /** A later connection has it, here or on another node. */
  tookOver(session: Session): void {
    const { metrics, hooks } = this.#options;
    metrics.inc(METRIC['session.takenover']);
    if (hooks.has('session.takenover')) hooks.run('session.takenover', session.identity);
  }

  discard(session: Session, cleanStart: boolean): void {
    const { metrics, hooks } = this.#options;
    if (cleanStart) {
      metrics.inc(METRIC['session.discarded']);
      if (hooks.has('session.discarded')) hooks.run('session.discarded', session.identity);
    }
    this.terminate(session, 'discarded');
  }

  terminate(session: Session, reason: string): void {
    if (session.ended) return;
    const { node, metrics, hooks, subscriptions, over } = this.#options;
    session.end();
    if (session.will !== null) node.publishWill(session);
    subscriptions.removeAll(session);
    this.#remove(session);
    over(session);
    metrics.inc(METRIC['session.terminated']);
    if (hooks.has('session.terminated')) hooks.run('session.terminated', session.identity, reason);
  }

  /** It goes on elsewhere: nothing of it is published, given to others or told. */
  forget(session: Session): void {
    if (session.ended) return;
    session.end();
    session.will = null;
    this.#options.subscriptions.moveAway(session);
    this.#remove(session);
  }

  #remove(session: Session): void {
    if (this.byClientId.get(session.clientId) === session) this.byClientId.delete(session.clientId);
    this.#options.counted();
  }

  /** Ends a client by an administrator's will. False when it is not here. */
  kick(clientId: string): boolean {
    const session = this.byClientId.get(clientId);
    if (session === undefined) return false;
    session.channel?.disconnect(ReasonCode.AdministrativeAction, { reason: 'kicked' });
    this.terminate(session, 'kicked');
    return true;
  }

  /** Gauges of connections and sessions. */
  measure(connected: number): void {
    const { metrics } = this.#options;
    const sessions = this.byClientId.size;
    metrics.setStat(STAT.connections, sessions);
    metrics.setStat(STAT.live_connections, connected);
    metrics.setStat(STAT.channels, sessions);
    metrics.setStat(STAT.sessions, sessions);
    metrics.setStat(STAT.cluster_sessions, sessions);
  }
}
