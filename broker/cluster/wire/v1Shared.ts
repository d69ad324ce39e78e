/** Frames of the shared tables in wire version 1, frozen with v1.ts; golden bytes in v1Shared.test.ts. Kinds 0x70 to 0x7F. */
import type { NodeId } from '../../base/ids.ts';
import { BodyReader, FrameWriter, protocolError } from './bytes.ts';

export const SharedKind = { have: 0x70, changes: 0x71, pull: 0x72, digest: 0x73, differ: 0x74, rows: 0x75, repaired: 0x76 } as const;
export const SHARED_KINDS = { from: 0x70, to: 0x7f } as const;

/** Rows are told apart by the hash of table and key; a digest has one sum for each. */
export const BUCKETS = 256;
const BITMAP_BYTES = BUCKETS / 8;
const NODE_ID_BYTES = 16;
const WHOLE = 1;
const AUDIT = 1;
const TOMBSTONE = 0;
const VALUE = 1;

/** One life of one node, as a writer of rows. */
export interface WireActor {
  readonly nodeId: NodeId;
  readonly life: number;
}

/** All writes of an actor up to this one were seen. */
export interface HaveEntry extends WireActor {
  readonly seq: number;
}

export interface WireRow {
  readonly table: string;
  readonly key: string;
  /** Index into the actors of the frame. */
  readonly actor: number;
  readonly seq: number;
  readonly at: number;
  /** undefined: a tombstone. */
  readonly value: Uint8Array | undefined;
}

/** What the sender has seen. `whole`: entries that are not in it are 0; otherwise they are as they were told before. */
export interface HaveFrame {
  readonly whole: boolean;
  /** The sender's present life as a writer. */
  readonly life: number;
  readonly entries: readonly HaveEntry[];
}

/** The writes of one actor behind `from` up to `to`; those that were overwritten meanwhile are left out. */
export interface ChangesFrame {
  readonly actor: WireActor;
  readonly from: number;
  readonly to: number;
  readonly rows: readonly WireRow[];
}

/** "Send me the writes of this actor behind `seq`." */
export type PullFrame = HaveEntry;

/** Asks for all rows in buckets that differ. An audit is answered only by a node that has seen exactly the same writes. */
export interface DigestFrame {
  readonly audit: boolean;
  readonly haveHash: number;
  readonly sums: Uint32Array;
}

/** The answer to a digest begins: the buckets whose rows follow, as a bitmap. */
export interface DifferFrame {
  readonly audit: boolean;
  readonly buckets: Uint8Array;
}

export interface RowsFrame {
  readonly actors: readonly WireActor[];
  readonly rows: readonly WireRow[];
}

function writeActor(frame: FrameWriter, { nodeId, life }: WireActor): FrameWriter {
  return frame.hex(nodeId).u64(life);
}

function readActor(reader: BodyReader): WireActor {
  return { nodeId: reader.hex(NODE_ID_BYTES) as NodeId, life: reader.u64() };
}

function writeEntries(frame: FrameWriter, entries: readonly HaveEntry[]): void {
  frame.u32(entries.length);
  for (const entry of entries) writeActor(frame, entry).u64(entry.seq);
}

function readEntries(reader: BodyReader): HaveEntry[] {
  const count = reader.u32();
  const entries: HaveEntry[] = [];
  for (let index = 0; index < count; index += 1) entries.push({ ...readActor(reader), seq: reader.u64() });
  return entries;
}

function writeRow(frame: FrameWriter, { table, key, seq, at, value }: Omit<WireRow, 'actor'>): void {
  frame.text(table).text(key).u64(seq).u64(at);
  if (value === undefined) frame.u8(TOMBSTONE);
  else frame.u8(VALUE).u32(value.length).raw(value);
}

function readRow(reader: BodyReader, actor: number): WireRow {
  const [table, key, seq, at, kind] = [reader.text(), reader.text(), reader.u64(), reader.u64(), reader.u8()];
  if (kind > VALUE) throw protocolError('A shared row is neither a value nor a tombstone');
  // The frame's bytes are used again for the next one.
  const value = kind === VALUE ? Buffer.from(reader.raw(reader.u32())) : undefined;
  return { table, key, actor, seq, at, value };
}

