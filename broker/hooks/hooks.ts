/** Chains of callbacks per hook point: higher priority first, equal priority in order of registration. */
import { toDisposable, type Disposable } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';
import { HOOK_POINTS, type Fold, type HookPoint, type HookPoints, type Notify } from './hookPoints.ts';

interface Entry<P extends HookPoint> {
  readonly callback: HookPoints[P];
  readonly priority: number;
  readonly owner: string;
}

type FoldPoint = { [P in HookPoint]: HookPoints[P] extends (value: never, ...args: never) => 'stop' | void ? never : P }[HookPoint];
type NotifyPoint = Exclude<HookPoint, FoldPoint>;
type FoldValue<P extends FoldPoint> = HookPoints[P] extends Fold<infer T, infer _A> ? T : never;
type FoldArgs<P extends FoldPoint> = HookPoints[P] extends Fold<infer _T, infer A> ? A : never;

/** Where a failing callback means refusal, not "no change": a fault must not open a door. */
const REFUSAL = {
  'client.authenticate': { result: 'error', reasonCode: ReasonCode.NotAuthorized },
  'client.authorize': 'deny',
} as const satisfies { [P in FoldPoint]?: FoldValue<P> };

export class Hooks {
  readonly #chains: { [P in HookPoint]: Entry<P>[] };
  readonly #log: Log;
  /** `has` of the points that every message passes, as plain fields: a look-up by name costs as much as finding the route. */
  hearsPublish = false;
  hearsPuback = false;
  hearsDelivered = false;
  hearsAcked = false;

  constructor(log: Log) {
    this.#log = log;
    this.#chains = Object.fromEntries(HOOK_POINTS.map((point) => [point, []])) as unknown as { [P in HookPoint]: Entry<P>[] };
  }

  /** Registers a callback. `owner` names it in logs (a plugin, or a room of the broker). */
  on<P extends HookPoint>(point: P, callback: HookPoints[P], options: { priority?: number; owner: string }): Disposable {
    const entry: Entry<P> = { callback, priority: options.priority ?? 0, owner: options.owner };
    const chain = this.#chains[point] as Entry<P>[];
    const at = chain.findIndex((other) => other.priority < entry.priority);
    // A new array: a chain that is running now must not see the change.
    (this.#chains as Record<HookPoint, unknown>)[point] = chain.toSpliced(at === -1 ? chain.length : at, 0, entry);
    this.#noteHotPoints();
    return toDisposable(() => {
      const now = this.#chains[point] as Entry<P>[];
      (this.#chains as Record<HookPoint, unknown>)[point] = now.filter((other) => other !== entry);
      this.#noteHotPoints();
    });
  }

  /** Whether anybody listens. The hot path asks before it builds arguments. */
  has(point: HookPoint): boolean {
    return this.#chains[point].length !== 0;
  }

  #noteHotPoints(): void {
    this.hearsPublish = this.has('message.publish');
    this.hearsPuback = this.has('message.puback');
    this.hearsDelivered = this.has('message.delivered');
    this.hearsAcked = this.has('message.acked') || this.has('delivery.completed');
  }

  run<P extends NotifyPoint>(point: P, ...args: Parameters<HookPoints[P]>): void {
    const chain = this.#chains[point] as readonly Entry<P>[];
    for (const entry of chain) {
      try {
        if ((entry.callback as Notify<readonly unknown[]>)(...args) === 'stop') return;
      } catch (error) {
        this.#failed(point, entry.owner, error);
      }
    }
  }

  /** Folds `value` through the chain. A callback that throws changes nothing, except where `REFUSAL` says otherwise. */
  runFold<P extends FoldPoint>(point: P, value: FoldValue<P>, ...args: FoldArgs<P>): FoldValue<P> {
    const chain = this.#chains[point] as readonly Entry<P>[];
    let folded = value;
    for (const entry of chain) {
      try {
        const answer = (entry.callback as unknown as Fold<FoldValue<P>, readonly unknown[]>)(folded, ...(args as readonly unknown[]));
        if (!answer) continue;
        if ('next' in answer) folded = answer.next as FoldValue<P>;
        if (answer.stop === true) return folded;
      } catch (error) {
        this.#failed(point, entry.owner, error);
        if (point in REFUSAL) return REFUSAL[point as keyof typeof REFUSAL] as FoldValue<P>;
      }
    }
    return folded;
  }

  #failed(point: HookPoint, owner: string, error: unknown): void {
    this.#log.error('hook_callback_failed', { hookpoint: point, owner, reason: messageOf(error) });
  }
}
