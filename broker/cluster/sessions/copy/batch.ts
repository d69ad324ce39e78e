/**
 * Batches of entries: what one commit of the journal, one frame of replication or one hand-in holds (R62). Version 1, frozen by the
 * golden bytes of batch.test.ts. A batch begins with its version, how it refers to earlier ones, and entries follow to its end.
 */
import { unreachable } from '../../../base/assert.ts';
import type { NodeId } from '../../../base/ids.ts';
import { protocolError } from '../../wire/bytes.ts';
import type { SessionMessage } from '../message.ts';
import type { HybridTime, SessionCopy } from './copy.ts';
import { readCopy, readRecord, writeCopy, writeRecord } from './codec.ts';
import type { Mid } from './identity.ts';
import type { SessionRecord } from './record.ts';
import { RecordReader, RecordWriter } from './recordBytes.ts';
import { ReadTables, WriteTables } from './sharedValues.ts';

export const BATCH_VERSION = 1;

/** A message that waits for nodes that cannot be reached (R32). */
export interface LateEntry {
  readonly mid: Mid;
  /** Drawn when the origin accepted it. */
  readonly at: HybridTime;
  readonly message: SessionMessage;
  /** Nodes that may have sessions for it. */
  readonly targets: readonly NodeId[];
}

export type BatchEntry =
  | { readonly type: 'session'; readonly clientId: string; readonly record: SessionRecord }
  /** The whole copy: begins the session here, or stands for all that was told of it before. */
  | { readonly type: 'copy'; readonly copy: SessionCopy }
  /** The copy is not here any more. */
  | { readonly type: 'drop'; readonly clientId: string }
  | { readonly type: 'late'; readonly late: LateEntry }
  | { readonly type: 'lateDone'; readonly mid: Mid }
  /** All that lives is written again between these two; what came before `begin` is void once `end` is on disk. */
  | { readonly type: 'checkpoint'; readonly phase: 'begin' | 'end' };

const Entry = { session: 1, copy: 2, drop: 3, late: 4, lateDone: 5, checkpointBegin: 6, checkpointEnd: 7 } as const;

/** How a batch refers to earlier ones. */
const Refers = { toNone: 0, toEarlier: 1 } as const;

export class BatchWriter {
  readonly #writer = new RecordWriter();
  readonly #tables = new WriteTables();
  #isOpen = false;
  #continues = false;

  get isEmpty(): boolean {
    return this.#writer.length === 0;
  }

  get length(): number {
    return this.#writer.length;
  }

  /**
   * While set, values written once are not written again in later batches: for a checkpoint, in which many sessions have the same
   * messages. Such batches can be read only one after the other.
   */
  set continues(value: boolean) {
    this.#continues = value;
  }

  add(entry: BatchEntry): void {
    const [writer, tables] = [this.#writer, this.#tables];
    if (!this.#isOpen) this.#open();
    switch (entry.type) {
      case 'session':
        writer.u8(Entry.session);
        tables.text(writer, entry.clientId);
        return writeRecord(writer, tables, entry.record);
      case 'copy':
        writer.u8(Entry.copy);
        return writeCopy(writer, tables, entry.copy);
      case 'drop':
        writer.u8(Entry.drop);
        return tables.text(writer, entry.clientId);
      case 'late':
        return this.#late(entry.late);
      case 'lateDone':
        writer.u8(Entry.lateDone);
        return tables.mid(writer, entry.mid);
      case 'checkpoint':
        return writer.u8(entry.phase === 'begin' ? Entry.checkpointBegin : Entry.checkpointEnd);
      default:
        unreachable(entry);
    }
  }

  /** As `add` of a session's record, without an object around it. */
  addRecord(clientId: string, record: SessionRecord): void {
    if (!this.#isOpen) this.#open();
    this.#writer.u8(Entry.session);
    this.#tables.text(this.#writer, clientId);
    writeRecord(this.#writer, this.#tables, record);
  }

  /** The batch; the next one begins. */
  take(): Buffer {
    if (!this.#isOpen) this.#open();
    this.#isOpen = false;
    return this.#writer.take();
  }

  #open(): void {
    this.#isOpen = true;
    this.#writer.u8(BATCH_VERSION);
    if (this.#continues) {
      this.#writer.u8(Refers.toEarlier);
      this.#tables.writeSizes(this.#writer);
      return;
    }
    this.#writer.u8(Refers.toNone);
    this.#tables.clear();
  }

  #late({ mid, at, message, targets }: LateEntry): void {
    const [writer, tables] = [this.#writer, this.#tables];
    writer.u8(Entry.late);
    tables.mid(writer, mid);
    writer.u64(at);
    tables.message(writer, message);
    writer.varint(targets.length);
    for (const target of targets) tables.text(writer, target);
  }
}

export class BatchReader {
  readonly #tables = new ReadTables();

  /** The entries in order, each read when it is asked for. Throws at the first that is unsound. */
  *read(batch: Buffer): Generator<BatchEntry, void, undefined> {
    const reader = new RecordReader(batch);
    const version = reader.u8();
    if (version !== BATCH_VERSION) throw protocolError(`Records of version ${version} are not known here`);
    const refers = reader.u8();
    if (refers === Refers.toNone) this.#tables.clear();
    else if (refers === Refers.toEarlier) this.#tables.readSizes(reader);
    else throw protocolError('A batch of records begins with an unknown byte');
    while (reader.left > 0) yield this.#entry(reader);
  }

  #entry(reader: RecordReader): BatchEntry {
    const tables = this.#tables;
    const type = reader.u8();
    switch (type) {
      case Entry.session:
        return { type: 'session', clientId: tables.text(reader), record: readRecord(reader, tables) };
      case Entry.copy:
        return { type: 'copy', copy: readCopy(reader, tables) };
      case Entry.drop:
        return { type: 'drop', clientId: tables.text(reader) };
      case Entry.late:
        return { type: 'late', late: readLate(reader, tables) };
      case Entry.lateDone:
        return { type: 'lateDone', mid: tables.mid(reader) };
      case Entry.checkpointBegin:
        return { type: 'checkpoint', phase: 'begin' };
      case Entry.checkpointEnd:
        return { type: 'checkpoint', phase: 'end' };
      default:
        throw protocolError(`Entry ${type} of a batch is not known here`);
    }
  }
}

function readLate(reader: RecordReader, tables: ReadTables): LateEntry {
  const mid = tables.mid(reader);
  const at = reader.u64();
  const message = tables.message(reader);
  const targets: NodeId[] = [];
  for (let left = reader.count(); left > 0; left -= 1) targets.push(tables.text(reader) as NodeId);
  return { mid, at, message, targets };
}

/** A copy as bytes by itself: STATE and HANDIN carry it (R47, R55). */
export function encodeCopy(copy: SessionCopy): Buffer {
  const writer = new BatchWriter();
  writer.add({ type: 'copy', copy });
  return writer.take();
}

export function decodeCopy(bytes: Buffer): SessionCopy {
  const [entry, ...more] = new BatchReader().read(bytes);
  if (entry?.type !== 'copy' || more.length > 0) throw protocolError('A copy of a session was expected');
  return entry.copy;
}
