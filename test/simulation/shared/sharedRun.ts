/**
 * One seed of the profile `shared`: nodes write the same few keys of shared tables while links break, the network splits, processes
 * stop and lose their disks, clocks are minutes apart and step, and nodes are forgotten and return. Then all is healed, and the
 * copies must be equal, hold the newest writes, and nothing that was deleted.
 */
import { randomBelow } from '../../../broker/base/prng.ts';
import { causeFaults, FAULT_PROFILES, healAll, type FaultProfile } from '../faults.ts';
import type { SeedOptions, SeedResult } from '../profile.ts';
import { World } from '../world.ts';
import { SharedNode } from './sharedNode.ts';

const KEYS = 6;
const FAULTS_MS = 15_000;
const HEAL_MS = 30_000;
const SETTLE_MS = 8_000;
const SKEW_MS = 120_000;

export class SharedRun {
  readonly world: World;
  readonly nodes: readonly SharedNode[];
  readonly #profile: FaultProfile;
  /** A node that is forgotten and returns may have written what nobody else has seen: older than what is in force, and yet new to all. */
  forgetting = false;
  written = 0;
  /** How many faults there were. */
  faults = () => 0;

  constructor(seed: number) {
    this.world = new World({ seed, nodes: 2 + (seed % 4) });
    const { prng } = this.world;
    this.#profile = FAULT_PROFILES[seed % FAULT_PROFILES.length] ?? 'mix';
    this.nodes = this.world.nodes.map((sim) => new SharedNode(sim));
    const ring = randomBelow(prng, 2) === 0 ? 4 + randomBelow(prng, 12) : undefined;
    for (const node of this.nodes) {
      node.ring = ring;
      node.sim.skewMs = randomBelow(prng, 2 * SKEW_MS) - SKEW_MS;
      node.members = () => this.nodes.filter((other) => other.sim.alive || !this.#forgotten.has(other)).map((other) => other.sim.nodeId);
    }
    this.world.startAll();
  }

  readonly #forgotten = new Set<SharedNode>();

  run({ faultsMs = FAULTS_MS, without }: SeedOptions = {}): string[] {
    const { world } = this;
    const endMs = world.queue.nowMs + FAULTS_MS;
    this.#work(endMs);
    this.#stepClocks(endMs);
    this.faults = causeFaults(world, this.#profile, faultsMs, without);
    if (this.#profile === 'crash' || this.#profile === 'mix') this.#forgetOne(endMs);
    world.run(FAULTS_MS);
    healAll(world);
    try {
      world.until('all nodes are linked', () => world.whole, HEAL_MS);
      world.until('all copies have settled', () => this.nodes.every((node) => node.sync.settled), HEAL_MS);
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
    world.run(SETTLE_MS);
    return this.check();
  }

  #work(endMs: number): void {
    const { queue, prng } = this.world;
    if (queue.nowMs >= endMs) return;
    const node = this.nodes[randomBelow(prng, this.nodes.length)];
    if (node?.sim.acts === true) this.#write(node);
    queue.in(5 + randomBelow(prng, 60), () => this.#work(endMs));
  }

  #write(node: SharedNode): void {
    const { prng } = this.world;
    const table = node.table(randomBelow(prng, 2) === 0 ? 'users' : 'bans');
    const key = `k${randomBelow(prng, KEYS)}`;
    this.written += 1;
    if (randomBelow(prng, 3) === 0) table.remove(key);
    else table.put(key, `${node.sim.name}:${this.written}`);
  }

  #stepClocks(endMs: number): void {
    const { queue, prng } = this.world;
    queue.in(500 + randomBelow(prng, 4_000), () => {
      if (queue.nowMs >= endMs) return;
      const node = this.nodes[randomBelow(prng, this.nodes.length)];
      if (node !== undefined) node.sim.skewMs = randomBelow(prng, 2 * SKEW_MS) - SKEW_MS;
      this.#stepClocks(endMs);
    });
  }

  /** A node stays away for so long that the others forget it; it returns and takes their tables. */
  #forgetOne(endMs: number): void {
    const { queue, prng } = this.world;
    const node = this.nodes[randomBelow(prng, this.nodes.length)];
    if (node === undefined || randomBelow(prng, 2) === 0) return;
    queue.in(3_000, () => {
      if (node.sim.alive) node.sim.crash();
      this.#forgotten.add(node);
      this.forgetting = true;
      node.joinsAnew = randomBelow(prng, 2) === 0;
      queue.at(endMs - 1_000, () => {
        if (!node.sim.alive) node.sim.start();
        this.#forgotten.delete(node);
      });
    });
  }

  check(): string[] {
    return [...this.#checkEqual(), ...this.#checkNewest(), ...this.#checkTold(), ...this.#checkBounds()];
  }

  #checkEqual(): string[] {
    const [first, ...others] = this.nodes.map((node) => node.copy.join(' '));
    return others.flatMap((copy, index) => (copy === first ? [] : [`n1 has ${first}; n${index + 2} has ${copy}`]));
  }

  /** Against every disk that was not lost: the newest write wins, and nothing that was replaced is back. */
  #checkNewest(): string[] {
    const copy = new Map([...(this.nodes[0]?.tables.all() ?? [])].map((row) => [`${row.table}/${row.key}`, row]));
    const problems: string[] = [];
    for (const name of ['users', 'bans']) {
      for (let index = 0; index < KEYS; index += 1) {
        const key = `${name}/k${index}`;
        const row = copy.get(key);
        for (const { disk, sim } of this.nodes) {
          if (row !== undefined && disk.replaced(key, row.at)) problems.push(`${key} is back: ${sim.name} had it replaced`);
          else if (row !== undefined && !this.forgetting && row.at < disk.newest(key, this.#sameNodes)) problems.push(`${key} is older than a write on the disk of ${sim.name}`);
        }
      }
    }
    return problems;
  }

  /** No disk was lost. A new node's clock may be behind, and what it writes on its own older than a delete that all others have forgotten. */
  get #sameNodes(): boolean {
    return this.nodes.every(({ disks }) => disks.size === 1);
  }

  /** Users of the tables were told of exactly what is there. */
  #checkTold(): string[] {
    return this.nodes.flatMap((node) => {
      const told = [...node.told].map(([key, value]) => `${key}=${value}`).sort().join(' ');
      const held = node.copy.map((row) => row.slice(0, row.lastIndexOf('@'))).join(' ');
      return told === held ? [] : [`${node.sim.name} told its users ${told}, and has ${held}`];
    });
  }

  /** Nothing waits, no tombstone is left when every member has seen it, no fault was reported. */
  #checkBounds(): string[] {
    return this.nodes.flatMap((node) => {
      const problems: string[] = [];
      const { tombstones } = node.tables.replica.rows;
      if (tombstones > 0) problems.push(`${node.sim.name} keeps ${tombstones} tombstones`);
      if (node.tables.waiting > 0) problems.push(`${node.sim.name} has ${node.tables.waiting} rows that are not on disk`);
      for (const { level, msg, fields } of node.sim.events) if (level === 'error') problems.push(`${node.sim.name}: ${msg} ${JSON.stringify(fields)}`);
      return problems;
    });
  }
}

/** The profile `shared` of the swarm. */
export function runSharedSeed(seed: number, options: SeedOptions = {}): SeedResult {
  const run = new SharedRun(seed);
  const errors = run.run(options);
  const compared = run.nodes.reduce((sum, { sync }) => sum + sync.repairs, 0);
  const { faultsMs = FAULTS_MS } = options;
  return { errors, totals: { written: run.written, compared }, faults: { count: run.faults(), ms: faultsMs } };
}
