/**
 * An engine for one node without disk or peers, as plain as possible: the measure of the simulated world itself. What the checkers find
 * with it is their own mistake, and what they do not find when it is made to lose, repeat or turn messages round is, too.
 */
import type { NodeId, NodeName } from '../../../broker/base/ids.ts';
import type { SessionMessage } from '../../../broker/cluster/sessions/message.ts';
import type {
  ConnectOptions,
  ConnectResult,
  ConnectTicket,
  PublishSource,
  PublishWaiter,
  SessionClient,
  SessionDelivery,
  ShareGroup,
  SessionItem,
  SessionMid,
  SessionsCounters,
  SessionsLeft,
  SessionsPending,
  SessionSubscription,
  Waiter,
} from '../../../broker/cluster/sessions/ports.ts';
import { matches } from '../../../broker/topics/topicFilter.ts';
import type { EngineParts, SeenCopy, SimEngine } from './simEngine.ts';

type Item = { -readonly [K in keyof SessionItem]: SessionItem[K] };

interface LoneSession {
  readonly durable: boolean;
  readonly client: SessionClient;
  expiryMs: number;
  connected: boolean;
  /** Virtual time at which it is over, if nobody comes. */
  overAtMs: number;
  readonly subscriptions: Map<string, SessionSubscription>;
  readonly items: Map<number, Item>;
  readonly awaitingRel: Map<number, number>;
}

/** What it does wrong with every so manieth message. */
export interface Mischief {
  readonly kind: 'lose' | 'repeat' | 'swap';
  readonly every: number;
}

export class LoneEngine implements SimEngine {
  readonly #parts: EngineParts;
  readonly #node: NodeId;
  readonly #mischief: Mischief | undefined;
  readonly #sessions = new Map<string, LoneSession>();
  readonly engaged = true;
  readonly isProtected = true;
  #n = 0;
  #kept: (() => void) | undefined;

  constructor(parts: EngineParts, node: NodeId, mischief?: Mischief) {
    this.#parts = parts;
    this.#node = node;
    this.#mischief = mischief;
  }

  connectAtOnce(): boolean {
    return false;
  }

  connect(clientId: string, { cleanStart, expiryMs, client }: ConnectOptions, done: (result: ConnectResult) => void): ConnectTicket {
    this.#expire();
    const held = this.#sessions.get(clientId);
    if (held?.connected === true) this.#parts.host.closeClient(clientId, cleanStart);
    const present = held !== undefined && !cleanStart;
    const session = present
      ? held
      : { durable: expiryMs > 0, client, expiryMs, connected: true, overAtMs: Number.POSITIVE_INFINITY, subscriptions: new Map(), items: new Map(), awaitingRel: new Map() };
    session.connected = true;
    session.overAtMs = Number.POSITIVE_INFINITY;
    this.#sessions.set(clientId, session);
    const subscriptions = [...session.subscriptions.values()];
    done({
      kind: 'opened',
      session: { present, durable: session.durable, subscriptions, awaitingRel: [...session.awaitingRel.keys()], client: session.client, expiryMs: session.expiryMs, packetIdsFrom: 1 },
    });
    for (const item of session.items.values()) this.#parts.host.deliver(clientId, { ...item });
    return { cancel: () => {} };
  }

