/**
 * What the journal of an earlier life says of sessions (R46, R61, section 12 "corrupt store"). Nothing here stops a start: what is sound is
 * used, the rest is named. A copy of which a part may be missing must not claim to know what was finished, or it would talk the copy of
 * another node out of messages that are not: so it forgets, and ranks below any other.
 */
import { messageOf } from '../base/errors.ts';
import { BatchReader, BatchWriter, type BatchEntry, type LateEntry } from '../cluster/sessions/copy/batch.ts';
import type { HybridTime, SessionCopy } from '../cluster/sessions/copy/copy.ts';
import { midKey, type MidKey } from '../cluster/sessions/copy/identity.ts';
import { applyRecord } from '../cluster/sessions/copy/record.ts';
import type { StoredSegment } from './segmentStore.ts';

/** A segment of a checkpoint that is written at one go is closed when it is larger than this. */
const SEGMENT_BYTES = 4 * 1024 * 1024;

export interface Damage {
  /** Of the segment that is missing, or has no sound entries from some place on. */
  readonly position: number;
  readonly reason: string;
}

export interface Recovered {
  readonly copies: readonly SessionCopy[];
  readonly late: readonly LateEntry[];
  /** Empty: all that was ever confirmed is there. Otherwise the copies rank below any other. */
  readonly damage: readonly Damage[];
}

/**
 * Segments in order of their positions; `now` stands for the moment at which the last life ended, 0 for one that is not known. Lost segments
 * at the end are no damage to the rest: what is left is simply an older copy, as every node may have one.
 */
export function recover(segments: Iterable<StoredSegment>, now: HybridTime): Recovered {
  const contents = new Contents();
  const reader = new BatchReader();
  for (const { position, bytes } of segments) {
    contents.enter(position);
    try {
      for (const entry of reader.read(bytes)) contents.apply(entry);
    } catch (error) {
      contents.damaged(messageOf(error));
    }
  }
  const copies = [...contents.copies.values()];
  for (const copy of copies) {
    // Nobody is connected to a node that has just started. The epoch stays: a copy promoted since then outranks it (R60). A backup copy
    // says what its owner has, connection and all: who promotes it must know whether a will is due (R70).
    if (copy.role !== 'backup' && copy.connectedAt > 0) {
      copy.disconnectedAt = now;
      copy.connectedAt = 0;
    }
    if (contents.damage.length > 0) distrust(copy);
  }
  return { copies, late: [...contents.late.values()], damage: contents.damage };
}

/** The same as segments from position 0 on: what a journal is that has nothing but this. */
export function checkpointOf({ copies, late }: Pick<Recovered, 'copies' | 'late'>): Buffer[] {
  const writer = new BatchWriter();
  const segments: Buffer[] = [];
  const add = (entry: BatchEntry): void => {
    writer.add(entry);
    writer.continues = true;
    if (writer.length > SEGMENT_BYTES) segments.push(writer.take());
  };
  add({ type: 'checkpoint', phase: 'begin' });
  for (const copy of copies) add({ type: 'copy', copy });
  for (const entry of late) add({ type: 'late', late: entry });
  add({ type: 'checkpoint', phase: 'end' });
  if (!writer.isEmpty) segments.push(writer.take());
  return segments;
}

/** Ranks below any other copy, and takes no message from any. */
function distrust(copy: SessionCopy): void {
  copy.epoch = 0;
  copy.seen.clear();
}

class Contents {
  readonly copies = new Map<string, SessionCopy>();
  readonly late = new Map<MidKey, LateEntry>();
  damage: Damage[] = [];
  #position = -1;
  #checkpoint: { readonly begin: number; readonly copies: Set<string>; readonly late: Set<MidKey> } | undefined;

  enter(position: number): void {
    // What the journal no longer needs is dropped from its beginning; a checkpoint that follows makes up for it.
    if (position !== this.#position + 1) this.damage.push({ position: position - 1, reason: `segments ${this.#position + 1} to ${position - 1} are not there` });
    this.#position = position;
  }

  damaged(reason: string): void {
    this.damage.push({ position: this.#position, reason });
  }

  apply(entry: BatchEntry): void {
    switch (entry.type) {
      case 'session': {
        // Between the marks of a checkpoint a session may be spoken of before it is written again.
        const copy = this.copies.get(entry.clientId);
        if (copy !== undefined) applyRecord(copy, entry.record);
        return;
      }
      case 'copy':
        this.copies.set(entry.copy.clientId, entry.copy);
        this.#checkpoint?.copies.add(entry.copy.clientId);
        return;
      case 'drop':
        this.copies.delete(entry.clientId);
        return;
      case 'late':
        this.late.set(midKey(entry.late.mid), entry.late);
        this.#checkpoint?.late.add(midKey(entry.late.mid));
        return;
      case 'lateDone':
        this.late.delete(midKey(entry.mid));
        return;
      case 'checkpoint':
        if (entry.phase === 'begin') this.#checkpoint = { begin: this.#position, copies: new Set(), late: new Set() };
        else this.#endCheckpoint();
    }
  }

  /** All that lives has been written since it began: what was not is gone, and nothing of before can be missed. */
  #endCheckpoint(): void {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = undefined;
    if (checkpoint === undefined) return;
    for (const clientId of this.copies.keys()) if (!checkpoint.copies.has(clientId)) this.copies.delete(clientId);
    for (const key of this.late.keys()) if (!checkpoint.late.has(key)) this.late.delete(key);
    this.damage = this.damage.filter((damage) => damage.position >= checkpoint.begin);
  }
}
