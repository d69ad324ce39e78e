/** A few nodes on one network under virtual time, all driven by one seed. */
import type { NodeName } from '../../broker/base/ids.ts';
import { seededPrng, type Prng } from '../../broker/base/prng.ts';
import { EventQueue } from './eventQueue.ts';
import { Network } from './network.ts';
import { SimNode } from './simNode.ts';

export class World {
  readonly queue = new EventQueue();
  readonly prng: Prng;
  readonly network: Network;
  readonly nodes: readonly SimNode[];
  /** Told every event of every node as a line of text. */
  trace: ((line: string) => void) | undefined;

  constructor(options: { readonly seed: number; readonly nodes: number }) {
    this.prng = seededPrng(options.seed);
    this.network = new Network(this.queue, this.prng);
    const seeds = Array.from({ length: options.nodes }, (_, index) => this.#place(index));
    this.nodes = seeds.map((seed) => new SimNode(seed.node, { host: seed.host, port: seed.port }, seeds, this));
    for (const node of this.nodes) this.network.add(node);
  }

  #place(index: number): { node: NodeName; host: string; port: number } {
    return { node: `n${index + 1}@sim` as NodeName, host: 'sim', port: 4371 + index };
  }

  /** The node called n1, n2, … */
  node(number: number): SimNode {
    const node = this.nodes[number - 1];
    if (node === undefined) throw new Error(`There is no node n${number}`);
    return node;
  }

  startAll(): void {
    for (const node of this.nodes) node.start();
  }

  run(durationMs: number): void {
    this.queue.runUntil(this.queue.nowMs + durationMs);
  }

  /** Runs until it holds, and tells how long that took; fails after `withinMs`. */
  until(what: string, holds: () => boolean, withinMs = 15_000): number {
    const startMs = this.queue.nowMs;
    while (!holds()) {
      if (this.queue.nowMs - startMs >= withinMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
      this.run(1);
    }
    return this.queue.nowMs - startMs;
  }

  get living(): readonly SimNode[] {
    return this.nodes.filter((node) => node.alive);
  }

  /** Every living node has every other one running. */
  get whole(): boolean {
    const { living } = this;
    return living.every((node) => {
      const running = node.cluster.core.members().filter((member) => member.status === 'running');
      return running.length === living.length;
    });
  }

  /** What a node must know of the others' routes. */
  expectedRoutes(node: SimNode): Record<string, string[]> {
    const others = this.living.filter((other) => other !== node && other.local.size + other.localValues.size > 0);
    return Object.fromEntries(others.map((other) => [other.name, rowsOf(other.local, other.localValues)]));
  }

  knownRoutes(node: SimNode): Record<string, string[]> {
    const names = [...new Set([...node.remote.keys(), ...node.remoteValues.keys()])].sort();
    const rows = names.map(
      (name) => [name, rowsOf(node.remote.get(name) ?? new Set(), node.remoteValues.get(name) ?? new Map())] as const,
    );
    return Object.fromEntries(rows.filter(([, row]) => row.length > 0));
  }
}

/** Filters, and rows with values as `key=value`. */
function rowsOf(filters: ReadonlySet<string>, values: ReadonlyMap<string, string>): string[] {
  return [...filters, ...[...values].map(([key, value]) => `${key}=${value}`)].sort();
}
