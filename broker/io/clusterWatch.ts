/**
 * Looks at the cluster once a second, as this node sees it, and tells what lasts: alarms for what is amiss (a node that cannot be reached,
 * clocks that differ, a store that cannot be written, replication without a second node or behind), events for what came to an end
 * (messages that waited were delivered, sessions of both sides of a split were merged).
 */
import type { SessionsOfNode } from '../api/sessionQuestions.ts';
import type { LinkSnapshot } from '../api/schema/topology.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Millis } from '../base/ids.ts';
import type { Log, LogFields } from '../base/log.ts';
import type { OperatorEvents } from './operatorEvents.ts';

const LOOK_MS: Millis = 1_000;
/** A node that cannot be reached for so long is an alarm; a start in any order is none. */
const UNREACHABLE_MS: Millis = 10_000;
/** Writes that wait for their second copy for so long are an alarm. */
const BEHIND_MS: Millis = 5_000;
/** After a node came back its sessions are merged within this; then it is told how many. */
const MERGE_MS: Millis = 5_000;
/** Discarded messages are told at most so often. */
const DISCARD_MS: Millis = 10_000;

export interface ClusterWatchOptions {
  readonly events: Pick<OperatorEvents, 'onEvent'>;
  readonly alarms: { activate(name: string, message: string, details?: Readonly<Record<string, unknown>>): boolean; deactivate(name: string): boolean };
  readonly log: Log;
  readonly links: () => readonly LinkSnapshot[];
  readonly sessions: () => SessionsOfNode;
  readonly losses: () => { readonly forwardsDropped: number; readonly forwardsLost: number };
  /** Rows of shared tables that are not on disk. */
  readonly rowsWaiting: () => number;
  /** Monotonic. */
  readonly now: () => Millis;
}

interface Away {
  readonly sinceMs: Millis;
  readonly reason: string;
}

export class ClusterWatch implements Disposable {
  readonly #options: ClusterWatchOptions;
  readonly #timer: NodeJS.Timeout;
  /** Nodes that did not answer, by name. */
  readonly #unreachable = new Map<string, Away>();
  /** Peers whose clock differs; true until the link of which that was said is up. */
  readonly #clocks = new Map<string, boolean>();
  #behindSinceMs: Millis | undefined;
  #late: { readonly made: number; readonly peers: string } | undefined;
  #merge: { readonly peers: Set<string>; readonly forks: number; untilMs: Millis } | undefined;
  #told = { dropped: 0, lost: 0, atMs: Number.NEGATIVE_INFINITY };

  constructor(options: ClusterWatchOptions) {
    this.#options = options;
    options.events.onEvent((event, fields) => this.#heard(event, fields));
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  /** One look; a test calls it, otherwise the clock does. */
  look(): void {
    const links = this.#options.links();
    const sessions = this.#options.sessions();
    this.#judgeReach(links);
    this.#judgeReplication(links, sessions);
    this.#tellLate(links, sessions);
    this.#tellMerged(sessions);
    this.#tellDiscarded();
    if (this.#options.rowsWaiting() === 0) this.#options.alarms.deactivate('shared_tables_not_written');
  }

  #heard(event: string, fields: LogFields): void {
    const { alarms } = this.#options;
    const peer = typeof fields['peer'] === 'string' ? fields['peer'] : undefined;
    const reason = typeof fields['reason'] === 'string' ? fields['reason'] : 'no answer';
    if (event === 'session_store_not_written') alarms.activate(event, `Sessions cannot be written: ${reason}`, fields);
    else if (event === 'session_store_written_again') alarms.deactivate('session_store_not_written');
    else if (event === 'shared_tables_not_written') alarms.activate(event, `Shared tables cannot be written: ${reason}`, fields);
    else if ((event === 'cluster_member_removed' || event === 'cluster_member_autocleaned') && typeof fields['node'] === 'string') this.#removed(fields['node']);
    if (peer === undefined) return;
    if (event === 'cluster_peer_unreachable') this.#unreached(peer, reason);
    else if (event === 'cluster_node_down') {
      // A node that was stopped said so: nobody has to be alarmed.
      if (/was stopped$/.test(reason)) this.#unreachable.delete(peer);
      else this.#unreached(peer, reason);
    } else if (event === 'cluster_clock_differs') this.#clockDiffers(peer, fields);
    else if (event === 'cluster_node_up') this.#cameUp(peer, fields);
  }

  #unreached(peer: string, reason: string): void {
    if (!this.#unreachable.has(peer)) this.#unreachable.set(peer, { sinceMs: this.#options.now(), reason });
  }

  /** Nobody waits for a node that is no member any more. */
  #removed(peer: string): void {
    this.#unreachable.delete(peer);
    this.#clocks.delete(peer);
    for (const alarm of ['cluster_node_unreachable', 'cluster_clock_differs']) this.#options.alarms.deactivate(`${alarm}/${peer}`);
  }

  #clockDiffers(peer: string, { difference_ms: difference }: LogFields): void {
    this.#clocks.set(peer, true);
    const seconds = Math.round(Number(difference) / 100) / 10;
    this.#options.alarms.activate(`cluster_clock_differs/${peer}`, `The clocks of this node and ${peer} differ by ${seconds} s`, { peer, difference_ms: difference });
  }

