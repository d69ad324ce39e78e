/** What one connection has done, under EMQX's names of `GET /clients` (rest-api.md 3.3). Only grows. */
import type { Qos } from '../protocol/packet.ts';
import type { DropReason } from './session.ts';

export class ClientCounters {
  recvPkt = 0;
  sendPkt = 0;
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

  /** PUBLISH packets received. */
  get recvMsg(): number {
    return this.recvQos0 + this.recvQos1 + this.recvQos2;
  }

  countReceived(qos: Qos): void {
    if (qos === 0) this.recvQos0 += 1;
    else if (qos === 1) this.recvQos1 += 1;
    else this.recvQos2 += 1;
  }

  countSent(qos: Qos): void {
    if (qos === 0) this.sendQos0 += 1;
    else if (qos === 1) this.sendQos1 += 1;
    else this.sendQos2 += 1;
  }

  countDrop(reason: DropReason): void {
    if (reason === 'expired') this.droppedExpired += 1;
    else if (reason === 'queue_full') this.droppedQueueFull += 1;
    else if (reason === 'too_large') this.droppedTooLarge += 1;
    else this.droppedOther += 1;
  }
}