  disconnected(clientId: string, expiryMs: number): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    session.connected = false;
    session.overAtMs = this.#parts.queue.nowMs + expiryMs;
    this.#expire();
  }

  #expire(): void {
    for (const [clientId, { overAtMs }] of this.#sessions) if (overAtMs <= this.#parts.queue.nowMs) this.#sessions.delete(clientId);
  }

  subscribed(clientId: string, subscription: SessionSubscription, done: Waiter): void {
    this.#sessions.get(clientId)?.subscriptions.set(subscription.topicFilter, subscription);
    done.secured();
  }

  unsubscribed(clientId: string, topicFilter: string, done: Waiter): void {
    this.#sessions.get(clientId)?.subscriptions.delete(topicFilter);
    done.secured();
  }

  publish(message: SessionMessage, _targets: readonly NodeName[], groups: readonly ShareGroup[], source: PublishSource | undefined, waiter: PublishWaiter): void {
    const awaiting = source && this.#sessions.get(source.clientId)?.awaitingRel;
    if (source !== undefined && awaiting?.has(source.packetId) === true) return waiter.published(0);
    this.#n += 1;
    const n = this.#n;
    for (const { key } of groups) this.share(message, key);
    if (source !== undefined) awaiting?.set(source.packetId, n);
    const { kind, every } = this.#mischief ?? { kind: 'none', every: Number.POSITIVE_INFINITY };
    const chosen = n % every === 0;
    if (chosen && kind === 'swap') this.#kept = () => this.#enqueue(message, n);
    else if (!(chosen && kind === 'lose')) this.#enqueue(message, n);
    if (chosen && kind === 'repeat') this.#enqueue(message, (this.#n += 1));
    if (!chosen) this.#kept?.();
    if (!chosen) this.#kept = undefined;
    waiter.published(1);
  }

  #enqueue(message: SessionMessage, n: number): void {
    for (const [clientId, session] of this.#sessions) {
      const granted = [...session.subscriptions.values()].filter(({ topicFilter }) => matches(topicFilter, message.topic));
      if (granted.length === 0) continue;
      const qos = Math.min(message.qos, Math.max(...granted.map((subscription) => subscription.qos))) === 2 ? 2 : 1;
      this.#keep(clientId, session, message, n, { qos, retain: false, subscriptionIds: null, sharedBy: null });
    }
  }

  #keep(clientId: string, session: LoneSession, message: SessionMessage, n: number, delivery: SessionDelivery): void {
    const mid = { actor: this.#node, n };
    const item: Item = { mid, message, ...delivery, state: 'queued', packetId: 0, ord: 0 };
    session.items.set(n, item);
    if (session.connected) this.#parts.host.deliver(clientId, { ...item });
  }

  offer(clientId: string, message: SessionMessage, delivery: SessionDelivery): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    this.#n += 1;
    this.#keep(clientId, session, message, this.#n, delivery);
  }

  /** One member of it, as the broker chooses. */
  share(message: SessionMessage, key: string): void {
    this.#parts.host.share({ key, message, here: true, again: true, onlyOnline: false, notFor: null, refusedBy: [] });
  }

  isFull(): boolean {
    return false;
  }

  items(clientId: string): readonly SessionItem[] {
    return [...(this.#sessions.get(clientId)?.items.values() ?? [])];
  }

  queued(clientId: string): number {
    return this.#sessions.get(clientId)?.items.size ?? 0;
  }

  release(clientId: string, packetId: number): void {
    this.#sessions.get(clientId)?.awaitingRel.delete(packetId);
  }

  sent(clientId: string, { n }: SessionMid, packetId: number, waiter: Waiter | undefined): void {
    const item = this.#sessions.get(clientId)?.items.get(n);
    if (item === undefined) return;
    item.state = 'sent';
    item.packetId = packetId;
    waiter?.secured();
  }

  received(clientId: string, { n }: SessionMid, waiter: Waiter): void {
    const item = this.#sessions.get(clientId)?.items.get(n);
    if (item !== undefined) item.state = 'released';
    waiter.secured();
  }

  finish(clientId: string, { n }: SessionMid): void {
    this.#sessions.get(clientId)?.items.delete(n);
  }

  end(clientId: string): boolean {
    return this.#sessions.delete(clientId);
  }

  drain(done: () => void): void {
    done();
  }

  cancelDrain(): void {}

  ageMs(): number {
    return 0;
  }

  left(): SessionsLeft {
    return { sessions: 0, secondCopies: 0, lateMessages: 0 };
  }

  pending(): SessionsPending {
    return {
      publishes: 0,
      connects: 0,
      locks: 0,
      holds: 0,
      handIns: 0,
      lateOut: 0,
      lateIn: 0,
      unsecured: 0,
      dormantRows: 0,
      done: 0,
    };
  }

  counters(): SessionsCounters {
    throw new Error('A lone engine counts nothing');
  }

  copies(): SeenCopy[] {
    this.#expire();
    return [...this.#sessions].map(([clientId, { connected, items, subscriptions }]) => ({
      clientId,
      role: 'owner',
      owner: this.#node,
      backup: null,
      confirmed: true,
      connected,
      items: items.size,
      subscriptions: [...subscriptions.keys()],
      remembered: { done: 0, lineages: 0 },
    }));
  }

  rowsOf(node: NodeId): string[] {
    return node === this.#node ? [...this.#sessions.keys()].sort() : [];
  }

  covers(): boolean {
    return false;
  }
}
