/** One node's part in the cluster, whole: the gate, the core and the plan of addresses. What the shell and the simulation drive. */
import type { NodeName } from '../base/ids.ts';
import { ClusterCore } from './clusterCore.ts';
import { DialPlan } from './dialPlan.ts';
import { LinkGate } from './linkGate.ts';
import { newCounters } from './linkQueue.ts';
import type { Address, ClusterOptions, ClusterPorts, LinkReport, Proposal } from './ports.ts';
import { linkReport } from './reports.ts';

export class ClusterNode {
  /** Connections come in here. */
  readonly gate: LinkGate;
  /** Local changes, messages and questions come in here. */
  readonly core: ClusterCore;
  readonly #plan: DialPlan;

  constructor(options: ClusterOptions, ports: ClusterPorts) {
    this.#plan = new DialPlan(options.seeds, { name: options.identity.name, address: options.address });
    this.gate = new LinkGate(options, ports, this.#plan);
    this.core = new ClusterCore(options, ports, this.gate, this.#plan);
    this.gate.attach(this.core);
  }

  /** Ten times a second is enough for every time-out. */
  tick(): void {
    this.core.tick();
    this.gate.tick();
  }

  turnEnd(): void {
    this.core.turnEnd();
  }

  /** Says goodbye to all peers. */
  stop(): void {
    this.core.stop();
    this.gate.stop();
  }

  /** Dials an address that somebody names by hand (R11). */
  join(address: Address): void {
    this.#plan.join(address);
  }

  /** Why the last dial of an address failed, in words. */
  dialReason(address: Address): string | null {
    return this.#plan.get(address)?.reason ?? null;
  }

  /** What discovery knows at present, in place of what it knew before. Returns how many addresses were left out because of the bound. */
  propose(proposals: readonly Proposal[]): number {
    return this.#plan.propose(proposals);
  }

  /** Somebody else is a member, or proposed. */
  get knowsOthers(): boolean {
    return [...this.#plan.all()].some((target) => !target.self);
  }

  /** R15: some member or some proposed address has no link, or there is nobody to be linked to. */
  get incomplete(): boolean {
    const targets = [...this.#plan.all()].filter((target) => !target.self);
    return targets.length === 0 || targets.some((target) => this.core.standing(target) !== 'linked');
  }

  /** Links to all members, then seeds that never answered, with the reason. */
  links(): LinkReport[] {
    const reports = this.core.links();
    const reported = new Set<NodeName>(reports.map((report) => report.peer));
    for (const target of this.#plan.all()) {
      const { seedName, self, reason } = target;
      if (seedName === undefined || self || reported.has(seedName)) continue;
      if (this.core.standing(target) !== 'unlinked') continue;
      reported.add(seedName);
      const link = { peer: seedName, state: 'down', rttMs: null, queueBytes: 0, queueDataBytes: 0, reason: reason ?? 'Not reached yet' } as const;
      reports.push(linkReport(link, newCounters()));
    }
    return reports;
  }
}
