import type { Packet } from 'mqtt';

/**
 * The reason codes of acknowledgements that succeeded. MQTT.js hands on those of refusals only, and "no matching
 * subscribers" (0x10) is worth knowing: it is why nothing arrives.
 */
export class AckCodes {
  readonly #codes = new Map<number, number>();

  /** Looks at every received packet. A PUBREC's code is the answer to QoS 2; its PUBCOMP has nothing to add. */
  note(packet: Packet): void {
    if (packet.cmd !== 'puback' && packet.cmd !== 'pubrec') return;
    const { messageId, reasonCode } = packet;
    if (messageId !== undefined && reasonCode) this.#codes.set(messageId, reasonCode);
  }

  /** The code for a publish that succeeded. */
  take(packet: Packet | undefined): number {
    const messageId = packet?.messageId;
    const code = messageId === undefined ? undefined : this.#codes.get(messageId);
    if (messageId !== undefined) this.#codes.delete(messageId);
    return code ?? 0;
  }
}
