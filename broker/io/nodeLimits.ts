/**
 * Which limits hold for the connections of a listener and for its clients; those of the node are shared by all listeners. They can be
 * changed while clients are connected: `onChange` is told when those of the node are others.
 */
import { isUnlimited, Limit } from '../base/limit.ts';
import type { Rate } from '../base/tokenBucket.ts';
import type { LimiterConfig } from '../config/limiterConfig.ts';
import type { ListenerLimits, RateLimits } from '../config/listenerConfig.ts';
import type { Clock, Timers } from '../session/ports.ts';
import type { ClientLimits } from './clientLimiter.ts';
import { SharedLimit } from './sharedLimit.ts';

export interface LimitsOfListener {
  /** What new connections must fit into. */
  readonly connections: readonly Limit[];
  /** Null when no limit holds for its clients: then nothing is counted. */
  readonly forClient: (() => ClientLimits) | null;
}

interface Environment {
  readonly clock: Clock;
  readonly timers: Timers;
}

export class NodeLimits {
  readonly #environment: Environment;
  #config: LimiterConfig;
  #connections: Limit | null;
  #shared: SharedLimit | null;
  onChange: () => void = () => {};

  constructor(config: LimiterConfig, environment: Environment) {
    this.#environment = environment;
    this.#config = config;
    this.#connections = this.#connectionsOf(config);
    this.#shared = this.#sharedBy(config);
  }

  get config(): LimiterConfig {
    return this.#config;
  }

  /** Debts under the old limits are forgiven. */
  configure(config: LimiterConfig): void {
    this.#config = config;
    this.#connections = this.#connectionsOf(config);
    this.#shared = this.#sharedBy(config);
    this.onChange();
  }

  ofListener(own: ListenerLimits): LimitsOfListener {
    const { clock } = this.#environment;
    const config = this.#config;
    const total = this.#sharedBy({
      messagesRate: own.totalMessagesRate,
      messagesBurst: own.totalMessagesBurst,
      bytesRate: own.totalBytesRate,
      bytesBurst: own.totalBytesBurst,
    });
    const shared = present(total, this.#shared);
    const forClient = () => {
      const nowMs = clock.now();
      return {
        messages: Limit.of(orElse(own.messagesRate, config.clientMessagesRate), own.messagesBurst, nowMs),
        bytes: Limit.of(orElse(own.bytesRate, config.clientBytesRate), own.bytesBurst, nowMs),
        shared,
      };
    };
    const { messages, bytes } = forClient();
    return {
      connections: present(this.#connectionsOf(own), this.#connections),
      forClient: messages === null && bytes === null && shared.length === 0 ? null : forClient,
    };
  }

  #connectionsOf({ maxConnRate, maxConnBurst }: RateLimits): Limit | null {
    return Limit.of(maxConnRate, maxConnBurst, this.#environment.clock.now());
  }

  #sharedBy(rates: Pick<RateLimits, 'messagesRate' | 'messagesBurst' | 'bytesRate' | 'bytesBurst'>): SharedLimit | null {
    const nowMs = this.#environment.clock.now();
    const messages = Limit.of(rates.messagesRate, rates.messagesBurst, nowMs);
    return SharedLimit.of(messages, Limit.of(rates.bytesRate, rates.bytesBurst, nowMs), this.#environment);
  }
}

function orElse(rate: Rate, other: Rate): Rate {
  return isUnlimited(rate) ? other : rate;
}

function present<T>(...items: readonly (T | null)[]): T[] {
  return items.filter((item) => item !== null);
}
