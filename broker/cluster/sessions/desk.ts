/** What the parts of the engine share: who they are, time, and each other. The engine fills it in once, before anything happens. */
import type { Log } from '../../base/log.ts';
import type { Millis, NodeId } from '../../base/ids.ts';
import type { StreamHost } from '../stream.ts';
import type { Backups } from './backups.ts';
import type { Beats } from './beats.ts';
import type { Connects } from './connects.ts';
import type { Copies } from './copies.ts';
import type { BatchEntry, LateEntry } from './copy/batch.ts';
import type { SessionCopy } from './copy/copy.ts';
import type { ActorKey, Lineage } from './copy/identity.ts';
import type { Delivery } from './delivery.ts';
import type { Drain } from './drain.ts';
import type { Endings } from './endings.ts';
import type { Forwards } from './forwards.ts';
import type { HandIns } from './handIns.ts';
import type { Interest } from './interest.ts';
import type { LateEntries } from './lateEntries.ts';
import type { LateMessages } from './lateMessages.ts';
import type { Locks } from './locks.ts';
import type { Peers } from './peers.ts';
import type { Durability, SessionsCounters, SessionsHost } from './ports.ts';
import type { Promotion } from './promotion.ts';
import type { Publishes } from './publishes.ts';
import type { Registry } from './registry.ts';
import type { Shares } from './shares.ts';
import type { Takeover } from './takeover.ts';

/** Hybrid time (R36); `HybridClock` is one. */
export interface HybridTimePort {
  nextAt(): number;
  heard(at: number): void;
  shows(): number;
  runWith(shown: number): void;
}

/** Where changes are kept (R62). Everything that was added before a `commit` is on disk when it answers. */
export interface SessionJournal {
  add(entry: BatchEntry): void;
  /** `refused`: sessions that are another node's in a store that all nodes reach; what changed of them here is not kept (R71). */
  commit(done: (refused?: ReadonlySet<string>) => void): void;
}

/** The store that all nodes reach, as far as it has what nodes left that are lost (R71). */
export interface ExternalSessionsPort {
  /** Claims the sessions of lost nodes, and those named besides, as far as they are wanted, and reads them. */
  fetch(owners: readonly NodeId[], also: readonly string[], wants: (clientId: string) => boolean, done: (copies: SessionCopy[], late: LateEntry[]) => void): void;
}

/** What the journal of an earlier life has. */
export interface StoredSessions {
  readonly copies: readonly SessionCopy[];
  readonly late: readonly LateEntry[];
}

export interface EngineOptions {
  readonly durability: Durability;
  /** The node is to be part of a cluster: at its start it waits a moment for others (R27). */
  readonly hasSeeds: boolean;
  /** Queued items of one session; the oldest is dropped for the next one. */
  readonly maxQueued: number;
  /** `mqtt.upgrade_qos`: a delivery has the QoS of the subscription, whatever that of the message. */
  readonly upgradeQos: boolean;
  readonly clock: HybridTimePort;
  /** Must be given unless durability is `memory`. */
  readonly journal: SessionJournal | undefined;
  /** The journal is in a store that all nodes reach: it has the second copies (R71). Durability is `disk` then. */
  readonly external?: ExternalSessionsPort | undefined;
}

export interface Desk {
  readonly options: EngineOptions;
  readonly host: SessionsHost;
  readonly stream: StreamHost;
  readonly log: Log;
  readonly self: NodeId;
  readonly actor: ActorKey;
  readonly incarnation: number;
  readonly startedMs: Millis;
  /** The first moments, in which peers must be heard of before anything is guessed (R27, R44, R46). */
  readonly isStarting: boolean;
  readonly counters: SessionsCounters;
  now(): Millis;
  drawLineage(): Lineage;

  readonly peers: Peers;
  readonly registry: Registry;
  readonly interest: Interest;
  readonly copies: Copies;
  readonly delivery: Delivery;
  readonly publishes: Publishes;
  readonly forwards: Forwards;
  readonly shares: Shares;
  readonly lateEntries: LateEntries;
  readonly lateMessages: LateMessages;
  readonly locks: Locks;
  readonly connects: Connects;
  readonly takeover: Takeover;
  readonly handIns: HandIns;
  readonly backups: Backups;
  readonly promotion: Promotion;
  readonly endings: Endings;
  readonly beats: Beats;
  readonly drain: Drain;
}
