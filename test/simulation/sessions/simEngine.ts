/** What the simulation needs of an engine of durable sessions: the contract of brokers, and a look inside for the checkers. */
import type { NodeId } from '../../../broker/base/ids.ts';
import type { ClusterNode } from '../../../broker/cluster/clusterNode.ts';
import type { ClockBoundPort } from '../../../broker/cluster/hybridClock.ts';
import type { SessionsHost, SessionsPort } from '../../../broker/cluster/sessions/ports.ts';
import type { Prng } from '../../../broker/base/prng.ts';
import type { EventQueue } from '../eventQueue.ts';
import type { TraceTo } from './engineTrace.ts';
import type { SimDisk } from './simDisk.ts';

export interface SeenCopy {
  readonly clientId: string;
  readonly role: 'owner' | 'backup' | 'frozen' | 'yield';
  readonly owner: NodeId;
  readonly backup: NodeId | null;
  /** An owner's: the backup has its present version. */
  readonly confirmed: boolean;
  readonly connected: boolean;
  readonly items: number;
  readonly subscriptions: readonly string[];
  /** Finished messages and lineages it remembers. */
  readonly remembered: { readonly done: number; readonly lineages: number };
}

export interface SimEngine extends SessionsPort {
  copies(): SeenCopy[];
  /** Client ids of the registry rows held of a node, its own included; sorted. */
  rowsOf(node: NodeId): string[];
  /** It speaks for the sessions of that node (R33). */
  covers(node: NodeId): boolean;
}

export interface EngineParts {
  readonly cluster: ClusterNode;
  readonly nodeId: NodeId;
  readonly host: SessionsHost;
  readonly disk: SimDisk;
  /** Of the hybrid clock; it outlives the process as the disk does (R36). */
  readonly bound: ClockBoundPort;
  readonly queue: EventQueue;
  readonly prng: Prng;
  /** Runs a step in the process: later while it stands still, never in another life. */
  readonly act: (step: () => void) => void;
  /** Set while a seed is traced. */
  readonly trace: TraceTo | undefined;
}

export type EngineFactory = (parts: EngineParts) => SimEngine;
