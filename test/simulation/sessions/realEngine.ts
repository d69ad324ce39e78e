/** The real engine in the simulated world: its clock, its journal on the simulated disk, and the look inside that checkers need. */
import type { NodeId } from '../../../broker/base/ids.ts';
import { silentLog } from '../../../broker/base/log.ts';
import type { LinkState } from '../../../broker/cluster/peer.ts';
import type { Frame } from '../../../broker/cluster/wire/frameReader.ts';
import { HybridClock } from '../../../broker/cluster/hybridClock.ts';
import { SessionEngine } from '../../../broker/cluster/sessions/engine.ts';
import type { Durability } from '../../../broker/cluster/sessions/ports.ts';
import { EngineWatch, traceFrame, type TraceTo } from './engineTrace.ts';
import type { EngineFactory, EngineParts, SeenCopy, SimEngine } from './simEngine.ts';
import { openSimStore } from './simJournal.ts';

/** More than any workload queues for one device. */
const MAX_QUEUED = 100_000;

class RealEngine extends SessionEngine implements SimEngine {
  #self: NodeId | undefined;
  #trace: TraceTo | undefined;
  #watch: EngineWatch | undefined;

  set trace(to: TraceTo) {
    this.#trace = to;
    this.#watch = new EngineWatch(this, to);
  }

  override frame(link: LinkState, frame: Frame): void {
    if (this.#trace !== undefined) traceFrame(this.#trace, link.peer.nodeId, frame);
    super.frame(link, frame);
    this.#watch?.look();
  }

  override tick(nowMs: number): void {
    super.tick(nowMs);
    this.#watch?.look();
  }

  override turnEnd(): void {
    super.turnEnd();
    this.#watch?.look();
  }

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
      const clock = new HybridClock({ node: nodeId, clock: stream.clock, bound: parts.bound, log: silentLog });
      const live = { copies: () => made?.live.copies() ?? [], late: () => made?.live.late() ?? [] };
      const store = durability === 'memory' ? undefined : openSimStore(disk, act, live);
      const options = { durability, hasSeeds: true, maxQueued: MAX_QUEUED, upgradeQos: false, clock, journal: store?.journal };
      made = new RealEngine(options, host, stream, store?.recovered);
      made.self = nodeId;
      if (parts.trace !== undefined) made.trace = parts.trace;
      return made;
    });
    if (made === undefined) throw new Error('The core makes a stream at once');
    return made;
  };
}
