/** One row of the tables that test the codec: bytes, and the packet they are or the rule they break. */
import type { MqttVersion, Packet } from '../../packet.ts';
import type { Sender } from '../../sender.ts';

export interface PacketCase {
  readonly name: string;
  readonly version: MqttVersion;
  /** `client` unless told otherwise. */
  readonly sender?: Sender;
  readonly bytes: Buffer;
  /** What decoding gives and encoding takes. Beside `error`: what validating must refuse for the same reason. */
  readonly packet?: Packet;
  /** Reason code and statement. */
  readonly error?: readonly [reasonCode: number, spec: string];
  /** False: legal bytes that our encoder writes in another, shorter form. */
  readonly canonical?: false;
}
