/** What one connection has done, under EMQX's names of `GET /clients` (rest-api.md 3.3). Only grows. */
import type { Qos } from '../protocol/packet.ts';
import type { DropReason } from './session.ts';

/** Figures that stay 0 for a client that neither publishes nor gets anything, as most do most of the time. */
export class MessageCounters {
  recvQos0 = 0;
  recvQos1 = 0;
  recvQos2 = 0;
  sendQos0 = 0;
  sendQos1 = 0;
  sendQos2 = 0;
  recvDropped = 0;
  recvDroppedAwaitRel = 0;
  droppedExpired = 0;
  droppedQueueFull = 0;
  droppedTooLarge = 0;
  droppedOther = 0;

  get received(): number {
    return this.recvQos0 + this.recvQos1 + this.recvQos2;
  }

  get sent(): number {
    return this.sendQos0 + this.sendQos1 + this.sendQos2;
  }

  get dropped(): number {
    return this.droppedExpired + this.droppedQueueFull + this.droppedTooLarge + this.droppedOther;
  }
}

export const NO_MESSAGES: Readonly<MessageCounters> = new MessageCounters();

export class ClientCounters {
  recvPkt = 0;
  sendPkt = 0;
  /** Null until there is something to count. */
  #messages: MessageCounters | null = null;

  /** To be looked at. */
  get messages(): Readonly<MessageCounters> {
    return this.#messages ?? NO_MESSAGES;
  }

  countReceived(qos: Qos): void {
    const counters = (this.#messages ??= new MessageCounters());
    if (qos === 0) counters.recvQos0 += 1;
    else if (qos === 1) counters.recvQos1 += 1;
    else counters.recvQos2 += 1;
  }

  countSent(qos: Qos, messages = 1): void {
    const counters = (this.#messages ??= new MessageCounters());
    if (qos === 0) counters.sendQos0 += messages;
    else if (qos === 1) counters.sendQos1 += messages;
    else counters.sendQos2 += messages;
  }

  /** A message of the client was dropped; `awaitRel`: because its PUBREL did not come in time. */
  countReceivedDrop(awaitRel: boolean): void {
    const counters = (this.#messages ??= new MessageCounters());
    counters.recvDropped += 1;
    if (awaitRel) counters.recvDroppedAwaitRel += 1;
  }

  countDrop(reason: DropReason): void {
    const counters = (this.#messages ??= new MessageCounters());
    if (reason === 'expired') counters.droppedExpired += 1;
    else if (reason === 'queue_full') counters.droppedQueueFull += 1;
    else if (reason === 'too_large') counters.droppedTooLarge += 1;
    else counters.droppedOther += 1;
  }
}