/** About the bytes a row takes in a frame. */
export function rowBytes(row: { readonly key: string; readonly value: Uint8Array | undefined }): number {
  return 48 + row.key.length + (row.value?.length ?? 0);
}

export function encodeHave({ whole, life, entries }: HaveFrame): Buffer {
  const frame = new FrameWriter(SharedKind.have, whole ? WHOLE : 0, 16 + entries.length * 32).u64(life);
  writeEntries(frame, entries);
  return frame.end();
}

export function decodeHave(flags: number, body: Buffer): HaveFrame {
  const reader = new BodyReader(body);
  const have = { whole: (flags & WHOLE) !== 0, life: reader.u64(), entries: readEntries(reader) };
  reader.end();
  return have;
}

export function encodeChanges({ actor, from, to, rows }: ChangesFrame): Buffer {
  const frame = new FrameWriter(SharedKind.changes, 0, 256);
  writeActor(frame, actor).u64(from).u64(to).u32(rows.length);
  for (const row of rows) writeRow(frame, row);
  return frame.end();
}

export function decodeChanges(body: Buffer): ChangesFrame {
  const reader = new BodyReader(body);
  const [actor, from, to, count] = [readActor(reader), reader.u64(), reader.u64(), reader.u32()];
  const rows: WireRow[] = [];
  for (let index = 0; index < count; index += 1) rows.push(readRow(reader, 0));
  reader.end();
  return { actor, from, to, rows };
}

export function encodeSharedPull(pull: PullFrame): Buffer {
  return writeActor(new FrameWriter(SharedKind.pull, 0, 32), pull).u64(pull.seq).end();
}

export function decodeSharedPull(body: Buffer): PullFrame {
  const reader = new BodyReader(body);
  const pull = { ...readActor(reader), seq: reader.u64() };
  reader.end();
  return pull;
}

export function encodeDigest({ audit, haveHash, sums }: DigestFrame): Buffer {
  const frame = new FrameWriter(SharedKind.digest, audit ? AUDIT : 0, 4 + BUCKETS * 4).u32(haveHash);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) frame.u32(sums[bucket] ?? 0);
  return frame.end();
}

export function decodeDigest(flags: number, body: Buffer): DigestFrame {
  const reader = new BodyReader(body);
  const haveHash = reader.u32();
  const sums = new Uint32Array(BUCKETS);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) sums[bucket] = reader.u32();
  reader.end();
  return { audit: (flags & AUDIT) !== 0, haveHash, sums };
}

export function encodeDiffer({ audit, buckets }: DifferFrame): Buffer {
  return new FrameWriter(SharedKind.differ, audit ? AUDIT : 0, BITMAP_BYTES).raw(buckets).end();
}

export function decodeDiffer(flags: number, body: Buffer): DifferFrame {
  if (body.length !== BITMAP_BYTES) throw protocolError('A bitmap of buckets has another length than 32 bytes');
  return { audit: (flags & AUDIT) !== 0, buckets: Uint8Array.from(body) };
}

export function encodeSharedRows({ actors, rows }: RowsFrame): Buffer {
  const frame = new FrameWriter(SharedKind.rows, 0, 1_024).u16(actors.length);
  for (const actor of actors) writeActor(frame, actor);
  frame.u32(rows.length);
  for (const row of rows) writeRow(frame.u16(row.actor), row);
  return frame.end();
}

export function decodeSharedRows(body: Buffer): RowsFrame {
  const reader = new BodyReader(body);
  const actors: WireActor[] = [];
  for (let left = reader.u16(); left > 0; left -= 1) actors.push(readActor(reader));
  const rows: WireRow[] = [];
  for (let left = reader.u32(); left > 0; left -= 1) {
    const actor = reader.u16();
    if (actor >= actors.length) throw protocolError('A shared row names an actor that its frame does not have');
    rows.push(readRow(reader, actor));
  }
  reader.end();
  return { actors, rows };
}

/** The answer to a digest is complete: whoever applied it has seen what the sender had seen when it began. */
export function encodeRepaired(entries: readonly HaveEntry[]): Buffer {
  const frame = new FrameWriter(SharedKind.repaired, 0, 16 + entries.length * 32);
  writeEntries(frame, entries);
  return frame.end();
}

export function decodeRepaired(body: Buffer): HaveEntry[] {
  const reader = new BodyReader(body);
  const entries = readEntries(reader);
  reader.end();
  return entries;
}
