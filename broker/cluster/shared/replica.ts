/**
 * One node's copy of all shared tables: rows, what was seen of whom, and the latest writes by number. Three rules keep copies equal
 * after any history: of two writes of a key the one with the newer stamp wins (R34); a write whose number was seen already is never
 * taken again, so what was deleted stays deleted (C19); and what another copy has seen and no longer has is deleted here too.
 */
import type { NodeId } from '../../base/ids.ts';
import type { HybridClock } from '../hybridClock.ts';
import { SHARED_RELAY_RING, SHARED_RING } from '../limits.ts';
import type { HaveEntry } from '../wire/v1Shared.ts';
import { ChangeRing } from './changeRing.ts';
import { Actors, Have, type SharedActor } from './have.ts';
import { compareRows, rowOf, SharedRows, type SharedRow, type TableRows, type UnstampedRow } from './sharedRows.ts';

/** What is told of each row that is put in force or taken out. `row`: undefined when it is gone without a tombstone. */
export type RowListener = (table: TableRows, key: string, row: SharedRow | undefined, origin: 'local' | 'remote') => void;

/** Names of overwritten rows in one report; of more only the count is told. */
const MAX_NAMES = 10;
const MAX_NAME_CHARS = 64;

export interface ReplicaOptions {
  readonly nodeId: NodeId;
  readonly life: number;
  readonly clock: HybridClock;
  /** Writes of its own that are kept; `SHARED_RING` unless a test wants digests to be common. */
  readonly ring?: number;
  readonly changed: RowListener;
  /** A tombstone is gone. */
  readonly swept: (table: TableRows, key: string, row: SharedRow) => void;
}

export class Replica {
  readonly rows = new SharedRows();
  readonly have = new Have();
  readonly actors = new Actors();
  readonly #nodeId: NodeId;
  readonly #clock: HybridClock;
  readonly #ringSize: number;
  readonly #changed: RowListener;
  readonly #swept: ReplicaOptions['swept'];
  readonly #rings = new Map<SharedActor, ChangeRing>();
  #own: SharedActor;
  #ownRing: ChangeRing;
  /** Writes that were newer here than one that came: of two nodes at once, the other one's was discarded. */
  overwritten = 0;
  /** Some of them by name, for people: they are told, and forgotten with it. */
  overwrittenNames: string[] = [];

  constructor({ nodeId, life, clock, ring = SHARED_RING, changed, swept }: ReplicaOptions) {
    this.#nodeId = nodeId;
    this.#clock = clock;
    this.#ringSize = ring;
    this.#changed = changed;
    this.#swept = swept;
    this.#own = this.actors.of(nodeId, life);
    this.#ownRing = this.#begin();
  }

  /** This node in its present life as a writer. */
  get own(): SharedActor {
    return this.#own;
  }

  #begin(): ChangeRing {
    this.have.own = this.#own;
    const ring = new ChangeRing(this.#ringSize, this.have.seq(this.#own));
    this.#rings.set(this.#own, ring);
    return ring;
  }

  /** A write of this node. */
  write(table: TableRows, key: string, value: Uint8Array | undefined): SharedRow {
    const row = rowOf(value, this.#clock.nextAt(), this.#own, this.have.raiseOwn());
    this.#ownRing.push(row.seq, table, key);
    this.#put(table, key, row);
    return row;
  }

  /** The same with a row of the table's own form. */
  writeRow(table: TableRows, key: string, row: UnstampedRow): void {
    const seq = this.have.raiseOwn();
    row.stamp(this.#clock.nextAt(), this.#own, seq);
    this.#ownRing.push(seq, table, row.isSmall ? row : key);
    this.#put(table, key, row);
  }

  #put(table: TableRows, key: string, row: SharedRow): void {
    this.rows.set(table, key, row);
    this.#changed(table, key, row, 'local');
  }

  /** A row of the disk: no news to anybody. */
  restore(table: TableRows, key: string, row: SharedRow): void {
    this.rows.set(table, key, row);
    this.#clock.heard(row.at);
  }

  /** A write of another node. Unless `anyway`, one that was seen is left out. True when it is in force now. */
  accept(table: TableRows, key: string, row: SharedRow, anyway = false): boolean {
    if (!anyway && row.seq <= this.have.seq(row.actor)) return false;
    const before = this.rows.get(table, key);
    this.#clock.heard(row.at);
    if (before !== undefined && compareRows(before, row) >= 0) {
      if (before.actor.nodeId !== row.actor.nodeId) this.#lost(table, key);
      return false;
    }
    this.rows.set(table, key, row);
    this.#changed(table, key, row, 'remote');
    return true;
  }

  #lost(table: TableRows, key: string): void {
    this.overwritten += 1;
    if (this.overwrittenNames.length < MAX_NAMES) this.overwrittenNames.push(`${table.name} ${key.slice(0, MAX_NAME_CHARS)}`);
  }

  /** The writes of an actor behind `from` up to `to` have all come. */
  acceptRun(actor: SharedActor, from: number, to: number, rows: readonly { readonly table: TableRows; readonly key: string; readonly row: SharedRow }[]): void {
    const seen = this.have.seq(actor);
    if (to <= seen) return;
    const ring = this.#relayRing(actor, Math.max(from, seen));
    for (const { table, key, row } of rows) {
      if (row.seq <= seen) continue;
      this.accept(table, key, row);
      ring.push(row.seq, table, key);
    }
    this.have.raise(actor, to);
  }

  #relayRing(actor: SharedActor, from: number): ChangeRing {
    let ring = this.#rings.get(actor);
    if (ring === undefined) {
      this.#dropRingsOf(actor.nodeId);
      ring = new ChangeRing(Math.min(this.#ringSize, SHARED_RELAY_RING), from);
      this.#rings.set(actor, ring);
    }
    return ring;
  }

  /** Of each node only the present life is passed on by number: what is older is found by digests. */
  #dropRingsOf(nodeId: NodeId): void {
    for (const actor of this.#rings.keys()) if (actor.nodeId === nodeId && actor !== this.#own) this.#rings.delete(actor);
  }

  /** The latest writes of an actor; undefined when none are kept by number. */
  ring(actor: SharedActor): ChangeRing | undefined {
    return this.#rings.get(actor);
  }

  /** All that these entries tell was applied, though not write by write. */
  sawAll(entries: readonly HaveEntry[]): void {
    for (const { nodeId, life, seq } of entries) {
      const actor = this.actors.of(nodeId, life);
      if (actor !== this.#own && this.have.raise(actor, seq)) this.#rings.delete(actor);
    }
  }

  /** A row that another copy had seen and has no more. */
  forget(table: TableRows, key: string): void {
    this.rows.drop(table, key);
    this.#changed(table, key, undefined, 'remote');
  }

  /** Every member has seen the delete. One that returns and has not must hear of it by a digest: by number it is left out. */
  dropTombstone(table: TableRows, key: string, row: SharedRow): void {
    this.rows.dropTombstone(table, key);
    this.#rings.get(row.actor)?.trim(row.seq);
    this.#swept(table, key, row);
  }

  /** Everything is dropped, to be taken from another copy; what is written from now on is written in another life. */
  reset(life: number): void {
    const gone = [...this.rows.all()].map((table) => [table, [...table.rows.entries()].map(([key]) => key)] as const);
    this.rows.clear();
    this.have.clear();
    this.#rings.clear();
    this.#own = this.actors.of(this.#nodeId, life);
    this.#ownRing = this.#begin();
    for (const [table, keys] of gone) for (const key of keys) this.#changed(table, key, undefined, 'remote');
  }
}
