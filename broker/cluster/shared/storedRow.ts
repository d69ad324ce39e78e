/** A row as it is kept on disk and in backups. */
import type { NodeId } from '../../base/ids.ts';
import type { SharedRow } from './sharedRows.ts';

export interface StoredRow {
  readonly table: string;
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly at: number;
  readonly nodeId: NodeId;
  readonly life: number;
  readonly seq: number;
}

/** A key that has neither a row nor a tombstone any more. */
export interface GoneRow {
  readonly table: string;
  readonly key: string;
  readonly gone: true;
}

export function storedRow(table: string, key: string, { value, at, actor, seq }: SharedRow): StoredRow {
  return { table, key, value, at, nodeId: actor.nodeId, life: actor.life, seq };
}
