/** `limiter.*`: rates beyond those of single listeners. */
import type { Rate } from '../base/tokenBucket.ts';
import type { RateLimits } from './listenerConfig.ts';

/** The same limits as a listener has, for all listeners and all clients of the node together. UNLIMITED where nothing is said. */
export interface LimiterConfig extends RateLimits {
  /** Of each client, where its listener says nothing. */
  readonly clientMessagesRate: Rate;
  readonly clientBytesRate: Rate;
}
