/** What happened in the cluster, in order: told to windows as it happens and kept for those that open later. */
import type { ClusterEvent } from '../contract/cluster.ts';
import type { HostEvents } from './hostEvents.ts';
import type { NodeEnd } from './nodeProcess.ts';
import type { LinkChange } from './topologyFrames.ts';

/** Events kept; the oldest goes first. */
export const MAX_EVENTS = 1_000;

export class ClusterTimeline {
  readonly #out: HostEvents;
  readonly #now: () => number;
  readonly #events: ClusterEvent[] = [];

  constructor(out: HostEvents, now: () => number) {
    this.#out = out;
    this.#now = now;
  }

  since(timeMs: number): ClusterEvent[] {
    return this.#events.filter((event) => event.timeMs > timeMs);
  }

  tell(kind: ClusterEvent['kind'], key: string, node: string | null, values: ClusterEvent['values'] = {}): void {
    const event = { timeMs: this.#now(), kind, node, key, values };
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.#out.emit('cluster/event', event);
  }

  tellEnd(node: string, end: NodeEnd, { reason, exitCode }: { readonly reason: string | null; readonly exitCode: number | null }): void {
    const values = { ...(reason === null ? {} : { reason }), ...(exitCode === null ? {} : { exitCode }) };
    this.tell(end === 'stopped' ? 'lifecycle' : 'fault', `node.${end}`, node, values);
  }

  tellLinks(changes: readonly LinkChange[]): void {
    for (const { key, a, b, reason } of changes) {
      this.tell(key === 'link.up' ? 'healed' : 'fault', key, a, { a, b, ...(reason === null ? {} : { reason }) });
    }
  }
}
