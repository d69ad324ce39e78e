/**
 * Messages for one member of a shared group, wherever it is (R52): the broker chooses, the engine sees to it that the choice comes true.
 * Another node acknowledges when its member has the message safely, or refuses; refused, or lost with its node, it goes to somebody else.
 * Each has a name of its own, apart from that of the publish it is a part of: a member may have the same message as a subscriber, too.
 */
import type { Millis, NodeName } from '../../base/ids.ts';
import type { ForwardedShare } from '../wire/v1Sessions.ts';
import type { CopyItem } from './copy/copy.ts';
import type { Mid } from './copy/identity.ts';
import { MidMap } from './copy/midMap.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import { SHARE_WAIT_MS } from './limits.ts';
import type { SessionMessage } from './message.ts';
import type { SessionPeer } from './peers.ts';
import type { PublishWaiter, SessionDelivery, ShareAttempt, Waiter } from './ports.ts';
import { OpenPublish, type Publishes } from './publishes.ts';

/** What a member gets it under, and who waits until the member's copy is secured. */
interface Carrier extends Waiter {
  readonly mid: Mid;
  parts: number;
}

/** A message on its way to one member of a group. */
export class Share extends OpenPublish {
  readonly key: string;
  readonly notFor: string | null;
  readonly onlyOnline: boolean;
  /** All have refused it once: from now on any member will do. */
  again = false;
  refusedBy: NodeName[] = [];
  /** Since when nobody could be found. */
  waitsSinceMs: Millis = 0;

  constructor(publishes: Publishes, n: number, name: { mid: Mid; at: number; message: SessionMessage }, waiter: PublishWaiter | undefined, wish: Wish) {
    super(publishes, n, name, waiter);
    this.key = wish.key;
    this.notFor = wish.notFor;
    this.onlyOnline = wish.onlyOnline;
  }
}

type Wish = Pick<ShareAttempt, 'key' | 'notFor' | 'onlyOnline'>;

/** One question to the broker. */
class Attempt implements ShareAttempt {
  key = '';
  message!: SessionMessage;
  here = false;
  again = false;
  onlyOnline = false;
  notFor: string | null = null;
  refusedBy: readonly NodeName[] = NOBODY;
  carrier: Carrier | undefined;
  /** The publish of which it is a part; its carrier is made when one is needed. */
  parent: OpenPublish | undefined;
}

const NOBODY: readonly NodeName[] = [];

/** An item is taken from a session that will not finish it: it goes when somebody else has it. */
class Moved implements PublishWaiter {
  readonly #desk: Desk;
  readonly #held: Held;
  readonly #mid: Mid;

  constructor(desk: Desk, held: Held, mid: Mid) {
    this.#desk = desk;
    this.#held = held;
    this.#mid = mid;
  }

  published(receivers: number): void {
    const { copies, delivery, counters } = this.#desk;
    const held = this.#held;
    held.moving?.delete(this.#mid);
    if (copies.get(held.clientId) !== held || !held.isOwner) return;
    if (receivers > 0) {
      counters.sharesHandedOn += 1;
      delivery.finish(held, this.#mid);
    } else if (held.online) delivery.refresh(held);
  }
}

export class Shares {
  readonly #desk: Desk;
  #idle: Attempt | undefined;
  #current: Attempt | undefined;
  readonly #waiting = new Set<Share>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  // ---------------------------------------------------------------- a member is wanted

  /** One member of a group, as a part of a publish of this node. */
  give(parent: OpenPublish, key: string): void {
    const attempt = this.#attempt(key, parent.message);
    attempt.parent = parent;
    const chosen = this.#ask(attempt);
    const carrier = attempt.carrier as Share | undefined;
    this.#idle = attempt;
    if (chosen === true && carrier === undefined) {
      parent.receivers += 1;
      return;
    }
    const share = carrier ?? this.#childOf(parent, key);
    this.#follow(share, chosen);
    share.secured();
  }

  /** One member of a group, for a message that another one had and will not finish. */
  share(message: SessionMessage, key: string, notFor: string | null = null): void {
    const share = this.#draw(message, undefined, { key, notFor, onlyOnline: false });
    this.#place(share);
    share.secured();
  }

  /** For a member of this node: another one has chosen it. False when none takes it. */
  placeHere(carrier: Carrier, message: SessionMessage, { key, again }: ForwardedShare): boolean {
    const attempt = this.#attempt(key, message);
    attempt.here = true;
    attempt.again = again;
    attempt.carrier = carrier;
    const chosen = this.#ask(attempt);
    this.#idle = attempt;
    return chosen === true;
  }

  /** The broker has chosen a session that is kept here. False when that is not what it was asked for. */
  take(held: Held, message: SessionMessage, delivery: SessionDelivery): boolean {
    const attempt = this.#current;
    if (attempt === undefined || delivery.sharedBy !== attempt.key) return false;
    const { parent } = attempt;
    if (attempt.carrier === undefined && parent !== undefined) attempt.carrier = this.#childOf(parent, attempt.key);
    const { carrier } = attempt;
    if (carrier === undefined) return false;
    this.#desk.delivery.put(held, { mid: carrier.mid, message }, delivery);
    carrier.parts += 1;
    this.#desk.copies.whenSecured(held, carrier);
    return true;
  }

  #attempt(key: string, message: SessionMessage): Attempt {
    const attempt = this.#idle ?? new Attempt();
    this.#idle = undefined;
    attempt.key = key;
    attempt.message = message;
    attempt.here = attempt.again = attempt.onlyOnline = false;
    attempt.notFor = null;
    attempt.refusedBy = NOBODY;
    attempt.carrier = attempt.parent = undefined;
    return attempt;
  }

  /** What a delivery sets off may publish again, so that one question stands within another. */
  #ask(attempt: Attempt): NodeName | boolean {
    const outer = this.#current;
    this.#current = attempt;
    const chosen = this.#desk.host.share(attempt);
    this.#current = outer;
    return chosen;
  }

