/** Late messages of all nodes as this one has to apply them: to every copy it owns, or comes to own, until they are settled (R32). */
import { matches } from '../../topics/topicFilter.ts';
import type { LinkState } from '../peer.ts';
import type { Frame } from '../wire/frameReader.ts';
import { decodeLate, encodeLateAck, type WireMid } from '../wire/v1Sessions.ts';
import { MidMap } from './copy/midMap.ts';
import type { CopySubscription } from './copy/copy.ts';
import type { Accepted } from './delivery.ts';
import type { Desk } from './desk.ts';
import { midOf } from './forwards.ts';
import type { Held } from './held.ts';
import { messageOfWire } from './message.ts';
import type { SessionPeer } from './peers.ts';
import type { Waiter } from './ports.ts';

interface LateIn extends Accepted {
  readonly origin: SessionPeer;
  /** Under which life and number of the origin it is open. */
  readonly incarnation: number;
  readonly n: number;
}

class Applied implements Waiter {
  parts = 1;
  readonly #then: () => void;

  constructor(then: () => void) {
    this.#then = then;
  }

  secured(): void {
    this.parts -= 1;
    if (this.parts === 0) this.#then();
  }
}

export class LateMessages {
  readonly #desk: Desk;
  readonly #late = new MidMap<LateIn>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get count(): number {
    return this.#late.size;
  }

  onLate(link: LinkState, { flags, body }: Frame): void {
    const { peers, options } = this.#desk;
    const origin = peers.sender(link);
    const { mid: wire, carrier, at, publish } = decodeLate(flags, body);
    options.clock.heard(at);
    const mid = midOf(wire);
    let late = this.#late.get(mid);
    if (late === undefined) {
      late = { mid, at, message: messageOfWire(publish), origin, ...carrier };
      this.#late.set(mid, late);
    }
    this.#apply(late, () => this.#acknowledge(origin, wire));
  }

  /** The list is that of now: what was continued in an earlier episode does not count (C10). */
  #acknowledge(origin: SessionPeer, mid: WireMid): void {
    const { peers, promotion } = this.#desk;
    peers.send(origin, encodeLateAck({ mid, promoted: promotion.list() }));
  }

  #apply(accepted: Accepted, then: () => void): void {
    const { interest, delivery, copies, counters } = this.#desk;
    const applied = new Applied(then);
    const served = delivery.enqueueAll(accepted, interest.match(accepted.message).locals, () => true, true);
    counters.lateApplied += served.length;
    applied.parts += served.length;
    for (const held of served) copies.whenSecured(held, applied);
    applied.secured();
  }

  /** A late entry of our own, at once for our own copies. */
  applyOwn(accepted: Accepted): void {
    this.#apply(accepted, () => {});
  }

  /** A copy has come to be owned here, or has been merged with another (R32). */
  applyTo(held: Held): void {
    const { delivery, lateEntries } = this.#desk;
    if (this.#late.size === 0 && lateEntries.count === 0) return;
    const all: Accepted[] = [...this.#late.sorted().map(([, late]) => late), ...lateEntries.accepted()];
    all.sort((a, b) => a.at - b.at);
    for (const accepted of all) {
      const wanted = wantedBy(held, accepted);
      if (wanted.length > 0) delivery.enqueue(held, accepted, wanted);
    }
  }

  /** An origin has told what is settled, or is no member any more. */
  settle(origin: SessionPeer, isGone = false): void {
    if (this.#late.size === 0) return;
    this.#late.forEach((mid, late) => {
      if (late.origin !== origin) return;
      const below = origin.settled?.get(late.incarnation);
      const settled = below === undefined ? origin.settled !== undefined && late.incarnation < origin.incarnation : late.n < below;
      if (settled || isGone) this.#late.delete(mid);
    });
  }
}

function wantedBy({ interests }: Held, { at, message }: Accepted): CopySubscription[] {
  const wanted: CopySubscription[] = [];
  for (const [filter, { subscription }] of interests)
    if (subscription.sinceAt < at && matches(filter, message.topic)) wanted.push(subscription);
  return wanted;
}
