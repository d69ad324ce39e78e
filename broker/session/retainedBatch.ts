/**
 * Retained messages that leave together: most new subscribers get the same bytes, kept with each message, so a slice of a feed is one
 * buffer and one entry in the connection's list instead of a publication each.
 */
import { METRIC } from '../metrics/metrics.ts';
import type { Message } from '../protocol/message.ts';
import type { Channel } from './channel.ts';
import type { Session } from './session.ts';

/** What is put together at most. */
const BATCH_BYTES = 48 * 1024;

/** One buffer for all: a batch is filled and sent within one slice. */
const room = Buffer.allocUnsafeSlow(BATCH_BYTES);

/** What a batch needs of a retained message; router/storedMessage.ts has it. */
export interface FramedMessage extends Message {
  readonly frameLength: number;
  writeFrame(target: Buffer, at: number): void;
  plain(): Message;
}

export class RetainedBatch {
  readonly #session: Session;
  readonly #channel: Channel;
  readonly #subscribedQos: number;
  #length = 0;
  #count = 0;

  private constructor(session: Session, channel: Channel, subscribedQos: number) {
    this.#session = session;
    this.#channel = channel;
    this.#subscribedQos = subscribedQos;
  }

  /** Null when each message has to be looked at on its own: for a topic seen through a mountpoint, for what MQTT 5 says beside it, or for a hook. */
  static for(session: Session, subscribedQos: number): RetainedBatch | null {
    const { channel, node } = session;
    if (channel === null || channel.version === 5 || channel.mountpoint !== '' || node.hearsDelivered) return null;
    return new RetainedBatch(session, channel, subscribedQos);
  }

  /** False when the message has to go on its own. A full batch leaves first. */
  add(message: FramedMessage): boolean {
    const { frameLength } = message;
    if ((this.#subscribedQos > 0 && message.qos > 0) || frameLength > BATCH_BYTES) return false;
    if (this.#length + frameLength > BATCH_BYTES) this.send();
    message.writeFrame(room, this.#length);
    this.#length += frameLength;
    this.#count += 1;
    return true;
  }

  send(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#channel.out.sendFrames(new Uint8Array(room.subarray(0, this.#length)));
    const { metrics } = this.#session.node;
    const { counters } = this.#channel;
    metrics.add(METRIC['messages.delivered'], count);
    metrics.add(METRIC['packets.sent'], count);
    metrics.add(METRIC['packets.publish.sent'], count);
    metrics.add(METRIC['messages.sent'], count);
    metrics.add(METRIC['messages.qos0.sent'], count);
    counters.sendPkt += count;
    counters.countSent(0, count);
    this.#length = this.#count = 0;
  }
}
