/**
 * Which address is dialled when: seeds and addresses of members, with back-off per address (R7, R15). A suspect peer is dialled
 * every 200 ms, because refused dials are how a dead process is told from a slow one (R17).
 */
import type { Millis, NodeId, NodeName } from '../base/ids.ts';
import { BACKOFF_FIRST_MS, BACKOFF_REFUSED_MS, BACKOFF_UNREACHABLE_MS, MAX_PROPOSED, REDIAL_MS, SEED_MISSED_MS } from './limits.ts';
import { addressKey, type Address, type ClusterSeed, type Proposal } from './ports.ts';

export interface DialTarget {
  readonly address: Address;
  /** The name a seed was written with. */
  seedName: NodeName | undefined;
  /** A seed, or found by discovery; otherwise only known from the row of a member. */
  proposed: boolean;
  /** Who answered there last, or whose row names the address. */
  nodeId: NodeId | undefined;
  /** Ourselves: never dialled again. */
  self: boolean;
  /** A dial or the handshake after it is under way. */
  busy: boolean;
  nextDialMs: Millis;
  backoffMs: Millis;
  /** Why the last attempt failed, in words. */
  reason: string | null;
  /** Since when nobody answers there; undefined: somebody did, or it was not tried. */
  missedSinceMs: Millis | undefined;
  /** That has been told to the operator. */
  missedTold: boolean;
}

/** How the peer behind a target stands: linked ones are not dialled, suspect ones at once and often. */
export type TargetStanding = 'linked' | 'suspect' | 'unlinked';

export class DialPlan {
  readonly #targets = new Map<string, DialTarget>();
  readonly #self: NodeName;

  constructor(seeds: readonly ClusterSeed[], self: { readonly name: NodeName; readonly address: Address }) {
    this.#self = self.name;
    this.propose(seeds.map(({ node, host, port }) => ({ node, address: { host, port } })));
    this.#add(self.address).self = true;
  }

  #add(address: Address): DialTarget {
    const key = addressKey(address);
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const target = {
      address,
      seedName: undefined,
      proposed: false,
      nodeId: undefined,
      self: false,
      busy: false,
      nextDialMs: 0,
      backoffMs: 0,
      reason: null,
      missedSinceMs: undefined,
      missedTold: false,
    };
    this.#targets.set(key, target);
    return target;
  }

  /**
   * All that discovery knows at present (R15), in place of what it knew before. Addresses it no longer names are forgotten unless a
   * member is there. Returns how many were left out because of the bound.
   */
  propose(proposals: readonly Proposal[]): number {
    for (const target of this.#targets.values()) target.proposed = false;
    for (const { node, address } of proposals.slice(0, MAX_PROPOSED)) {
      const target = this.#add(address);
      target.proposed = true;
      target.seedName = node ?? target.seedName;
      target.self ||= node === this.#self;
    }
    for (const [key, target] of this.#targets) {
      if (target.proposed || target.self) continue;
      target.seedName = undefined;
      if (target.nodeId === undefined) this.#targets.delete(key);
    }
    return Math.max(0, proposals.length - MAX_PROPOSED);
  }

  /** An address that somebody names by hand: dialled at once. */
  join(address: Address): void {
    const target = this.#add(address);
    target.nextDialMs = 0;
    target.backoffMs = 0;
    target.reason = null;
  }

  /** An address of a member, from its row. */
  addMember(address: Address, nodeId: NodeId): void {
    const target = this.#add(address);
    if (!target.self) target.nodeId = nodeId;
  }

  /** Forgets addresses that only a vanished member had. */
  removeMember(nodeId: NodeId): void {
    for (const [key, target] of this.#targets) {
      if (target.nodeId !== nodeId) continue;
      target.nodeId = undefined;
      if (!target.proposed) this.#targets.delete(key);
    }
  }

  get(address: Address): DialTarget | undefined {
    return this.#targets.get(addressKey(address));
  }

  all(): IterableIterator<DialTarget> {
    return this.#targets.values();
  }

  /** Targets to dial now. */
  due(nowMs: Millis, standing: (target: DialTarget) => TargetStanding): DialTarget[] {
    const due: DialTarget[] = [];
    for (const target of this.#targets.values()) {
      if (target.self || target.busy || nowMs < target.nextDialMs) continue;
      if (standing(target) !== 'linked') due.push(target);
    }
    return due;
  }

  /** Nobody answered. A suspect peer is tried again soon; others with a growing pause of at most 10 s. */
  unreachable(target: DialTarget, standing: TargetStanding, reason: string, nowMs: Millis): void {
    target.busy = false;
    target.reason = reason;
    target.missedSinceMs ??= nowMs;
    if (standing === 'suspect') {
      target.nextDialMs = nowMs + REDIAL_MS;
      return;
    }
    this.#pause(target, BACKOFF_UNREACHABLE_MS, nowMs);
  }

  /** A seed at which nobody has answered for a while, and of which that was not told: once until it works (section 12, bad input). */
  missed(target: DialTarget, nowMs: Millis): boolean {
    if (!target.proposed || target.missedTold || target.missedSinceMs === undefined || nowMs - target.missedSinceMs < SEED_MISSED_MS) return false;
    return (target.missedTold = true);
  }

  /** Refused on principle: the pause grows to 60 s (R7). */
  refused(target: DialTarget, reason: string, nowMs: Millis): void {
    target.busy = false;
    target.reason = reason;
    target.missedSinceMs = undefined;
    this.#pause(target, BACKOFF_REFUSED_MS, nowMs);
  }

  /** A link to this node ended with a refusal, whoever had dialled it: none of its addresses is dialled for a while. */
  refusedBy(nodeId: NodeId, reason: string, nowMs: Millis): void {
    for (const target of this.#targets.values()) if (target.nodeId === nodeId) this.refused(target, reason, nowMs);
  }

  #pause(target: DialTarget, longestMs: Millis, nowMs: Millis): void {
    target.backoffMs = Math.min(longestMs, target.backoffMs === 0 ? BACKOFF_FIRST_MS : target.backoffMs * 2);
    target.nextDialMs = nowMs + target.backoffMs;
  }

  /** The peer of this node id works: its addresses start without a pause next time. */
  worked(nodeId: NodeId): void {
    for (const target of this.#targets.values()) {
      if (target.nodeId !== nodeId) continue;
      target.backoffMs = 0;
      target.nextDialMs = 0;
      target.reason = null;
      target.missedSinceMs = undefined;
      target.missedTold = false;
    }
  }

  /** The link to this node broke: dial again at this moment. */
  lost(nodeId: NodeId, atMs: Millis): void {
    for (const target of this.#targets.values()) if (target.nodeId === nodeId) target.nextDialMs = atMs;
  }
}
