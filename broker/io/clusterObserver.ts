/** What this node knows of its cluster, for an operator: the event log, alarms, counters and views (cluster-protocol R10, R74, R75). */
import type { EventQuestions } from '../api/eventQuestions.ts';
import type { SessionsOfNode } from '../api/sessionQuestions.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Log } from '../base/log.ts';
import type { SharedTables } from '../cluster/shared/sharedTables.ts';
import type { BrokerNode } from '../core/brokerNode.ts';
import type { Alarms } from '../core/services/alarms.ts';
import { clusterMetrics } from './clusterMetrics.ts';
import type { ClusterService } from './clusterService.ts';
import { ClusterWatch } from './clusterWatch.ts';
import type { DataDir } from './dataDir.ts';
import type { OperatorEvents } from './operatorEvents.ts';

export interface ClusterObserverOptions {
  readonly events: OperatorEvents;
  readonly alarms: Alarms;
  readonly cluster: ClusterService;
  readonly node: BrokerNode;
  readonly tables: SharedTables;
  readonly dataDir: DataDir;
  readonly durability: SessionsOfNode['durability'];
  readonly log: Log;
}

type EventAnswers = { readonly [Q in keyof EventQuestions]: (params: EventQuestions[Q]['params']) => EventQuestions[Q]['answer'] | Promise<EventQuestions[Q]['answer']> };

export class ClusterObserver implements Disposable {
  readonly #options: ClusterObserverOptions;
  readonly #watch: ClusterWatch;

  constructor(options: ClusterObserverOptions) {
    this.#options = options;
    const { events, alarms, cluster, tables, log } = options;
    this.#watch = new ClusterWatch({
      events,
      alarms,
      log,
      links: () => cluster.links(),
      sessions: () => this.#sessions(),
      losses: () => cluster.losses(),
      rowsWaiting: () => tables.waiting,
      now: () => performance.now(),
    });
  }

  get answers(): EventAnswers & { readonly metrics: () => Readonly<Record<string, number>> } {
    const { events, cluster, node, dataDir, log } = this.#options;
    return {
      events: ({ limit }) => ({ rows: events.list(limit), forgotten: events.forgotten }),
      view: () => {
        const named = (wanted: string) => cluster.members().flatMap(({ node: name, status }) => (status === wanted ? [name] : []));
        return { running: named('running'), stopped: named('stopped') };
      },
      links: () => ({ links: cluster.links() }),
      reidentify: async () => {
        const nodeId = await dataDir.reidentify();
        log.warn('node_reidentified', { node_id: nodeId, hint: 'It holds from the next start of this node on.' });
        return { nodeId };
      },
      metrics: () => ({ ...node.metrics.counters(), ...this.#metrics() }),
    };
  }

  dispose(): void {
    this.#watch.dispose();
  }

  #sessions(): SessionsOfNode {
    const { node, durability } = this.#options;
    const state = node.kept?.state;
    if (state === undefined) return { durability, isProtected: false, pending: {}, counters: {} };
    return { durability, isProtected: state.isProtected, pending: { ...state.pending }, counters: { ...state.counters } };
  }

  #metrics(): Readonly<Record<string, number>> {
    const { events, cluster, tables } = this.#options;
    const { overwritten, rows } = tables.replica;
    return clusterMetrics({
      links: cluster.links(),
      sessions: this.#sessions(),
      barriersUnconfirmed: cluster.losses().barriersUnconfirmed,
      shared: { overwritten, notApplied: tables.notApplied, waiting: tables.waiting, tombstones: rows.tombstones },
      eventsForgotten: events.forgotten,
    });
  }
}
