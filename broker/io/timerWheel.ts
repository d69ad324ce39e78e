/**
 * All named timers of all connections and sessions on one system timer. A slot is visited per tick; timers due in a later
 * round stay in their slot. Re-setting a timer is cheap by design of its users: a keep-alive is armed once per period, not once
 * per packet, and cancelling only marks.
 */
import type { Disposable } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import type { Millis } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Timer, TimerName, TimerOwner, Timers } from '../session/ports.ts';
import type { TurnClock } from './turnClock.ts';

/** Resolution: a timer fires at most this much late on an idle loop. */
export const TICK_MS = 100;
const SLOTS = 1024;
/** Delays beyond the largest safe number of ticks are as good as never. */
const MAX_DELAY_MS = 1000 * 365 * 24 * 3600 * 1000;

interface WheelTimer extends Timer {
  readonly owner: TimerOwner;
  readonly name: TimerName;
  readonly dueTick: number;
}

export class TimerWheel implements Timers, Disposable {
  readonly #clock: TurnClock;
  readonly #log: Log;
  readonly #slots: WheelTimer[][] = Array.from({ length: SLOTS }, () => []);
  /** All ticks up to this one have been visited. */
  #visitedTick: number;
  readonly #interval: NodeJS.Timeout;

  constructor(clock: TurnClock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#visitedTick = Math.floor(clock.tick() / TICK_MS);
    this.#interval = setInterval(() => this.advance(clock.tick()), TICK_MS);
    // Timers alone are no reason to keep a process alive.
    this.#interval.unref();
  }

  schedule(owner: TimerOwner, name: TimerName, dueAtMs: Millis): Timer {
    const latest = this.#clock.now() + MAX_DELAY_MS;
    const dueTick = Math.max(Math.ceil(Math.min(dueAtMs, latest) / TICK_MS), this.#visitedTick + 1);
    const timer: WheelTimer = { cancelled: false, owner, name, dueTick };
    this.#slots[dueTick % SLOTS]?.push(timer);
    return timer;
  }

  /** Fires what is due. A clock that was set back fires nothing until it has caught up; one that leapt visits each slot once. */
  advance(nowMs: Millis): void {
    const nowTick = Math.floor(nowMs / TICK_MS);
    const first = Math.max(this.#visitedTick + 1, nowTick - SLOTS + 1);
    this.#visitedTick = Math.max(this.#visitedTick, nowTick);
    for (let tick = first; tick <= nowTick; tick += 1) this.#visit(tick % SLOTS, nowTick);
  }

  #visit(slot: number, nowTick: number): void {
    const timers = this.#slots[slot] as WheelTimer[];
    if (timers.length === 0) return;
    const later: WheelTimer[] = [];
    // A new array first: a timer that fires may schedule another one into this very slot.
    this.#slots[slot] = later;
    for (const timer of timers) {
      if (timer.cancelled) continue;
      if (timer.dueTick > nowTick) later.push(timer);
      else this.#fire(timer);
    }
  }

  /** A fault in one timer must not keep the others of its slot from firing. */
  #fire(timer: WheelTimer): void {
    try {
      timer.owner.onTimer(timer.name);
    } catch (error) {
      this.#log.error('timer_failed', { timer: timer.name, reason: messageOf(error), stack: error instanceof Error ? error.stack : undefined });
    }
  }

  dispose(): void {
    clearInterval(this.#interval);
  }
}
