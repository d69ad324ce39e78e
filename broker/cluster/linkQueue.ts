/**
 * What waits on one link: the frames of the present turn, and how many bytes of which account the network has not taken yet (R23).
 * One FIFO with two accounts, so that frames keep the order in which they were submitted.
 */
import { LINK_CLOSE_BYTES, LINK_DATA_BYTES } from './limits.ts';
import type { LinkId, TransportPort } from './ports.ts';

/** Cumulative since our start, over all links to one peer. */
export interface LinkCounters {
  messagesOut: number;
  messagesIn: number;
  bytesOut: number;
  bytesIn: number;
  controlOut: number;
  controlIn: number;
  /** QoS 0 forwards dropped because the link was 16 MiB behind. */
  dropped: number;
  /** Forwards for a peer that had a route and no link. */
  lost: number;
  downs: number;
}

export function newCounters(): LinkCounters {
  return { messagesOut: 0, messagesIn: 0, bytesOut: 0, bytesIn: 0, controlOut: 0, controlIn: 0, dropped: 0, lost: 0, downs: 0 };
}

/** One write: where it ends in the stream of the link, and its data bytes. */
interface Segment {
  readonly end: number;
  readonly data: number;
}

export class LinkQueue {
  readonly id: LinkId;
  readonly #counters: LinkCounters;
  #turn: Uint8Array[] = [];
  #turnBytes = 0;
  #turnData = 0;
  #written = 0;
  #segments: Segment[] = [];
  #queued = 0;
  #queuedData = 0;

  constructor(id: LinkId, counters: LinkCounters) {
    this.id = id;
    this.#counters = counters;
  }

  /** Bytes that wait, this turn's included. */
  get queueBytes(): number {
    return this.#queued + this.#turnBytes;
  }

  get controlBytes(): number {
    return this.queueBytes - this.#queuedData - this.#turnData;
  }

  /** So far behind that the link must be closed to repair itself (R23). */
  get overflowed(): boolean {
    return this.queueBytes > LINK_CLOSE_BYTES;
  }

  control(frame: Uint8Array): void {
    this.#submit(frame);
    this.#counters.controlOut += 1;
  }

  /** A control frame that is no news: links beat all the time, and one that only beats is idle. */
  heartbeat(frame: Uint8Array): void {
    this.#submit(frame);
  }

  /** False when the message was dropped: QoS 0 and the link 16 MiB behind (R23). */
  forward(frame: Uint8Array, qos: 0 | 1 | 2, transport: TransportPort): boolean {
    if (this.#queuedData + this.#turnData > LINK_DATA_BYTES) {
      this.settle(transport);
      if (qos === 0 && this.#queuedData + this.#turnData > LINK_DATA_BYTES) {
        this.#counters.dropped += 1;
        return false;
      }
    }
    this.#submit(frame);
    this.#turnData += frame.length;
    this.#counters.messagesOut += 1;
    return true;
  }

  #submit(frame: Uint8Array): void {
    this.#turn.push(frame);
    this.#turnBytes += frame.length;
  }

  /** Writes the frames of the turn at once. */
  flush(transport: TransportPort): void {
    if (this.#turn.length === 0) return;
    const [only] = this.#turn;
    const bytes = this.#turn.length === 1 && only !== undefined ? only : Buffer.concat(this.#turn, this.#turnBytes);
    this.#written += bytes.length;
    this.#segments.push({ end: this.#written, data: this.#turnData });
    this.#queued += bytes.length;
    this.#queuedData += this.#turnData;
    this.#turn = [];
    this.#turnBytes = 0;
    this.#turnData = 0;
    this.#counters.bytesOut += bytes.length;
    transport.write(this.id, bytes);
    this.settle(transport);
  }

  /** Takes what the network has accepted out of the accounts. */
  settle(transport: TransportPort): void {
    this.#queued = transport.queuedBytes(this.id);
    const taken = this.#written - this.#queued;
    let done = 0;
    for (const segment of this.#segments) {
      if (segment.end > taken) break;
      this.#queuedData -= segment.data;
      done += 1;
    }
    if (done > 0) this.#segments.splice(0, done);
  }
}
