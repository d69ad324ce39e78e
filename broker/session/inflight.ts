/**
 * QoS 1 and 2 deliveries that were sent and not yet acknowledged, and the choice of packet ids.
 *
 * A ring indexed by `packetId & mask`: ids are taken in order 1..65535, so neighbours in time are neighbours in the
 * ring. An id whose slot is still held (an old delivery that was never acknowledged) is skipped. The ring has at
 * least twice the window, so a free slot is found within one round.
 */
import { assert } from '../base/assert.ts';
import type { Millis } from '../base/ids.ts';
import type { Qos } from '../protocol/packet.ts';
import type { Owed } from './owed.ts';
import type { Publication } from './publication.ts';

export interface InflightEntry {
  readonly packetId: number;
  readonly publication: Publication;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly subscriptionIds: readonly number[] | null;
  readonly sentAtMs: Millis;
  /** Original order of sending; ids wrap, this does not. */
  readonly order: number;
  /** QoS 2: PUBREC has come, PUBREL is out; the message itself is no longer needed for a re-send. */
  released: boolean;
  /** Null for one that this node alone knows of. */
  readonly item: Owed | null;
}

const MAX_PACKET_ID = 65_535;

export class Inflight {
  #slots: (InflightEntry | undefined)[];
  #mask: number;
  #nextPacketId = 1;
  #isApart = false;
  #nextOrder = 0;
  #count = 0;

  /** `window`: how many deliveries may be unacknowledged at once. */
  constructor(window: number) {
    const size = ringSize(window);
    this.#slots = new Array<InflightEntry | undefined>(size).fill(undefined);
    this.#mask = size - 1;
  }

  get count(): number {
    return this.#count;
  }

  add(publication: Publication, qos: Qos, retain: boolean, subscriptionIds: readonly number[] | null, sentAtMs: Millis, item: Owed | null): InflightEntry {
    return this.#put(this.#takePacketId(), publication, qos, retain, subscriptionIds, sentAtMs, false, item);
  }

  /** New deliveries count on from this id, whatever ids there are of others. */
  countFrom(packetId: number): void {
    this.#nextPacketId = packetId;
    this.#isApart = true;
  }

  /** A delivery that left earlier, or elsewhere, under a packet id it keeps; 0 takes a new one. */
  restore(publication: Publication, item: Owed, sentAtMs: Millis): InflightEntry {
    const { packetId, qos, retain, subscriptionIds, state } = item;
    while (packetId !== 0 && this.#slots[packetId & this.#mask] !== undefined) this.#grow(this.#slots.length * 2);
    const id = packetId === 0 ? this.#takePacketId() : packetId;
    // Ids are taken up again as late as can be.
    if (!this.#isApart && id >= this.#nextPacketId) this.#nextPacketId = id === MAX_PACKET_ID ? 1 : id + 1;
    return this.#put(id, publication, qos, retain, subscriptionIds, sentAtMs, state === 'released', item);
  }

  #put(
    packetId: number,
    publication: Publication,
    qos: Qos,
    retain: boolean,
    subscriptionIds: readonly number[] | null,
    sentAtMs: Millis,
    released: boolean,
    item: Owed | null,
  ): InflightEntry {
    const order = this.#nextOrder;
    this.#nextOrder += 1;
    const entry: InflightEntry = { packetId, publication, qos, retain, subscriptionIds, sentAtMs, order, released, item };
    this.#slots[packetId & this.#mask] = entry;
    this.#count += 1;
    return entry;
  }

  get(packetId: number): InflightEntry | undefined {
    const entry = this.#slots[packetId & this.#mask];
    return entry !== undefined && entry.packetId === packetId ? entry : undefined;
  }

  remove(entry: InflightEntry): void {
    const at = entry.packetId & this.#mask;
    if (this.#slots[at] !== entry) return;
    this.#slots[at] = undefined;
    this.#count -= 1;
  }

  /** Makes room for a larger window of a new connection; never shrinks. */
  fit(window: number): void {
    const size = ringSize(Math.max(window, this.#count));
    if (size > this.#slots.length) this.#grow(size);
  }

  #grow(size: number): void {
    assert(size <= MAX_PACKET_ID + 1, 'a packet id is used twice');
    const entries = this.entries();
    this.#slots = new Array<InflightEntry | undefined>(size).fill(undefined);
    this.#mask = size - 1;
    for (const entry of entries) this.#slots[entry.packetId & this.#mask] = entry;
  }

  /** In the order of first sending. */
  entries(): InflightEntry[] {
    return this.#slots.filter((entry) => entry !== undefined).sort((a, b) => a.order - b.order);
  }

  #takePacketId(): number {
    for (let tries = 0; tries <= this.#mask + 1; tries += 1) {
      const packetId = this.#nextPacketId;
      this.#nextPacketId = packetId === MAX_PACKET_ID ? 1 : packetId + 1;
      if (this.#slots[packetId & this.#mask] === undefined) return packetId;
    }
    // At the wrap from 65535 to 1 one slot (id 0) is passed over, hence one try more than slots.
    assert(false, 'the inflight ring is larger than the window');
  }
}

function ringSize(window: number): number {
  let size = 8;
  while (size < window * 2 && size < MAX_PACKET_ID + 1) size *= 2;
  return size;
}
