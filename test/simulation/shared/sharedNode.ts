/** A simulated node with shared tables: the real code, over a disk that keeps what was appended when the process dies. */
import type { NodeId } from '../../../broker/base/ids.ts';
import { HybridClock } from '../../../broker/cluster/hybridClock.ts';
import type { ClusterNode } from '../../../broker/cluster/clusterNode.ts';
import type { NodeIdentity } from '../../../broker/cluster/ports.ts';
import { MemberTable } from '../../../broker/cluster/shared/memberTable.ts';
import type { SharedSync } from '../../../broker/cluster/shared/sharedSync.ts';
import { SharedTables, type RowCodec, type SharedTable } from '../../../broker/cluster/shared/sharedTables.ts';
import type { SimNode } from '../simNode.ts';
import { SimDisk } from './disk.ts';

const TEXT: RowCodec<string> = { encode: (text) => Buffer.from(text), decode: (bytes) => Buffer.from(bytes).toString() };

export class SharedNode {
  readonly sim: SimNode;
  /** One for each node id this name ever had. */
  readonly disks = new Map<NodeId, SimDisk>();
  ring: number | undefined;
  /** With a member table; undefined: `members` says who is one. */
  membership: { readonly autoheal: boolean; readonly autocleanMs: number } | undefined;
  /** Times it was told to stand alone. */
  toldAlone = 0;
  /** Whose word tombstones wait for. */
  members: () => Iterable<NodeId> = () => [];
  /** Drops its copy at the next start, as a forgotten node does that joins again (R14). */
  joinsAnew = false;
  /** What its user was told: what is in force, row by row. */
  readonly told = new Map<string, string>();
  #tables: SharedTables | undefined;
  #sync: SharedSync | undefined;
  #memberTable: MemberTable | undefined;
  readonly #open = new Map<string, SharedTable<string>>();

  constructor(sim: SimNode) {
    this.sim = sim;
    sim.equip = (cluster, identity) => {
      const disk = this.disks.get(identity.nodeId) ?? new SimDisk();
      this.disks.set(identity.nodeId, disk);
      const clock = new HybridClock({ node: identity.nodeId, clock: sim.clock, bound: disk.bound, log: sim.log });
      const tables = new SharedTables({ identity, clock, store: disk, log: sim.log, ...(this.ring === undefined ? {} : { ring: this.ring }) });
      this.#tables = tables;
      this.#open.clear();
      this.told.clear();
      if (this.joinsAnew) tables.reset(sim.clock.wallMs());
      this.joinsAnew = false;
      for (const name of ['users', 'bans']) this.#openTable(tables, name);
      const roster = this.membership && this.#roster(tables, cluster, identity);
      cluster.core.addStream((host) => {
        const stream = tables.attach(host);
        this.#sync = stream.sync;
        stream.sync.members = () => (roster === undefined ? this.members() : roster.memberIds());
        return { ...stream, tick: (nowMs) => (stream.tick(nowMs), roster?.tick(nowMs)) };
      });
      roster?.start(cluster.core, sim.address);
    };
  }

  #roster(tables: SharedTables, cluster: ClusterNode, self: NodeIdentity): MemberTable {
    const roster = new MemberTable({ tables, self, autoheal: true, autocleanMs: Number.POSITIVE_INFINITY, ...this.membership, onAlone: () => (this.toldAlone += 1), log: this.sim.log });
    cluster.core.isGone = (nodeId) => roster.isGone(nodeId);
    this.#memberTable = roster;
    return roster;
  }

  get roster(): MemberTable {
    if (this.#memberTable === undefined) throw new Error(`${this.sim.name} has no member table`);
    return this.#memberTable;
  }

  #openTable(tables: SharedTables, name: string): void {
    const listen = (key: string, value: string | undefined) => {
      if (value === undefined) this.told.delete(`${name}/${key}`);
      else this.told.set(`${name}/${key}`, value);
    };
    const table = tables.open(name, TEXT, listen);
    for (const [key, value] of table.entries()) listen(key, value);
    this.#open.set(name, table);
  }

  /** The disk in use. */
  get disk(): SimDisk {
    const disk = this.disks.get(this.sim.nodeId);
    if (disk === undefined) throw new Error(`${this.sim.name} has not run yet`);
    return disk;
  }

  get tables(): SharedTables {
    if (this.#tables === undefined) throw new Error(`${this.sim.name} has not run yet`);
    return this.#tables;
  }

  get sync(): SharedSync {
    if (this.#sync === undefined) throw new Error(`${this.sim.name} has not run yet`);
    return this.#sync;
  }

  table(name: string): SharedTable<string> {
    const table = this.#open.get(name);
    if (table === undefined) throw new Error(`There is no table ${name}`);
    return table;
  }

  /** All rows with their stamps, as text. */
  get copy(): string[] {
    return [...this.tables.all()].map(({ table, key, value, at }) => `${table}/${key}=${Buffer.from(value ?? []).toString()}@${at}`).sort();
  }
}
