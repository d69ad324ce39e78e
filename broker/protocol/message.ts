/** An application message inside the broker: what a PUBLISH means once its packet is gone. */
import type { Millis } from '../base/ids.ts';
import type { Properties, Qos } from './packet.ts';

export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  /** Publish properties without topic alias and subscription identifiers. */
  readonly properties: Properties;
  /** Publisher's client id; empty for messages of the broker itself. */
  readonly fromClientId: string;
  readonly fromUsername: string | undefined;
  /** When the broker accepted it, by its own clock. */
  readonly timestampMs: Millis;
}
