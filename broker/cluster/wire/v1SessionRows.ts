/** Rows of the registry of sessions in wire version 1, frozen with v1.ts (cluster-protocol R26, R31). */
import type { NodeId } from '../../base/ids.ts';
import { BodyReader, FrameWriter, protocolError } from './bytes.ts';
import { SessionKind } from './v1Sessions.ts';

export type RowRole = 'owner' | 'frozen' | 'yield';

/** What a node says of a session it has. Times are hybrid (stamp.ts); without a copy only `connectedAt` is meant. */
export interface SessionRow {
  readonly clientId: string;
  readonly role: RowRole;
  readonly durable: boolean;
  readonly owner: NodeId;
  readonly connectedAt: number;
  readonly epoch: number;
  readonly lastConn: number;
  readonly resetAt: number;
  /** Which freeze this is, of a frozen or yielding copy; a FLUSH is for one freeze. */
  readonly freeze: number;
  readonly to: NodeId | null;
  readonly backup: NodeId | null;
  /** The backup has confirmed a whole copy. */
  readonly backed: boolean;
  /** Filters of its subscriptions, shared ones excepted. */
  readonly filters: readonly string[];
}

const ROLES: readonly RowRole[] = ['owner', 'frozen', 'yield'];
const ROLE_MASK = 0x03;
const DURABLE = 0x04;
const BACKED = 0x08;
const HAS_TO = 0x10;
const HAS_BACKUP = 0x20;
const NODE_ID_BYTES = 16;
const LAST = 0x01;
const REMOVED = 0x02;
const MOVED = 0x04;

export function writeRow(writer: FrameWriter, row: SessionRow): void {
  const { role, durable, backed, to, backup, filters } = row;
  writer.u8(ROLES.indexOf(role) | (durable ? DURABLE : 0) | (backed ? BACKED : 0) | (to === null ? 0 : HAS_TO) | (backup === null ? 0 : HAS_BACKUP));
  writer.text(row.clientId).u64(row.connectedAt);
  if (!durable) return;
  writer.u64(row.epoch).u64(row.lastConn).u64(row.resetAt).u64(row.freeze);
  if (to !== null) writer.hex(to);
  if (backup !== null) writer.hex(backup);
  writer.u32(filters.length);
  for (const filter of filters) writer.text(filter);
}

export function readRow(reader: BodyReader, owner: NodeId): SessionRow {
  const flags = reader.u8();
  const role = ROLES[flags & ROLE_MASK];
  if (role === undefined) throw protocolError('A session has an unknown role');
  const clientId = reader.text();
  const connectedAt = reader.u64();
  const durable = (flags & DURABLE) !== 0;
  if (!durable)
    return { clientId, role, durable, owner, connectedAt, epoch: 0, lastConn: 0, resetAt: 0, freeze: 0, to: null, backup: null, backed: false, filters: [] };
  const epoch = reader.u64();
  const lastConn = reader.u64();
  const resetAt = reader.u64();
  const freeze = reader.u64();
  const to = (flags & HAS_TO) === 0 ? null : (reader.hex(NODE_ID_BYTES) as NodeId);
  const backup = (flags & HAS_BACKUP) === 0 ? null : (reader.hex(NODE_ID_BYTES) as NodeId);
  const filters: string[] = [];
  for (let left = reader.u32(); left > 0; left -= 1) filters.push(reader.text());
  return { clientId, role, durable, owner, connectedAt, epoch, lastConn, resetAt, freeze, to, backup, backed: (flags & BACKED) !== 0, filters };
}

/** A slice of all rows of the sender; the last one makes them valid. */
export function encodeSnapshot(rows: readonly SessionRow[], last: boolean, at: number): Buffer {
  const writer = new FrameWriter(SessionKind.snapshot, last ? LAST : 0, 16 + 128 * rows.length).u64(at).u32(rows.length);
  for (const row of rows) writeRow(writer, row);
  return writer.end();
}

export function decodeSnapshot(flags: number, body: Buffer, owner: NodeId): { readonly rows: SessionRow[]; readonly last: boolean; readonly at: number } {
  const reader = new BodyReader(body);
  const at = reader.u64();
  const rows: SessionRow[] = [];
  for (let left = reader.u32(); left > 0; left -= 1) rows.push(readRow(reader, owner));
  reader.end();
  return { rows, last: (flags & LAST) !== 0, at };
}

/** One row has changed, or is gone: `movedTo` another node, which has it as `lastRow` says until it is heard of (R31). */
export interface RowChange {
  readonly clientId: string;
  readonly row: SessionRow | undefined;
  readonly movedTo: NodeId | undefined;
  readonly lastRow: SessionRow | undefined;
  /** The session has ended: nobody needs a copy that was last connected before this. 0 = not so. */
  readonly endedAt: number;
  /**
   * Hybrid time of the sender: who knows a row stamps messages later than all that it tells of, so that no message for a subscription
   * passes for one of before it.
   */
  readonly at: number;
}

export function encodeRowChange({ clientId, row, movedTo, lastRow, endedAt, at }: RowChange): Buffer {
  if (row !== undefined) {
    const writer = new FrameWriter(SessionKind.row, 0, 160).u64(at);
    writeRow(writer, row);
    return writer.end();
  }
  const moved = movedTo !== undefined && lastRow !== undefined;
  const writer = new FrameWriter(SessionKind.row, REMOVED | (moved ? MOVED : 0), 160).u64(at).text(clientId).u64(endedAt);
  if (moved) {
    writer.hex(movedTo);
    writeRow(writer, lastRow);
  }
  return writer.end();
}

export function decodeRowChange(flags: number, body: Buffer, owner: NodeId): RowChange {
  const reader = new BodyReader(body);
  const at = reader.u64();
  if ((flags & REMOVED) === 0) {
    const row = readRow(reader, owner);
    reader.end();
    return { clientId: row.clientId, row, movedTo: undefined, lastRow: undefined, endedAt: 0, at };
  }
  const clientId = reader.text();
  const endedAt = reader.u64();
  const movedTo = (flags & MOVED) === 0 ? undefined : (reader.hex(NODE_ID_BYTES) as NodeId);
  const lastRow = movedTo === undefined ? undefined : readRow(reader, movedTo);
  reader.end();
  return { clientId, row: undefined, movedTo, lastRow, endedAt, at };
}
