/**
 * Emptying a node before it is stopped (cluster-protocol R72): it accepts no more clients, sends those it has away in slices, so that the other
 * nodes are not stormed, and hands over every session that its client has not taken along. Until it is stopped, or told to serve again.
 */
import type { DrainProgress } from '../api/sessionQuestions.ts';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { BrokerNode } from '../core/brokerNode.ts';
import type { ListenerManager } from './listeners/listenerManager.ts';

/** Clients sent away at one time, and the pause after it: a thousand a second come to the other nodes. */
const CLIENTS_PER_SLICE = 200;
const SLICE_MS = 200;

export interface NodeDrainOptions {
  readonly self: NodeName;
  readonly node: Pick<BrokerNode, 'channels' | 'sessions' | 'kept' | 'sendAway'>;
  readonly listeners: Pick<ListenerManager, 'pause' | 'resume'>;
  /** Running nodes besides this one. */
  readonly others: () => readonly NodeName[];
  /** Where clients of a listener of this node may go instead, by listener: of the nodes that are named. */
  readonly elsewhere: (nodes: readonly NodeName[]) => Promise<Readonly<Record<string, string>>>;
  readonly log: Log;
}

export class NodeDrain {
  readonly #options: NodeDrainOptions;
  #state: DrainProgress['state'] = 'serving';
  #sinceMs: number | null = null;
  #slices: NodeJS.Timeout | undefined;
  /** Counts starts and cancellations: what an earlier one waited for is no longer wanted. */
  #turn = 0;

  constructor(options: NodeDrainOptions) {
    this.#options = options;
  }

  get progress(): DrainProgress {
    const { node } = this.#options;
    const left = node.kept?.left() ?? { sessions: 0, secondCopies: 0, lateMessages: 0 };
    return { state: this.#state, sinceMs: this.#sinceMs, clients: node.channels.size, ...left };
  }

  /** @throws BusbarError DRAIN_NO_OTHER_NODE */
  async start(): Promise<DrainProgress> {
    if (this.#state !== 'serving') return this.progress;
    const { self, node, listeners, others, elsewhere, log } = this.#options;
    const nodes = others();
    if (nodes.length === 0) throw new BusbarError('DRAIN_NO_OTHER_NODE', `No other node runs that could take the sessions of ${self}`);
    this.#enter('draining');
    const turn = (this.#turn += 1);
    listeners.pause();
    const { clients, sessions } = this.progress;
    log.info('node_drain_started', { clients, sessions, to: nodes.join(' ') });
    const references = await elsewhere(nodes).catch((error: unknown) => {
      log.warn('node_drain_no_reference', { reason: messageOf(error), effect: 'MQTT 5 clients are not told where to go' });
      return {};
    });
    if (turn !== this.#turn) return this.progress;
    const slice = () => node.sendAway(CLIENTS_PER_SLICE, references);
    slice();
    this.#slices = setInterval(slice, SLICE_MS);
    if (node.kept === null) this.#whenNoClientIsLeft(() => this.#drained());
    else node.kept.drain(() => this.#whenNoClientIsLeft(() => this.#drained()));
    return this.progress;
  }

  /** It serves again; what it has handed over stays where it is. */
  async cancel(): Promise<DrainProgress> {
    if (this.#state === 'serving') return this.progress;
    this.#turn += 1;
    this.dispose();
    this.#options.node.kept?.cancelDrain();
    this.#enter('serving');
    await this.#options.listeners.resume();
    this.#options.log.info('node_drain_cancelled', { sessions: this.progress.sessions });
    return this.progress;
  }

  dispose(): void {
    clearInterval(this.#slices);
    this.#slices = undefined;
  }

  #enter(state: DrainProgress['state']): void {
    this.#state = state;
    this.#sinceMs = state === 'serving' ? null : Date.now();
  }

  #whenNoClientIsLeft(then: () => void): void {
    const turn = this.#turn;
    const look = () => {
      if (turn !== this.#turn) return;
      if (this.#options.node.channels.size === 0) then();
      else setTimeout(look, SLICE_MS).unref();
    };
    look();
  }

  #drained(): void {
    const afterMs = Date.now() - (this.#sinceMs ?? Date.now());
    this.#enter('drained');
    this.#options.log.info('node_drained', { after_ms: afterMs, hint: 'The node can be stopped now.' });
  }
}
