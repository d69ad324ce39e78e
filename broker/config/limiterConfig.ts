/** `limiter.*`: rates beyond those of single listeners. listenerConfig.ts has those. */
import type { Rate } from '../base/tokenBucket.ts';

/** UNLIMITED where nothing is said. */
export interface LimiterConfig {
  /** New connections of all listeners together. */
  readonly maxConnRate: Rate;
  readonly maxConnBurst: Rate;
  /** Messages and bytes of all clients of the node together. */
  readonly messagesRate: Rate;
  readonly messagesBurst: Rate;
  readonly bytesRate: Rate;
  readonly bytesBurst: Rate;
  /** Of each client, where its listener says nothing. */
  readonly clientMessagesRate: Rate;
  readonly clientBytesRate: Rate;
}
