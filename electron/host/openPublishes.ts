/** Messages on their way to the broker, and what it says to them. */
import type { MqttClient, Packet } from 'mqtt';
import { BusbarError } from '../../broker/base/errors.ts';
import type { PublishRequest } from '../contract/clients.ts';
import { packetProperties } from './publishProperties.ts';

/** A publish that is not acknowledged by then is answered without; its acknowledgement comes as an event. */
export const PUBLISH_ANSWER_MS = 10_000;

export class OpenPublishes {
  readonly #failures = new Set<(error: Error) => void>();
  /**
   * Codes of acknowledgements that succeeded, by packet id. MQTT.js hands on those of refusals only, and "no matching
   * subscribers" (0x10) is worth knowing: it is why nothing arrives.
   */
  readonly #codes = new Map<number, number>();

  /**
   * Sends one message. Answers its reason code (refusals too), or null for QoS 0 and for one that is not acknowledged in time.
   * `onAck` hears of every acknowledgement, early or late. Throws CLIENT_OFFLINE when it could not be sent.
   */
  send(client: MqttClient, request: PublishRequest, onAck: (code: number) => void): Promise<number | null> {
    const { topic, payload, qos, retain } = request;
    const properties = request.properties && packetProperties(request.properties);
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => resolve(null), PUBLISH_ANSWER_MS);
      const settle = () => {
        clearTimeout(limit);
        this.#failures.delete(fail);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      this.#failures.add(fail);
      client.publish(topic, Buffer.from(payload), { qos, retain, ...(properties ? { properties } : {}) }, (error, packet) => {
        const code = error ? ('code' in error ? error.code : undefined) : this.#take(packet);
        if (typeof code !== 'number') return fail(notSent(error));
        settle();
        if (qos === 0) return resolve(null);
        onAck(code);
        resolve(code);
      });
    });
  }

  /** Looks at every received packet. A PUBREC's code is the answer to QoS 2; its PUBCOMP has nothing to add. */
  note(packet: Packet): void {
    if (packet.cmd !== 'puback' && packet.cmd !== 'pubrec') return;
    const { messageId, reasonCode } = packet;
    if (messageId !== undefined && reasonCode) this.#codes.set(messageId, reasonCode);
  }

  /** The connection is over: nobody will answer any more. */
  fail(reason: string): void {
    this.#codes.clear();
    for (const fail of [...this.#failures]) fail(new BusbarError('CLIENT_OFFLINE', reason));
  }

  #take(packet: Packet | undefined): number {
    const messageId = packet?.messageId;
    const code = messageId === undefined ? undefined : this.#codes.get(messageId);
    if (messageId !== undefined) this.#codes.delete(messageId);
    return code ?? 0;
  }
}

function notSent(cause: Error | undefined): BusbarError {
  return new BusbarError('CLIENT_OFFLINE', `The message was not sent: ${cause?.message ?? 'no answer'}.`, { cause });
}
