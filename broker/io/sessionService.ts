/**
 * Sessions that outlive their connections, joined to the world: the engine (cluster/sessions) as a part of this node's cluster, its journal
 * on this disk where `durability` asks for one. Opened before the broker, closed after it.
 */
import { BusbarError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { HybridClock } from '../cluster/hybridClock.ts';
import { SessionEngine } from '../cluster/sessions/engine.ts';
import type { SessionsHost, SessionsPort } from '../cluster/sessions/ports.ts';
import type { BrokerConfig } from '../config/config.ts';
import type { ClusterService } from './clusterService.ts';
import { SessionStore } from './storage/sessionStore.ts';

export interface SessionServiceOptions {
  readonly config: BrokerConfig;
  readonly log: Log;
}

export class SessionService {
  readonly #options: SessionServiceOptions;
  readonly #store: SessionStore | undefined;
  #engine: SessionEngine | undefined;

  /** Reads what the last life left. @throws BusbarError DATA_DIR_UNUSABLE */
  constructor(options: SessionServiceOptions) {
    this.#options = options;
    const { config, log } = options;
    const { durability, synchronous } = config.sessions;
    if (durability === 'memory') return;
    const onFailure = (error: Error): never => {
      // Nothing can be made safe any more: whoever waits for an acknowledgement must not wait for ever.
      log.error('session_store_failed', { reason: messageOf(error), hint: 'The node ends; other nodes continue its sessions.' });
      throw new BusbarError('INTERNAL', 'The thread that writes sessions has ended', { cause: error });
    };
    this.#store = SessionStore.open({ dataDir: config.node.dataDir, synchronous, log, nowMs: Date.now(), onFailure });
  }

  /** For `BrokerNode`: makes the engine when the broker is made. Once, before the cluster starts. */
  keep(cluster: ClusterService, clock: HybridClock): (host: SessionsHost) => SessionsPort {
    return (host) => {
      const { config } = this.#options;
      const store = this.#store;
      const live = { copies: () => this.#made.live.copies(), late: () => this.#made.live.late() };
      const journal = store?.journal(live);
      const options = {
        durability: config.sessions.durability,
        hasSeeds: cluster.expectsPeers,
        maxQueued: config.mqtt.maxMqueueLen,
        upgradeQos: config.mqtt.upgradeQos,
        clock,
        journal,
      };
      cluster.addStream((stream) => (this.#engine = new SessionEngine(options, host, stream, store?.recovered)));
      const engine = this.#made;
      cluster.covered = (nodeId) => engine.covers(nodeId);
      return engine;
    };
  }

  get #made(): SessionEngine {
    if (this.#engine === undefined) throw new BusbarError('INTERNAL', 'The engine of sessions is not made yet');
    return this.#engine;
  }

  /** Answers when all that was committed is safe. */
  async close(): Promise<void> {
    await this.#store?.close();
  }
}
