/** What all nodes of the cluster share, as this node has it: the tables, their clock and their file. Opened before its users. */
import type { Disposable } from '../base/disposable.ts';
import type { NodeId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { HybridClock } from '../cluster/hybridClock.ts';
import { SharedTables } from '../cluster/shared/sharedTables.ts';
import { systemClock } from './peerLinks.ts';
import { SharedStore } from './sharedStore.ts';

export interface SharedStateOptions {
  readonly dataDir: string;
  readonly life: { readonly nodeId: NodeId; readonly incarnation: number; readonly isCopy?: boolean };
  readonly log: Log;
}

export class SharedState implements Disposable {
  readonly tables: SharedTables;
  /** Stamps of whatever this node writes. */
  readonly clock: HybridClock;
  readonly #store: SharedStore;

  /** Throws DATA_DIR_UNUSABLE; a damaged file is moved aside and told of. */
  constructor({ dataDir, life, log }: SharedStateOptions) {
    this.#store = SharedStore.open(dataDir, log, systemClock.wallMs());
    if (life.isCopy === true) this.#store.forgetMembers();
    this.clock = new HybridClock({ node: life.nodeId, clock: systemClock, bound: this.#store.bound, log });
    this.tables = new SharedTables({ identity: life, clock: this.clock, store: this.#store, log });
  }

  dispose(): void {
    try {
      this.tables.flush();
    } finally {
      this.#store.close();
    }
  }
}
