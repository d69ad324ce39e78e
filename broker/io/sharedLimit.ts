/**
 * Buckets that many clients share: all of a listener, or all of the node. Whoever finds them empty waits in one line, and goes on in
 * the order of arrival. Who goes on has paid in advance for a read as large as its last one: otherwise all would go on at the first
 * token, and each read of theirs would be a debt that the others wait for.
 */
import type { Limit } from '../base/limit.ts';
import type { Millis } from '../base/ids.ts';
import type { Clock, TimerOwner, Timers } from '../session/ports.ts';

/** A client's part in a shared limit. */
export interface Share {
  /** A read brought so much; what has been paid for in advance counts first. */
  take(bytes: number, messages: number, nowMs: Millis): void;
  /** Something is left, or paid for. */
  mayGoOn(nowMs: Millis): boolean;
  /** True: it may go on. False: it stands in line, and will be told. */
  enter(nowMs: Millis): boolean;
  /** It has gone, or is under other limits from now on; what it paid and did not use goes back. */
  leave(): void;
}

export class SharedLimit implements TimerOwner {
  readonly #messages: Limit | null;
  readonly #bytes: Limit | null;
  readonly #timers: Timers;
  readonly #clock: Clock;
  /** First come, first served. Bounded by the number of connections. */
  readonly #line = new Set<Member>();
  #timerIsSet = false;

  constructor(messages: Limit | null, bytes: Limit | null, node: { readonly timers: Timers; readonly clock: Clock }) {
    this.#messages = messages;
    this.#bytes = bytes;
    this.#timers = node.timers;
    this.#clock = node.clock;
  }

  /** Null when nothing is limited. */
  static of(messages: Limit | null, bytes: Limit | null, node: { readonly timers: Timers; readonly clock: Clock }): SharedLimit | null {
    return messages === null && bytes === null ? null : new SharedLimit(messages, bytes, node);
  }

  /** `onTurn` is called when the client was in line and may go on. */
  join(onTurn: () => void): Share {
    return new Member(this, onTurn);
  }

  waitMs(nowMs: Millis): Millis {
    return Math.max(this.#bytes?.waitMs(nowMs) ?? 0, this.#messages?.waitMs(nowMs) ?? 0);
  }

  take(bytes: number, messages: number, nowMs: Millis): void {
    this.#bytes?.take(bytes, nowMs);
    this.#messages?.take(messages, nowMs);
  }

  giveBack(bytes: number, messages: number): void {
    this.#bytes?.giveBack(bytes);
    this.#messages?.giveBack(messages);
  }

  /** So much has been paid for in advance that another read may come. */
  covers(bytes: number, messages: number): boolean {
    return (this.#bytes === null || bytes > 0) && (this.#messages === null || messages > 0);
  }

  /** Nobody waits and something is left. */
  isOpen(nowMs: Millis): boolean {
    return this.#line.size === 0 && this.waitMs(nowMs) === 0;
  }

  line(member: Member, nowMs: Millis): void {
    this.#line.add(member);
    this.#arm(nowMs);
  }

  leaveLine(member: Member): void {
    this.#line.delete(member);
  }

  #arm(nowMs: Millis): void {
    if (this.#timerIsSet || this.#line.size === 0) return;
    this.#timerIsSet = true;
    this.#timers.schedule(this, 'limiter', nowMs + this.waitMs(nowMs));
  }

  onTimer(): void {
    this.#timerIsSet = false;
    const nowMs = this.#clock.now();
    for (const member of this.#line) {
      if (this.waitMs(nowMs) > 0) break;
      this.#line.delete(member);
      member.turn(nowMs);
    }
    this.#arm(nowMs);
  }
}

class Member implements Share {
  readonly #limit: SharedLimit;
  readonly #onTurn: () => void;
  #lastBytes = 1;
  #lastMessages = 1;
  #paidBytes = 0;
  #paidMessages = 0;

  constructor(limit: SharedLimit, onTurn: () => void) {
    this.#limit = limit;
    this.#onTurn = onTurn;
  }

  take(bytes: number, messages: number, nowMs: Millis): void {
    const coveredBytes = Math.min(bytes, this.#paidBytes);
    const coveredMessages = Math.min(messages, this.#paidMessages);
    this.#paidBytes -= coveredBytes;
    this.#paidMessages -= coveredMessages;
    this.#limit.take(bytes - coveredBytes, messages - coveredMessages, nowMs);
    this.#lastBytes = Math.max(1, bytes);
    this.#lastMessages = Math.max(1, messages);
  }

  mayGoOn(nowMs: Millis): boolean {
    return this.#limit.covers(this.#paidBytes, this.#paidMessages) || this.#limit.isOpen(nowMs);
  }

  enter(nowMs: Millis): boolean {
    if (this.mayGoOn(nowMs)) return true;
    this.#limit.line(this, nowMs);
    return false;
  }

  turn(nowMs: Millis): void {
    // What was paid and not used counts: one that sends something else than messages does not use theirs up.
    const bytes = Math.max(0, this.#lastBytes - this.#paidBytes);
    const messages = Math.max(0, this.#lastMessages - this.#paidMessages);
    this.#paidBytes += bytes;
    this.#paidMessages += messages;
    this.#limit.take(bytes, messages, nowMs);
    this.#onTurn();
  }

  leave(): void {
    this.#limit.leaveLine(this);
    this.#limit.giveBack(this.#paidBytes, this.#paidMessages);
    this.#paidBytes = this.#paidMessages = 0;
  }
}
