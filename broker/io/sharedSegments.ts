/**
 * Rows of bulk tables as they lie in the file of the shared tables: those of one batch together in one blob, which costs a tenth of a row
 * of SQLite for each. u8 version, then parts: 3 = table and writer of the rows behind it, 0 = a row, 1 = a tombstone, 2 = the key has
 * neither any more. Later segments count more than earlier ones.
 */
import type { NodeId } from '../base/ids.ts';
import type { GoneRow, StoredRow } from '../cluster/shared/sharedTables.ts';
import { BodyReader, FrameWriter } from '../cluster/wire/bytes.ts';

const VERSION = 1;
const LIVE = 0;
const TOMBSTONE = 1;
const GONE = 2;
const WRITER = 3;
const NODE_ID_BYTES = 16;
/** About what a row takes. */
const ROW_BYTES = 192;

export type SegmentRow = StoredRow | GoneRow;

/** The bytes are nobody else's. */
export function encodeSegment(rows: readonly StoredRow[], gone: readonly GoneRow[]): Uint8Array {
  const writer = new FrameWriter(0, 0, 64 + (rows.length + gone.length) * ROW_BYTES);
  writer.u8(VERSION);
  let last: StoredRow | undefined;
  for (const row of rows) {
    if (last === undefined || row.table !== last.table || row.nodeId !== last.nodeId || row.life !== last.life) {
      writer.u8(WRITER).text(row.table).hex(row.nodeId).u64(row.life);
      last = row;
    }
    writer.u8(row.value === undefined ? TOMBSTONE : LIVE).text(row.key).u64(row.at).u64(row.seq);
    if (row.value !== undefined) writer.u32(row.value.length).raw(row.value);
  }
  for (const { table, key } of gone) writer.u8(GONE).text(table).text(key);
  return writer.body();
}

/** Throws where the bytes are no segment of this version. */
export function* decodeSegment(bytes: Uint8Array): Generator<SegmentRow, void, undefined> {
  const reader = new BodyReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  const version = reader.u8();
  if (version !== VERSION) throw new Error(`a segment of version ${version} is unknown`);
  let writer = { table: '', nodeId: '' as NodeId, life: 0 };
  while (reader.left > 0) {
    const kind = reader.u8();
    if (kind === WRITER) writer = { table: reader.text(), nodeId: reader.hex(NODE_ID_BYTES) as NodeId, life: reader.u64() };
    else if (kind === GONE) yield { table: reader.text(), key: reader.text(), gone: true };
    else {
      const [key, at, seq] = [reader.text(), reader.u64(), reader.u64()];
      // A copy: the segment has room for thousands.
      const value = kind === LIVE ? new Uint8Array(reader.raw(reader.u32())) : undefined;
      yield { ...writer, key, value, at, seq };
    }
  }
}
