/** The journal of durable sessions as the product has it, on a simulated disk: checkpoints, damage and all (R62, S59). */
import { crc32 } from 'node:zlib';
import { Journal, type LiveSessions } from '../../../broker/storage/journal.ts';
import { checkpointOf, recover, type Recovered } from '../../../broker/storage/recovery.ts';
import type { SegmentStore, StoredSegment } from '../../../broker/storage/segmentStore.ts';
import type { SimDisk } from './simDisk.ts';

/** So that checkpoints are common. */
const MIN_CHECKPOINT_BYTES = 20_000;
/** So that a checkpoint takes several commits. */
const SLICE_BYTES = 1_000;
/** Position and checksum in front of each segment. */
const PREFIX_BYTES = 8;

class SimSegments implements SegmentStore {
  readonly #disk: SimDisk;
  readonly #act: (step: () => void) => void;
  end: number;

  constructor(disk: SimDisk, act: (step: () => void) => void, end: number) {
    this.#disk = disk;
    this.#act = act;
    this.end = end;
  }

  append(segment: Buffer, done: () => void): void {
    this.#disk.write(recordOf(this.end, segment), () => this.#act(done));
    this.end += 1;
  }

  dropBefore(position: number): void {
    this.#disk.replace(this.#disk.read().filter((record) => record.readUInt32BE(0) >= position));
  }
}

export interface SimStore {
  readonly recovered: Recovered;
  readonly journal: Journal;
}

/** What the disk has, and a journal that goes on from there. `act`: runs a step in the process that writes. */
export function openSimStore(disk: SimDisk, act: (step: () => void) => void, live: LiveSessions): SimStore {
  const stored = [...readSegments(disk)];
  const recovered = recover(stored, 0);
  // A damaged store is replaced by what is sound of it.
  if (recovered.damage.length > 0 || stored.length < disk.read().length) disk.replace(checkpointOf(recovered).map((segment, position) => recordOf(position, segment)));
  const records = disk.read();
  const store = new SimSegments(disk, act, records.length === 0 ? 0 : records.at(-1)!.readUInt32BE(0) + 1);
  const storedBytes = records.reduce((sum, record) => sum + record.length, 0);
  return { recovered, journal: new Journal({ store, live, storedBytes, minCheckpointBytes: MIN_CHECKPOINT_BYTES, sliceBytes: SLICE_BYTES }) };
}

function recordOf(position: number, segment: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(position, 0);
  prefix.writeUInt32BE(crc32(segment), 4);
  return Buffer.concat([prefix, segment]);
}

function* readSegments(disk: SimDisk): Generator<StoredSegment, void, undefined> {
  let last = -1;
  for (const record of disk.read()) {
    if (record.length < PREFIX_BYTES) continue;
    const position = record.readUInt32BE(0);
    const bytes = record.subarray(PREFIX_BYTES);
    // A prefix may be damaged as well; positions only ever grow.
    if (position <= last || crc32(bytes) !== record.readUInt32BE(4)) continue;
    last = position;
    yield { position, bytes };
  }
}
