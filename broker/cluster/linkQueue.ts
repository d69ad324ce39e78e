/**
 * What waits on one link: the frames of the present turn, and how many bytes of which account the network has not taken yet (R23).
 * One FIFO with two accounts, so that frames keep the order in which they were submitted. Frames are written one behind the other
 * into one buffer, which leaves in one write and is used again when the network has taken all of it at once (hot-path.md section 4).
 */
import type { Millis } from '../base/ids.ts';
import { LINK_CLOSE_BYTES, LINK_DATA_BYTES, LINK_EASE_BYTES, LINK_HOLD_BYTES } from './limits.ts';
import type { ClusterPublish, LinkId, TransportPort } from './ports.ts';
import { HEADER_BYTES } from './wire/bytes.ts';
import { beginForwards, encodeForward, endForwards, originBytes } from './wire/v1Publish.ts';

/** Frames gathered for one write; a turn with more has several. */
const OUT_BYTES = 128 * 1024;
/** A frame of this size is written as it is rather than copied. */
const DIRECT_BYTES = 32 * 1024;

/**
 * While turns that forward follow each other so fast, on average, QoS 0 forwards wait for each other: a write costs as much as fifty of
 * them, and the receiver's turns get fuller too. Below that rate they leave at the end of the turn.
 */
const FAST_TURNS_MS: Millis = 0.05;
/** So long after the last write; if no turn follows, until a timer tells (a millisecond or two). */
export const WRITE_GAP_MS: Millis = 0.25;
/** Longer pauses count as this long, so that the average follows soon when it begins to rain. */
const SLOW_TURN_MS: Millis = 0.5;
const TURNS_AVERAGED = 16;

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
  /** Forwards that nobody acknowledges, to be compared by both ends (R24). */
  forwardsOut: number;
  forwardsIn: number;
  downs: number;
}

export function newCounters(): LinkCounters {
  return { messagesOut: 0, messagesIn: 0, bytesOut: 0, bytesIn: 0, controlOut: 0, controlIn: 0, dropped: 0, lost: 0, forwardsOut: 0, forwardsIn: 0, downs: 0 };
}

/** One write: where it ends in the stream of the link, and its data bytes. */
interface Segment {
  readonly end: number;
  readonly data: number;
}

export class LinkQueue {
  readonly id: LinkId;
  readonly #counters: LinkCounters;
  readonly #transport: TransportPort;
  /** Null until the first frame, and after the network has kept one. */
  #out: Buffer | null = null;
  #at = 0;
  /** Where the last frame begins while forwards of the same publisher may join it, else -1. */
  #openAt = -1;
  #openFor: ClusterPublish | null = null;
  #turnData = 0;
  #written = 0;
  #segments: Segment[] = [];
  #queued = 0;
  #queuedData = 0;
  /** The network has not taken the last write at once. */
  #isKept = false;
  /** Something waits that is more than QoS 0 forwards. */
  #isUrgent = false;
  /** Senders were held for this link. */
  #holds = false;
  #wroteMs: Millis = 0;
  #turnMs: Millis = 0;
  /** Average pause between turns in which something was to be written. */
  #turnGapMs: Millis = SLOW_TURN_MS;

  constructor(id: LinkId, counters: LinkCounters, transport: TransportPort) {
    this.id = id;
    this.#counters = counters;
    this.#transport = transport;
  }

  /** Bytes that wait, this turn's included. */
  get queueBytes(): number {
    return this.#queued + this.#at;
  }

  get controlBytes(): number {
    return this.queueBytes - this.dataBytes;
  }

  get dataBytes(): number {
    return this.#queuedData + this.#turnData;
  }

  /** So far behind that the link must be closed to repair itself (R23). */
  get overflowed(): boolean {
    return this.queueBytes > LINK_CLOSE_BYTES;
  }

  control(frame: Uint8Array): void {
    this.#counters.controlOut += 1;
    this.#submit(frame, false);
  }

  /** A control frame that is no news: links beat all the time, and one that only beats is idle. */
  heartbeat(frame: Uint8Array): void {
    this.#submit(frame, false);
  }

  /** One message, to be delivered there to everybody who wants it. False when it was dropped: QoS 0, and the link 16 MiB behind (R23). */
  forward(publish: ClusterPublish): boolean {
    if (publish.qos === 0 && this.#isBehind()) return false;
    this.#counters.messagesOut += 1;
    this.#counters.forwardsOut += 1;
    const { packet } = publish;
    if (publish.qos > 0) this.#isUrgent = true;
    if (this.dataBytes > LINK_HOLD_BYTES) this.#hold();
    if (packet.length >= DIRECT_BYTES) this.#submit(encodeForward(publish), true);
    else this.#append(publish, packet);
    return true;
  }

  /** A message in a frame of another kind. False as for `forward`. */
  data(frame: Uint8Array, qos: 0 | 1 | 2): boolean {
    if (qos === 0 && this.#isBehind()) return false;
    this.#counters.messagesOut += 1;
    this.#submit(frame, true);
    return true;
  }

  /** Asked for each message while it is so: each may have another sender. */
  #hold(): void {
    this.#holds = true;
    this.#transport.holdSender(this.id);
  }

  #isBehind(): boolean {
    if (this.dataBytes <= LINK_DATA_BYTES) return false;
    this.settle();
    if (this.dataBytes <= LINK_DATA_BYTES) return false;
    this.#counters.dropped += 1;
    return true;
  }

