/** Which limits hold for the connections of a listener and for its clients; those of the node are shared by all listeners. */
import { isUnlimited, Limit } from '../base/limit.ts';
import type { Rate } from '../base/tokenBucket.ts';
import type { LimiterConfig } from '../config/limiterConfig.ts';
import type { ListenerLimits } from '../config/listenerConfig.ts';
import type { Clock } from '../session/ports.ts';
import type { ClientLimits } from './clientLimiter.ts';

export interface LimitsOfListener {
  /** What new connections must fit into. */
  readonly connections: readonly Limit[];
  /** Null when no limit holds for its clients: then nothing is counted. */
  readonly forClient: (() => ClientLimits) | null;
}

export class NodeLimits {
  readonly #config: LimiterConfig;
  readonly #clock: Clock;
  readonly #connections: Limit | null;
  readonly #messages: Limit | null;
  readonly #bytes: Limit | null;

  constructor(config: LimiterConfig, clock: Clock) {
    const nowMs = clock.now();
    this.#config = config;
    this.#clock = clock;
    this.#connections = Limit.of(config.maxConnRate, config.maxConnBurst, nowMs);
    this.#messages = Limit.of(config.messagesRate, config.messagesBurst, nowMs);
    this.#bytes = Limit.of(config.bytesRate, config.bytesBurst, nowMs);
  }

  ofListener(own: ListenerLimits): LimitsOfListener {
    const config = this.#config;
    const forClient = () => {
      const nowMs = this.#clock.now();
      return {
        messages: present(Limit.of(orElse(own.messagesRate, config.clientMessagesRate), own.messagesBurst, nowMs), this.#messages),
        bytes: present(Limit.of(orElse(own.bytesRate, config.clientBytesRate), own.bytesBurst, nowMs), this.#bytes),
      };
    };
    const { messages, bytes } = forClient();
    return {
      connections: present(Limit.of(own.maxConnRate, own.maxConnBurst, this.#clock.now()), this.#connections),
      forClient: messages.length + bytes.length === 0 ? null : forClient,
    };
  }
}

function orElse(rate: Rate, other: Rate): Rate {
  return isUnlimited(rate) ? other : rate;
}

function present(...limits: readonly (Limit | null)[]): Limit[] {
  return limits.filter((limit) => limit !== null);
}
