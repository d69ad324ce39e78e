/**
 * Joining, leaving and removing (R11-R13), for REST and the command line. Joining takes the tables of the other cluster in place of
 * the own ones, which are kept in a file first; a join that fails leaves everything as it was.
 */
import { mkdir } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { BusbarError } from '../base/errors.ts';
import type { Millis, NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { ClusterNode } from '../cluster/clusterNode.ts';
import { addressKey, type Address } from '../cluster/ports.ts';
import type { MemberTable } from '../cluster/shared/memberTable.ts';
import type { SharedSync } from '../cluster/shared/sharedSync.ts';
import type { SharedTables } from '../cluster/shared/sharedTables.ts';
import { writeFileAtomically } from './atomicFile.ts';
import { systemClock } from './peerLinks.ts';

export interface ClusterMembershipOptions {
  readonly self: NodeName;
  readonly dataDir: string;
  readonly node: ClusterNode;
  readonly members: MemberTable;
  readonly tables: SharedTables;
  readonly sync: SharedSync;
  /** Whether others are looked for, from now on and after a restart. */
  readonly setDiscovery: (enabled: boolean) => Promise<void>;
  readonly log: Log;
}

/** A node that does not answer or does not hand over its tables in this time is not joined. */
const JOIN_MS: Millis = 20_000;
/** Peers that have not heard of our leaving by then learn it later. */
const LEAVE_MS: Millis = 2_000;
const LOOK_MS: Millis = 20;

export class ClusterMembership {
  readonly #options: ClusterMembershipOptions;
  #busy = false;

  constructor(options: ClusterMembershipOptions) {
    this.#options = options;
  }

  /** One change of membership at a time. */
  async #alone<T>(task: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new BusbarError('NODE_BUSY', 'This node is joining or leaving already');
    this.#busy = true;
    try {
      return await task();
    } finally {
      this.#busy = false;
    }
  }

  get #linked(): readonly NodeName[] {
    return this.#options.node.core.members().flatMap(({ node, status }) => (node !== this.#options.self && status === 'running' ? [node] : []));
  }

  /** Rejects with CLUSTER_JOIN_FAILED, and then nothing has changed; or with NODE_BUSY. Answers when the tables are the same as there. */
  join(address: Address): Promise<void> {
    return this.#alone(async () => {
      const { tables, members, log, self, setDiscovery } = this.#options;
      if (this.#linked.length > 0) throw new BusbarError('CLUSTER_JOIN_FAILED', `${self} is in a cluster with ${this.#linked.join(', ')}`, { hint: 'Let it leave that cluster first.' });
      const before = tables.snapshot();
      const wasAlone = members.alone;
      const backup = await this.#backup();
      tables.reset(systemClock.wallMs());
      members.goTogether();
      try {
        await this.#meet(address);
      } catch (error) {
        members.goAlone();
        tables.restore(before, systemClock.wallMs());
        if (!wasAlone) members.goTogether();
        throw error;
      }
      tables.persist();
      await setDiscovery(true);
      log.info('cluster_joined', { node: self, by: addressKey(address), backup });
    });
  }

  /** Dials until there is a link and the tables of the other side are here. */
  async #meet(address: Address): Promise<void> {
    const { node, sync } = this.#options;
    node.join(address);
    const endMs = systemClock.monotonicMs() + JOIN_MS;
    while (this.#linked.length === 0 || !sync.settled) {
      if (systemClock.monotonicMs() >= endMs) {
        const reason = node.dialReason(address) ?? 'no answer';
        throw new BusbarError('CLUSTER_JOIN_FAILED', `${addressKey(address)} could not be joined: ${reason}`);
      }
      await pause(LOOK_MS);
    }
  }

  /** All rows as lines of JSON, values in base64. */
  async #backup(): Promise<string> {
    const { dataDir, tables } = this.#options;
    const folder = joinPath(dataDir, 'backup');
    const path = joinPath(folder, `shared-${new Date(systemClock.wallMs()).toISOString().replaceAll(':', '')}.jsonl`);
    const lines = [...tables.all()].map((row) => JSON.stringify({ ...row, value: Buffer.from(row.value ?? []).toString('base64') }));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomically(path, lines.join('\n') + '\n', 0o600);
    return path;
  }

  /** This node tells everybody, ends its links, and looks for nobody any more, not after a restart either. It keeps a copy of the tables. */
  leave(): Promise<void> {
    return this.#alone(async () => {
      const { members, tables, sync, setDiscovery, log, self } = this.#options;
      const others = [...members.memberIds()];
      members.announceLeave();
      const endMs = systemClock.monotonicMs() + LEAVE_MS;
      while (this.#linked.length > 0 && others.some((nodeId) => (sync.lag(nodeId) ?? 0) > 0) && systemClock.monotonicMs() < endMs) await pause(LOOK_MS);
      members.goAlone();
      await setDiscovery(false);
      tables.persist();
      log.info('cluster_left', { node: self });
    });
  }

  /** A running member leaves; one that is away is forgotten. Throws NODE_UNKNOWN. */
  forceLeave(name: NodeName): void {
    const { members, self, tables } = this.#options;
    if (name === self) throw new BusbarError('NODE_UNKNOWN', `${name} is this node`, { hint: 'Run cluster leave on it.' });
    if (!members.remove(name, this.#linked.includes(name))) throw new BusbarError('NODE_UNKNOWN', `There is no member ${name}`);
    tables.persist();
  }
}

function pause(ms: Millis): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
