/** The real engine in the simulated world: its clock, its journal on the simulated disk, and the look inside that checkers need. */
import type { NodeId } from '../../../broker/base/ids.ts';
import { silentLog } from '../../../broker/base/log.ts';
import { HybridClock, volatileBound } from '../../../broker/cluster/hybridClock.ts';
import { SessionEngine } from '../../../broker/cluster/sessions/engine.ts';
import type { Durability } from '../../../broker/cluster/sessions/ports.ts';
import type { EngineFactory, EngineParts, SeenCopy, SimEngine } from './simEngine.ts';
import { openSimStore } from './simJournal.ts';

/** More than any workload queues for one device. */
const MAX_QUEUED = 100_000;

class RealEngine extends SessionEngine implements SimEngine {
  #self: NodeId | undefined;

  set self(nodeId: NodeId) {
    this.#self = nodeId;
  }

  copies(): SeenCopy[] {
    const { copies } = this.inspection;
    return [...copies.all()].map((held) => ({
      clientId: held.clientId,
      role: held.copy.role,
      owner: held.copy.owner,
      backup: held.copy.backup,
      confirmed: copies.isSecured(held),
      connected: held.online,
      items: held.copy.items.size,
      subscriptions: [...held.interests.keys()],
      remembered: { done: held.copy.done.size, lineages: held.copy.seen.size },
    }));
  }

  rowsOf(node: NodeId): string[] {
    const { copies, peers } = this.inspection;
    if (node === this.#self)
      return [...copies.all()]
        .filter(({ copy }) => copy.role !== 'backup')
        .map(({ clientId }) => clientId)
        .sort();
    const rows = peers.get(node)?.rows.values() ?? [];
    return [...rows]
      .filter(({ durable }) => durable)
      .map(({ clientId }) => clientId)
      .sort();
  }
}

export function realEngine(durability: Durability): EngineFactory {
  return (parts: EngineParts) => {
    const { cluster, nodeId, host, disk, act } = parts;
    let made: RealEngine | undefined;
    cluster.core.addStream((stream) => {
      const clock = new HybridClock({ node: nodeId, clock: stream.clock, bound: volatileBound(), log: silentLog });
      const live = { copies: () => made?.live.copies() ?? [], late: () => made?.live.late() ?? [] };
      const store = durability === 'memory' ? undefined : openSimStore(disk, act, stream.clock.wallMs(), live);
      const options = { durability, hasSeeds: true, maxQueued: MAX_QUEUED, upgradeQos: false, clock, journal: store?.journal };
      made = new RealEngine(options, host, stream, store?.recovered);
      made.self = nodeId;
      return made;
    });
    if (made === undefined) throw new Error('The core makes a stream at once');
    return made;
  };
}