  /** Behind the forwards of the same publisher if they are what came last, else in a frame of its own. */
  #append(publish: ClusterPublish, packet: Uint8Array): void {
    const { length } = packet;
    const joins = this.#openAt !== -1 && this.#at + length <= OUT_BYTES && this.#isOpenFor(publish);
    let out = this.#out;
    if (!joins || out === null) {
      out = this.#room(HEADER_BYTES + originBytes(publish) + length);
      this.#openAt = this.#at;
      this.#openFor = publish;
      const packetsAt = beginForwards(out, this.#at, publish);
      this.#turnData += packetsAt - this.#at;
      this.#at = packetsAt;
    }
    out.set(packet, this.#at);
    this.#at += length;
    this.#turnData += length;
  }

  #isOpenFor({ fromClientId, fromUsername, isV5 }: ClusterPublish): boolean {
    const open = this.#openFor;
    return open !== null && open.fromClientId === fromClientId && open.fromUsername === fromUsername && open.isV5 === isV5;
  }

  #closeFrame(): void {
    if (this.#openAt === -1 || this.#out === null) return;
    endForwards(this.#out, this.#openAt, this.#at);
    this.#openAt = -1;
    this.#openFor = null;
  }

  #submit(frame: Uint8Array, isData: boolean): void {
    const { length } = frame;
    this.#isUrgent = true;
    if (length >= DIRECT_BYTES) {
      this.flush();
      if (isData) this.#turnData += length;
      this.#write(frame);
      return;
    }
    const out = this.#room(length);
    out.set(frame, this.#at);
    this.#at += length;
    if (isData) this.#turnData += length;
  }

  /** The buffer, with so much room behind the last whole frame. */
  #room(bytes: number): Buffer {
    this.#closeFrame();
    if (this.#at + bytes > OUT_BYTES) this.flush();
    return (this.#out ??= Buffer.allocUnsafeSlow(OUT_BYTES));
  }

  /** The turn ends: writes its frames. False when they may wait for those of a turn that follows, or for `WRITE_GAP_MS`. */
  endTurn(nowMs: Millis): boolean {
    if (this.#at === 0) return true;
    this.#turnGapMs += (Math.min(nowMs - this.#turnMs, SLOW_TURN_MS) - this.#turnGapMs) / TURNS_AVERAGED;
    this.#turnMs = nowMs;
    const mayWait = !this.#isUrgent && this.#turnGapMs < FAST_TURNS_MS && this.#at < OUT_BYTES / 2 && nowMs - this.#wroteMs < WRITE_GAP_MS;
    if (mayWait) return false;
    this.flush();
    this.#wroteMs = nowMs;
    return true;
  }

  /** Writes the frames so far. */
  flush(): void {
    const out = this.#out;
    if (out === null || this.#at === 0) return;
    this.#closeFrame();
    const bytes = out.subarray(0, this.#at);
    this.#at = 0;
    this.#isUrgent = false;
    // What is kept (by a slow peer, or TLS) is kept in memory of its own size, unless that is about the size of the buffer.
    const copies = this.#isKept && bytes.length < OUT_BYTES / 2;
    this.#write(copies ? Buffer.from(bytes) : bytes);
    if (this.#isKept && !copies) this.#out = null;
  }

  #write(bytes: Uint8Array): void {
    this.#written += bytes.length;
    this.#segments.push({ end: this.#written, data: this.#turnData });
    this.#queuedData += this.#turnData;
    this.#turnData = 0;
    this.#counters.bytesOut += bytes.length;
    this.#transport.write(this.id, bytes);
    this.settle();
    this.#isKept = this.#queued > 0;
  }

  /** Takes what the network has accepted out of the accounts. */
  settle(): void {
    this.#queued = this.#transport.queuedBytes(this.id);
    if (this.#segments.length === 0) return;
    const taken = this.#written - this.#queued;
    let done = 0;
    for (const segment of this.#segments) {
      if (segment.end > taken) break;
      this.#queuedData -= segment.data;
      done += 1;
    }
    if (done > 0) this.#segments.splice(0, done);
    if (!this.#holds || this.dataBytes > LINK_EASE_BYTES) return;
    this.#holds = false;
    this.#transport.easeSenders(this.id);
  }
}
