/**
 * Sessions that outlive their connections, joined to the world: the engine (cluster/sessions) as a part of this node's cluster, its journal
 * where `durability` asks for one: on this disk, or in a Redis that all nodes reach (R71). Opened before the broker, closed after it.
 */
import { BusbarError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { HybridClock } from '../cluster/hybridClock.ts';
import type { ExternalSessionsPort, SessionJournal, StoredSessions } from '../cluster/sessions/desk.ts';
import { SessionEngine } from '../cluster/sessions/engine.ts';
import type { SessionsHost, SessionsPort } from '../cluster/sessions/ports.ts';
import type { BrokerConfig } from '../config/config.ts';
import type { LiveSessions } from '../storage/journal.ts';
import type { ClusterService } from './clusterService.ts';
import type { FaultAlarms } from './faults/faultControl.ts';
import { RedisSessions } from './storage/redisSessions.ts';
import { SessionStore } from './storage/sessionStore.ts';
import type { NodeId } from '../base/ids.ts';

export interface SessionServiceOptions {
  readonly config: BrokerConfig;
  readonly nodeId: NodeId;
  readonly clock: HybridClock;
  readonly log: Log;
}

/** Where the engine keeps what changes, and what it had kept. */
interface Kept {
  readonly stored: StoredSessions | undefined;
  readonly external?: ExternalSessionsPort;
  /** `engine` is there when the first change is. */
  journal(live: LiveSessions, engine: () => SessionEngine): SessionJournal | undefined;
  close(): Promise<void>;
}

const IN_MEMORY: Kept = { stored: undefined, journal: () => undefined, close: async () => {} };

export class SessionService {
  readonly #options: SessionServiceOptions;
  readonly #kept: Kept;
  readonly #redis: RedisSessions | undefined;
  #engine: SessionEngine | undefined;

  /**
   * Reads what the last life left. With Redis it waits until that answers: a client that was told that its session is not there would
   * lose it. @throws BusbarError DATA_DIR_UNUSABLE, CONFIG_FILE_UNREADABLE
   */
  static async open(options: SessionServiceOptions): Promise<SessionService> {
    const { config, nodeId, clock, log } = options;
    const { redis } = config.sessions;
    if (redis === undefined) return new SessionService(options, onThisDisk(options), undefined);
    const sessions = await RedisSessions.open({ config: redis, owner: nodeId, name: config.node.name, clock, log });
    return new SessionService(options, sessions, sessions);
  }

  private constructor(options: SessionServiceOptions, kept: Kept, redis: RedisSessions | undefined) {
    this.#options = options;
    this.#kept = kept;
    this.#redis = redis;
  }

  /** For `BrokerNode`: makes the engine when the broker is made. Once, before the cluster starts. */
  keep(cluster: ClusterService): (host: SessionsHost) => SessionsPort {
    return (host) => {
      const { config, clock } = this.#options;
      const live = { copies: () => this.#made.live.copies(), late: () => this.#made.live.late() };
      const options = {
        // The store has what a second node would have.
        durability: this.#redis === undefined ? config.sessions.durability : ('disk' as const),
        hasSeeds: cluster.expectsPeers,
        maxQueued: config.mqtt.maxMqueueLen,
        upgradeQos: config.mqtt.upgradeQos,
        clock,
        journal: this.#kept.journal(live, () => this.#made),
        external: this.#kept.external,
      };
      cluster.addStream((stream) => (this.#engine = new SessionEngine(options, host, stream, this.#kept.stored)));
      const engine = this.#made;
      cluster.covered = (nodeId) => engine.covers(nodeId);
      return engine;
    };
  }

  /** What is amiss with the store is told here from now on. */
  attach(alarms: FaultAlarms): void {
    this.#redis?.attach(alarms);
  }

  /** Of the store that all nodes reach, cumulative since the start. */
  get counters(): Readonly<Record<string, number>> {
    return this.#redis?.counters ?? {};
  }

  get #made(): SessionEngine {
    if (this.#engine === undefined) throw new BusbarError('INTERNAL', 'The engine of sessions is not made yet');
    return this.#engine;
  }

  /** Answers when all that was committed is safe. */
  async close(): Promise<void> {
    await this.#kept.close();
  }
}

function onThisDisk({ config, log }: SessionServiceOptions): Kept {
  const { durability, synchronous } = config.sessions;
  if (durability === 'memory') return IN_MEMORY;
  const onFailure = (error: Error): never => {
    // Nothing can be made safe any more: whoever waits for an acknowledgement must not wait for ever.
    log.error('session_store_failed', { reason: messageOf(error), hint: 'The node ends; other nodes continue its sessions.' });
    throw new BusbarError('INTERNAL', 'The thread that writes sessions has ended', { cause: error });
  };
  const store = SessionStore.open({ dataDir: config.node.dataDir, synchronous, log, nowMs: Date.now(), onFailure });
  return { stored: store.recovered, journal: (live) => store.journal(live), close: () => store.close() };
}
