/**
 * When tombstones may go (R37): every member, up or stopped, has said to have seen the delete. An absent member therefore holds
 * them, so that of writes on both sides of a split the newer one wins exactly. Beyond the bound the oldest go all the same: no
 * deleted row comes back then, since its number was seen (replica.ts); only a write of the absent side that is older than the delete
 * may come through.
 */
import type { Log } from '../../base/log.ts';
import type { NodeId } from '../../base/ids.ts';
import type { Have } from './have.ts';
import type { Replica } from './replica.ts';

/** Looked at in one tick. */
const SWEEP = 20_000;

export class Tombstones {
  readonly #replica: Replica;
  readonly #log: Log;
  readonly #bound: number;
  /** What each node said last to have seen, while it is a member. */
  readonly #told = new Map<NodeId, Have>();
  #alarmed = false;
  members: () => Iterable<NodeId> = () => this.#told.keys();

  constructor(replica: Replica, log: Log, bound: number) {
    this.#replica = replica;
    this.#log = log;
    this.#bound = bound;
  }

  told(nodeId: NodeId, have: Have): void {
    this.#told.set(nodeId, have);
  }

  reported(nodeId: NodeId): Have | undefined {
    return this.#told.get(nodeId);
  }

  /** No other node can have the row of a delete, so that nobody has to hear of it. */
  get isAlone(): boolean {
    for (const nodeId of this.members()) if (nodeId !== this.#replica.own.nodeId) return false;
    return true;
  }

  /** A slice of the tombstones, oldest first. */
  sweep(): void {
    const { rows } = this.#replica;
    if (rows.tombstones === 0) {
      this.#alarmed = false;
      return;
    }
    const members = [...this.members()].filter((nodeId) => nodeId !== this.#replica.own.nodeId);
    const told = members.map((nodeId) => this.#told.get(nodeId));
    let left = SWEEP;
    for (const table of rows.all()) {
      for (const [key, row] of table.tombstones) {
        left -= 1;
        if (left < 0) break;
        const full = rows.tombstones > this.#bound;
        if (!full && !told.every((have) => have !== undefined && have.seq(row.actor) >= row.seq)) break;
        if (full) this.#alarm(members.filter((_, index) => (told[index]?.seq(row.actor) ?? 0) < row.seq));
        this.#replica.dropTombstone(table, key, row);
      }
    }
  }

  #alarm(absent: readonly NodeId[]): void {
    if (this.#alarmed) return;
    this.#alarmed = true;
    const hint = 'Start these nodes, or remove them with cluster force-leave.';
    this.#log.warn('shared_tombstones_bound', { limit: this.#bound, wait_for: absent, hint });
  }
}