  #cameUp(peer: string, { after_ms: after }: LogFields): void {
    const isFresh = this.#clocks.get(peer);
    if (isFresh === true) this.#clocks.set(peer, false);
    else if (isFresh === false) {
      this.#clocks.delete(peer);
      this.#options.alarms.deactivate(`cluster_clock_differs/${peer}`);
    }
    if (after === undefined) return;
    this.#merge ??= { peers: new Set(), forks: this.#options.sessions().counters['forksMerged'] ?? 0, untilMs: 0 };
    this.#merge.peers.add(peer);
    this.#merge.untilMs = this.#options.now() + MERGE_MS;
  }

  #judgeReach(links: readonly LinkSnapshot[]): void {
    const { alarms, now } = this.#options;
    const up = new Set(links.flatMap(({ peer, state }) => (state === 'up' ? [peer] : [])));
    for (const [peer, { sinceMs, reason }] of this.#unreachable) {
      const name = `cluster_node_unreachable/${peer}`;
      if (up.has(peer)) {
        this.#unreachable.delete(peer);
        alarms.deactivate(name);
      } else if (now() - sinceMs >= UNREACHABLE_MS) {
        alarms.activate(name, `Node ${peer} cannot be reached: ${reason}; this node serves without it`, { peer, reason });
      }
    }
  }

  #judgeReplication(links: readonly LinkSnapshot[], { durability, pending }: SessionsOfNode): void {
    const { alarms, now } = this.#options;
    if (durability !== 'replicated') return;
    const isAlone = !links.some(({ state }) => state === 'up');
    if (isAlone) alarms.activate('replication_degraded', 'Replication has no second node; acknowledged messages are on this disk only');
    else alarms.deactivate('replication_degraded');
    const unsecured = pending['unsecured'] ?? 0;
    if (unsecured === 0 || isAlone) {
      this.#behindSinceMs = undefined;
      alarms.deactivate('replication_behind');
      return;
    }
    this.#behindSinceMs ??= now();
    if (now() - this.#behindSinceMs >= BEHIND_MS) alarms.activate('replication_behind', `${unsecured} writes of sessions wait for their second copy`, { unsecured });
  }

  #tellLate(links: readonly LinkSnapshot[], { pending, counters }: SessionsOfNode): void {
    const waiting = pending['lateOut'] ?? 0;
    const made = counters['lateMade'] ?? 0;
    if (this.#late === undefined && waiting > 0) {
      const away = links.flatMap(({ peer, state }) => (state === 'up' ? [] : [peer])).sort();
      this.#late = { made: made - waiting, peers: away.length === 0 ? 'other nodes' : away.join(', ') };
      this.#options.log.info('cluster_messages_wait', { messages: waiting, peers: this.#late.peers });
    } else if (this.#late !== undefined && waiting === 0) {
      this.#options.log.info('cluster_messages_caught_up', { messages: made - this.#late.made, peers: this.#late.peers });
      this.#late = undefined;
    }
  }

  #tellMerged({ pending, counters }: SessionsOfNode): void {
    const merge = this.#merge;
    if (merge === undefined || this.#options.now() < merge.untilMs || (pending['handIns'] ?? 0) + (pending['holds'] ?? 0) > 0) return;
    this.#merge = undefined;
    const sessions = (counters['forksMerged'] ?? 0) - merge.forks;
    if (sessions > 0) this.#options.log.info('cluster_sessions_merged', { sessions, peers: [...merge.peers].sort().join(', ') });
  }

  #tellDiscarded(): void {
    const { forwardsDropped, forwardsLost } = this.#options.losses();
    const [dropped, lost] = [forwardsDropped - this.#told.dropped, forwardsLost - this.#told.lost];
    const nowMs = this.#options.now();
    if (dropped + lost === 0 || nowMs - this.#told.atMs < DISCARD_MS) return;
    this.#told = { dropped: forwardsDropped, lost: forwardsLost, atMs: nowMs };
    this.#options.log.warn('cluster_forwards_discarded', { dropped, lost, hint: 'QoS 1 and 2 are kept for a node that is behind or away; QoS 0 is not.' });
  }
}
