/** From a message that matched to an item of a session, and from a secured item to the client (R52). */
import type { CopyItem, CopySubscription } from './copy/copy.ts';
import { nextDot } from './copy/copy.ts';
import type { Mid } from './copy/identity.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import type { LocalInterest } from './interest.ts';
import type { SessionMessage } from './message.ts';
import type { SessionDelivery } from './ports.ts';

/** A message with its name and the hybrid time of its acceptance. */
export interface Accepted {
  readonly mid: Mid;
  readonly at: number;
  readonly message: SessionMessage;
}

export class Delivery {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /**
   * Puts a message into the copies of this node that want it, and returns these. `takes` may leave copies out. `late`: only for
   * subscriptions that were made before it was accepted (R32).
   */
  enqueueAll(accepted: Accepted, locals: readonly LocalInterest[], takes: (held: Held) => boolean, late: boolean): Held[] {
    const copies: Held[] = [];
    const wanted = new Map<Held, CopySubscription[]>();
    for (const { held, subscription } of locals) {
      if (!takes(held) || (late && subscription.sinceAt >= accepted.at)) continue;
      const others = wanted.get(held);
      if (others === undefined) wanted.set(held, [subscription]);
      else others.push(subscription);
    }
    for (const [held, subscriptions] of wanted) if (this.enqueue(held, accepted, subscriptions)) copies.push(held);
    return copies;
  }

  /** False when no subscription is left, or none wants it with a QoS above 0: that is not for the engine. */
  enqueue(held: Held, { mid, message }: Accepted, matched: readonly CopySubscription[]): boolean {
    const granted = grant(held.clientId, message, matched, this.#desk.options.upgradeQos);
    if (granted === undefined) return false;
    this.put(held, { mid, message }, granted);
    return true;
  }

  /** A new item, unless the copy has the message, or had it. */
  put(held: Held, { mid, message }: Pick<Accepted, 'mid' | 'message'>, granted: SessionDelivery): void {
    const { copies, counters, options } = this.#desk;
    const { copy } = held;
    if (copy.items.has(mid) || copy.done.has(mid)) {
      counters.duplicatesSuppressed += 1;
      return;
    }
    if (copy.items.size >= options.maxQueued && !this.#makeRoom(held)) return;
    const dot = nextDot(copy, () => this.#desk.drawLineage());
    const item: CopyItem = { mid, dot, ord: options.clock.nextAt(), message, ...granted, state: 'queued', packetId: 0 };
    copies.apply(held, { type: 'enqueue', item });
    if (held.hold !== undefined) held.hold.arrived.push(mid);
    else this.offer(held, mid);
  }

  /** The oldest item that the client has not been given goes, as a full queue of a broker does. */
  #makeRoom(held: Held): boolean {
    const { copies, counters, host } = this.#desk;
    counters.queueDropped += 1;
    for (const item of held.copy.items) {
      if (item.state !== 'queued' || held.given.has(item.mid)) continue;
      copies.apply(held, { type: 'finish', mid: item.mid, at: 0 });
      host.dropped(held.clientId, item);
      return true;
    }
    return false;
  }

  /** The client has acknowledged it for good, or somebody else has it, or nobody ever will. */
  finish(held: Held, mid: Mid): void {
    const { copies, publishes, options } = this.#desk;
    held.given.delete(mid);
    const at = publishes.mustRemember(mid) ? options.clock.nextAt() : 0;
    copies.apply(held, { type: 'finish', mid, at });
  }

  // ---------------------------------------------------------------- towards the client

  /** A new item at the end of the queue. */
  offer(held: Held, mid: Mid): void {
    if (!held.online) return;
    const item = held.copy.items.get(mid);
    if (item === undefined) return;
    held.queue.push({ item, seq: held.seq });
    this.pump(held);
  }

  /** The queue again, in the order of the copy: after a merge, and for a new connection (C2). */
  refresh(held: Held): void {
    held.queue = [];
    if (!held.online || held.hold !== undefined) return;
    for (const item of sentFirst(held)) if (isOpen(held, item.mid)) held.queue.push({ item, seq: held.seq });
    this.pump(held);
  }

  /**
   * A client has been answered: what is here goes out at once, also while the rest of the session is still to come, since that is newer
   * (R47, C1). What arrived here meanwhile is newer still.
   */
  open(held: Held): void {
    const { hold } = held;
    if (hold === undefined) return this.refresh(held);
    const arrived = new Set(hold.arrived.map((mid) => held.copy.items.get(mid)));
    for (const item of sentFirst(held)) {
      if (arrived.has(item) || !isOpen(held, item.mid)) continue;
      held.given.set(item.mid, true);
      this.#desk.host.deliver(held.clientId, item);
    }
  }

  /** A crash must not leave a subscriber ahead of the survivors: what is not secured stays here. */
  pump(held: Held): void {
    if (held.queue.length === 0 || held.hold !== undefined || !held.online) return;
    const secured = this.#desk.copies.securedSeq(held);
    let done = 0;
    while (done < held.queue.length && held.queue[done]!.seq <= secured) {
      const { mid } = held.queue[done]!.item;
      done += 1;
      const item = held.copy.items.get(mid);
      if (item === undefined || !isOpen(held, mid)) continue;
      held.given.set(mid, true);
      this.#desk.host.deliver(held.clientId, item);
    }
    held.queue.splice(0, done);
  }

  /** The client of a copy has gone. */
  offline(held: Held): void {
    held.online = false;
    held.queue = [];
    held.given.clear();
  }
}

/** Neither given to the client nor on its way to another member of its group. */
function isOpen({ given, moving }: Held, mid: Mid): boolean {
  return !given.has(mid) && moving?.has(mid) !== true;
}

/** What was sent is repeated before anything new is sent. */
function sentFirst({ copy }: Held): CopyItem[] {
  const items = [...copy.items];
  if (items.every(({ state }) => state === 'queued')) return items;
  return [...items.filter(({ state }) => state !== 'queued'), ...items.filter(({ state }) => state === 'queued')];
}

/** Overlapping subscriptions make one delivery, at the highest QoS [MQTT-3.3.4-2], with all identifiers [MQTT-3.3.4-3]. */
function grant(clientId: string, message: SessionMessage, matched: readonly CopySubscription[], upgradeQos: boolean): SessionDelivery | undefined {
  let qos = 0;
  let retain = false;
  let ids: number[] | null = null;
  for (const subscription of matched) {
    if (subscription.noLocal && message.fromClientId === clientId) continue;
    if (subscription.qos > qos) qos = subscription.qos;
    if (subscription.retainAsPublished && message.retain) retain = true;
    if (subscription.subscriptionId !== 0) (ids ??= []).push(subscription.subscriptionId);
  }
  const granted = upgradeQos ? qos : Math.min(qos, message.qos);
  if (granted !== 1 && granted !== 2) return undefined;
  return { qos: granted, retain, subscriptionIds: ids, sharedBy: null };
}