  #childOf(parent: OpenPublish, key: string): Share {
    parent.parts += 1;
    return this.#draw(parent.message, parent, { key, notFor: null, onlyOnline: false });
  }

  #draw(message: SessionMessage, waiter: PublishWaiter | undefined, wish: Wish): Share {
    const { publishes, options, actor } = this.#desk;
    const n = publishes.nextNumber();
    const share = new Share(publishes, n, { mid: { actor, n }, at: options.clock.nextAt(), message }, waiter, wish);
    publishes.enter(share);
    return share;
  }

  // ---------------------------------------------------------------- until one has it

  #place(share: Share): void {
    this.#follow(share, this.#askFor(share));
  }

  #askFor(share: Share): NodeName | boolean {
    const attempt = this.#attempt(share.key, share.message);
    attempt.again = share.again;
    attempt.onlyOnline = share.onlyOnline;
    attempt.notFor = share.notFor;
    attempt.refusedBy = share.refusedBy;
    attempt.carrier = share;
    const chosen = this.#ask(attempt);
    this.#idle = attempt;
    return chosen;
  }

  #follow(share: Share, first: NodeName | boolean): void {
    const { peers } = this.#desk;
    for (let chosen = first; ; chosen = this.#askFor(share)) {
      if (chosen === true) {
        share.receivers = 1;
        return;
      }
      const peer = chosen === false ? this.#knownFor(share) : peers.named(chosen);
      if (peer?.isPresent === true) return this.#send(share, peer);
      if (chosen !== false) share.refusedBy.push(chosen);
      else if (share.refusedBy.length > 0 && !share.again && !share.onlyOnline) {
        share.again = true;
        share.refusedBy = [];
      } else return this.#waitOrGiveUp(share);
    }
  }

  #send(share: Share, peer: SessionPeer): void {
    share.receivers = 1;
    this.#desk.counters.sharesOut += 1;
    this.#desk.forwards.send(peer, share, false, share);
  }

  /** By the rows of durable sessions, which come before those of groups when a node goes on with sessions of another. */
  #knownFor({ key, message, refusedBy, onlyOnline }: Share): SessionPeer | undefined {
    if (onlyOnline) return undefined;
    for (const { group, peer } of this.#desk.interest.match(message).groups)
      if (group === key && peer.isPresent && !refusedBy.includes(peer.name as NodeName)) return peer;
    return undefined;
  }

  #waitOrGiveUp(share: Share): void {
    const { now, host } = this.#desk;
    share.waitsSinceMs ||= now();
    if (!share.onlyOnline && now() - share.waitsSinceMs < SHARE_WAIT_MS && this.#mayBeFound(share)) {
      share.parts += 1;
      this.#waiting.add(share);
      return;
    }
    share.receivers = 0;
    const { waiter } = share;
    // A publish that nobody gets says so itself.
    if (waiter === undefined || (waiter instanceof OpenPublish && waiter.receivers > 0)) host.unshared(share.message);
  }

  /** A durable member is at a node that is not there: it comes back, or another goes on with its sessions. */
  #mayBeFound({ key, message, refusedBy }: Share): boolean {
    if (refusedBy.length > 0) return true;
    const { interest, peers } = this.#desk;
    return interest.match(message).groups.some(({ group, peer, unprotected }) => group === key && (peer.isPresent || unprotected > 0 || !peers.isCovered(peer)));
  }

  tick(): void {
    if (this.#waiting.size === 0) return;
    for (const share of [...this.#waiting]) {
      this.#waiting.delete(share);
      share.refusedBy = [];
      this.#place(share);
      share.secured();
    }
  }

  /** The node has no member that takes it, or is down before it said that one has it: somebody else gets it at once. */
  refused(share: Share, by: SessionPeer): void {
    this.#desk.counters.sharesRefused += 1;
    share.refusedBy.push(by.name as NodeName);
    this.#place(share);
  }

  // ---------------------------------------------------------------- a member that will not finish

  /**
   * What groups gave to a session goes to other members, and leaves the session when they have it. `onlyOnline`: only to members whose
   * client is connected. Returns how many are on their way.
   */
  handOn(held: Held, onlyOnline: boolean): number {
    for (const item of [...held.copy.items]) {
      const { mid, message, sharedBy } = item;
      if (sharedBy === null || !isMovable(item) || held.moving?.has(mid) === true) continue;
      (held.moving ??= new MidMap<true>()).set(mid, true);
      const share = this.#draw(message, new Moved(this.#desk, held, mid), { key: sharedBy, notFor: held.clientId, onlyOnline });
      this.#place(share);
      share.secured();
    }
    return held.moving?.size ?? 0;
  }

  /** The session begins anew: what groups gave it goes to others. */
  release(held: Held): void {
    for (const item of [...held.copy.items]) if (item.sharedBy !== null && isMovable(item)) this.share(item.message, item.sharedBy, held.clientId);
  }
}

/** QoS 2 that was sent belongs to its client alone, whatever becomes of it [MQTT-4.8.2-5]. */
function isMovable({ qos, state }: CopyItem): boolean {
  return qos === 1 || state === 'queued';
}
