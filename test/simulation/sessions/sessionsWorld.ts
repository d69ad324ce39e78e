/** Nodes with durable sessions, devices, and the ledger of what their applications did, under one seed and one virtual clock. */
import type { NodeId } from '../../../broker/base/ids.ts';
import { seededPrng, type Prng } from '../../../broker/base/prng.ts';
import { World } from '../world.ts';
import { ClientNet } from './clientNet.ts';
import { Device, type DeviceOptions, type DeviceWorld } from './device.ts';
import { Ledger } from './ledger.ts';
import { SessionNode } from './sessionNode.ts';
import type { EngineFactory } from './simEngine.ts';

const WATCH_MS = 100;

export interface SessionsWorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly engine: EngineFactory;
  /** Every session has a backup when all is quiet. */
  readonly replicated: boolean;
  readonly trace?: (line: string) => void;
}

export class SessionsWorld implements DeviceWorld {
  readonly world: World;
  readonly prng: Prng;
  readonly net: ClientNet;
  readonly ledger: Ledger;
  readonly stations: readonly SessionNode[];
  readonly devices: Device[] = [];
  readonly engine: EngineFactory;
  readonly replicated: boolean;
  /** No fault begins any more. */
  faultsOver = false;
  /** Contract broken, session lost: what no profile allows. */
  readonly faults: string[] = [];
  /** Sessions that were not found though the device had one; a split may hide them. */
  readonly missed: string[] = [];
  readonly firedWills: string[] = [];
  readonly #trace: ((line: string) => void) | undefined;
  /** Even while nothing is disturbed. */
  #epoch = 0;
  #disturbances = 0;

  constructor({ seed, nodes, engine, replicated, trace }: SessionsWorldOptions) {
    this.world = new World({ seed, nodes });
    this.world.trace = trace;
    this.#trace = trace;
    this.engine = engine;
    this.replicated = replicated;
    this.prng = seededPrng(seed ^ 0x5e55);
    this.net = new ClientNet(this.queue, this.prng);
    this.ledger = new Ledger(() => ({ ms: this.queue.nowMs, epoch: this.#epoch }));
    this.stations = this.world.nodes.map((node) => new SessionNode(node, this));
    this.#watch();
  }

  get queue() {
    return this.world.queue;
  }

  node(number: number): SessionNode {
    const node = this.stations[number - 1];
    if (node === undefined) throw new Error(`There is no node n${number}`);
    return node;
  }

  get living(): readonly SessionNode[] {
    return this.stations.filter((node) => node.alive);
  }

  nodeIdOf(name: string): NodeId | undefined {
    return this.world.nodes.find((node) => node.name === name)?.nodeId;
  }

  nameOf(id: NodeId): string {
    return this.stations.find((node) => node.sim.nodeId === id)?.name ?? id.slice(0, 6);
  }

  get tracing(): boolean {
    return this.#trace !== undefined;
  }

  trace(line: string): void {
    this.#trace?.(`${this.queue.nowMs} ${line}`);
  }

  fault(what: string): void {
    this.trace(`FAULT ${what}`);
    this.faults.push(`${this.queue.nowMs}: ${what}`);
  }

  sessionMissed(device: Device, station: { readonly name: string }): void {
    const what = `${device.id} found no session at ${station.name}, at ${this.queue.nowMs}`;
    this.trace(`MISSED ${what}`);
    this.missed.push(what);
  }

  device(id: string, options: DeviceOptions = { expiryS: 3_600 }): Device {
    const device = new Device(id, this, options);
    this.devices.push(device);
    return device;
  }

  startAll(): void {
    for (const node of this.stations) node.start();
  }

  // ---------------------------------------------------------------- disturbances

  /** Something keeps nodes from each other from now until `over` is called. */
  disturb(): { over: () => void } {
    this.#disturbances += 1;
    if (this.#epoch % 2 === 0) this.#epoch += 1;
    let here = true;
    return {
      over: () => {
        if (here) this.#disturbances -= 1;
        here = false;
      },
    };
  }

  /** A disturbance is over when all nodes have met again. */
  #watch(): void {
    const disturbed = this.#epoch % 2 === 1;
    if (disturbed && this.#disturbances === 0 && this.world.living.length === this.stations.length && this.world.whole)
      this.#epoch += 1;
    this.queue.in(WATCH_MS, () => this.#watch());
  }

  /** R66 at every node, and every node there. */
  get isProtected(): boolean {
    return this.stations.every((node) => node.alive && node.sim.acts && node.engine.isProtected);
  }
}
