/**
 * The links: which proven connection becomes one (R4, R5, R8), and what the opening and the end of a link make of its peer
 * (R17-R20). Up and down are decided here and nowhere else.
 */
import type { Log } from '../base/log.ts';
import type { Millis, NodeId, NodeName } from '../base/ids.ts';
import type { DialPlan } from './dialPlan.ts';
import type { LinkRole } from './handshake.ts';
import { REDIAL_MS } from './limits.ts';
import { isRefusal, type CloseCode, type LinkEnd } from './linkEnd.ts';
import type { Membership } from './membership.ts';
import { LinkState, type Peer } from './peer.ts';
import type { ClockPort, LinkId, NodeIdentity, TransportPort } from './ports.ts';
import { Probes, type Verdict } from './probes.ts';
import type { Frame } from './wire/frameReader.ts';
import type { Hello } from './wire/v1.ts';

/** What is needed of the gate: ending a connection, with the reason told to the peer. Nothing more is reported about it. */
export interface GatePort {
  end(link: LinkId, code: CloseCode, message: string): void;
}

/** What the core does when the table has decided. */
export interface LinkTableEvents {
  /** A link is made; SNAP goes out before anything else. */
  opened(link: LinkState, hello: Hello): void;
  /** A link is no more; its peer may be linked again already. */
  dropped(link: LinkState): void;
  /** The peer is down and its rows are forgotten. */
  down(peer: Peer): void;
  /** A frame that was held back while the old link was probed. */
  frame(id: LinkId, frame: Frame): void;
}

export interface LinkTableOptions {
  readonly identity: NodeIdentity;
  readonly members: Membership;
  readonly plan: DialPlan;
  readonly gate: GatePort;
  readonly transport: TransportPort;
  readonly clock: ClockPort;
  readonly log: Log;
  readonly events: LinkTableEvents;
}

export class LinkTable {
  readonly #options: LinkTableOptions;
  readonly #links = new Map<LinkId, LinkState>();
  readonly #probes = new Probes();
  /** This node has left its cluster (R12): every link is refused. */
  alone = false;

  constructor(options: LinkTableOptions) {
    this.#options = options;
  }

  get(id: LinkId): LinkState | undefined {
    return this.#links.get(id);
  }

  /** A copy: links may end while it is walked. */
  all(): LinkState[] {
    return [...this.#links.values()];
  }

  get size(): number {
    return this.#links.size;
  }

  get probing(): number {
    return this.#probes.size;
  }

  /** A frame of a connection that is not admitted yet. */
  hold(id: LinkId, frame: Frame): void {
    this.#probes.hold(id, frame);
  }

  // ---------------------------------------------------------------- opening

  /** A connection has proven itself. */
  opened(id: LinkId, role: LinkRole, hello: Hello): void {
    const { identity, members, gate, clock } = this.#options;
    if (this.#refusesAll(id)) return;
    if (hello.nodeId === identity.nodeId) {
      gate.end(id, 'DUPLICATE_NODE_ID', `${hello.name} runs with the node id of ${identity.name}`);
      return;
    }
    if (this.#nameTaken(hello)) {
      gate.end(id, 'DUPLICATE_NODE_NAME', `A node called ${hello.name} is already in the cluster`);
      return;
    }
    const peer = members.get(hello.nodeId);
    if (peer?.link !== undefined && peer.nonce !== hello.nonce)
      this.#probes.start({ id, role, hello }, peer.link, clock.monotonicMs());
    else this.#admit(id, role, hello);
  }

  #refusesAll(id: LinkId): boolean {
    const { gate, identity } = this.#options;
    if (this.alone) gate.end(id, 'CLUSTER_LEFT', `${identity.name} has left its cluster`);
    return this.alone;
  }

  /** R5: refused while the first holder is linked; otherwise the newcomer will replace it. */
  #nameTaken(hello: Hello): boolean {
    const { identity, members } = this.#options;
    if (hello.name === identity.name) return true;
    const holder = members.byName(hello.name);
    return holder !== undefined && holder.nodeId !== hello.nodeId && holder.link !== undefined;
  }

  #admit(id: LinkId, role: LinkRole, hello: Hello): void {
    const { members, gate, transport, clock, events } = this.#options;
    if (this.#refusesAll(id)) return;
    const known = members.get(hello.nodeId);
    if (known?.link !== undefined) {
      const superfluous = 'Both nodes dialled; the other connection is kept';
      if (!this.#prefersNew(known.link, role)) {
        gate.end(id, 'DUPLICATE_LINK', superfluous);
        return;
      }
      gate.end(known.link.id, 'DUPLICATE_LINK', superfluous);
      this.#drop(known.link);
    }
    if (known?.state === 'suspect' && hello.incarnation < known.incarnation) {
      gate.end(id, 'DUPLICATE_NODE_ID', `A later start of ${hello.name} was linked a moment ago`);
      return;
    }
    const peer = this.#identify(known, hello);
    const link = new LinkState(id, role, peer, transport);
    this.#links.set(id, link);
    peer.link = link;
    peer.heardMs = clock.monotonicMs();
    peer.synced = false;
    peer.refusedSinceMs = undefined;
    events.opened(link, hello);
  }

  /** R8: the connection dialled by the smaller node id is kept; of two dialled by the same side, the newer one. */
  #prefersNew(old: LinkState, role: LinkRole): boolean {
    if (old.role === role) return true;
    return (role === 'dial') === this.#options.identity.nodeId < old.peer.nodeId;
  }

  /** The record of who has proven itself, with the effects of a restart, a new name or a replacement (R5, R20). */
  #identify(known: Peer | undefined, hello: Hello): Peer {
    const { members } = this.#options;
    const holder = members.byName(hello.name);
    if (holder !== undefined && holder !== known)
      this.#forget(holder, `${hello.name} was replaced by a node with a new identity`);
    if (known === undefined) {
      const peer = members.add(hello.nodeId, hello.name, hello.incarnation);
      peer.nonce = hello.nonce;
      return peer;
    }
    const sameLife = known.incarnation === hello.incarnation && known.nonce === hello.nonce;
    if (!sameLife) {
      if (known.state !== 'down') this.declareDown(known, `${known.name} has started again`);
      known.newLife(hello.incarnation, hello.nonce);
    }
    if (known.name !== hello.name) members.rename(known, hello.name);
    return known;
  }

  /** A node that is no member any more (R12, R13). */
  forget(nodeId: NodeId, reason: string): void {
    const peer = this.#options.members.get(nodeId);
    if (peer !== undefined) this.#forget(peer, reason);
    else this.#options.plan.removeMember(nodeId);
  }

  #forget(peer: Peer, reason: string): void {
    // Of a peer that is down it was about to make it up.
    const opening = peer.state === 'down' ? this.#cut(peer, reason) : undefined;
    if (peer.state !== 'down') this.declareDown(peer, reason);
    this.#options.members.remove(peer);
    this.#options.plan.removeMember(peer.nodeId);
    if (opening !== undefined) this.#judge(this.#probes.oldClosed(opening));
  }

  // ---------------------------------------------------------------- up and down

  /** SNAP has come: the peer is up (R17). True when it was not up before. */
  snapped(link: LinkState, wasDown: boolean): boolean {
    const { peer } = link;
    // R20, C6: if either side had given the other up, both treat the time as a down episode.
    if (wasDown && peer.state !== 'down') this.#down(peer, `${peer.name} had given this node up`);
    const wasUp = peer.state === 'up';
    link.snapped = true;
    peer.state = 'up';
    peer.member = true;
    peer.gaveUp = false;
    peer.reason = null;
    this.#options.plan.worked(peer.nodeId);
    if (wasUp) return false;
    this.#options.log.info('cluster_node_up', { peer: peer.name, node_id: peer.nodeId, incarnation: peer.incarnation });
    return true;
  }

  /** The connection has ended, by the network or by the peer's CLOSE. */
  closed(id: LinkId, end: LinkEnd): void {
    this.#probes.drop(id);
    const link = this.#links.get(id);
    if (link === undefined) return;
    const { peer } = link;
    this.#drop(link);
    if (this.#options.members.isGone(peer.nodeId)) this.#forget(peer, end.message);
    else if (!peer.member) this.#options.members.remove(peer);
    else if (peer.state === 'up') this.#suspect(peer, end);
    this.#judge(this.#probes.oldClosed(link));
  }

  /** R17: a lost link makes the peer suspect and is dialled at once; R19: nothing else changes yet. */
  #suspect(peer: Peer, end: LinkEnd): void {
    const { clock, plan, log } = this.#options;
    peer.state = 'suspect';
    peer.synced = false;
    peer.reason = end.message;
    peer.refusedSinceMs = undefined;
    log.info('cluster_link_lost', { peer: peer.name, reason: end.message });
    const nowMs = clock.monotonicMs();
    if (end.code !== undefined && isRefusal(end.code)) plan.refusedBy(peer.nodeId, end.message, nowMs);
    else plan.lost(peer.nodeId, end.code === 'DUPLICATE_LINK' ? nowMs + REDIAL_MS : nowMs);
    if (end.code === 'STOPPING') this.declareDown(peer, `${peer.name} was stopped`);
  }

  /** Ends a link of our own accord. */
  end(link: LinkState, code: CloseCode, message: string): void {
    this.#options.gate.end(link.id, code, message);
    this.closed(link.id, { code, message });
  }

  declareDown(peer: Peer, reason: string): void {
    const link = this.#cut(peer, reason);
    this.#down(peer, reason);
    if (this.#options.members.isGone(peer.nodeId)) this.#forget(peer, reason);
    if (link !== undefined) this.#judge(this.#probes.oldClosed(link));
  }

  /** Ends the link of a peer. Whoever waits for the end of the one returned is to be judged. */
  #cut({ link }: Peer, reason: string): LinkState | undefined {
    if (link === undefined) return undefined;
    this.#options.gate.end(link.id, 'LINK_SILENT', reason);
    this.#drop(link);
    return link;
  }

  #down(peer: Peer, reason: string): void {
    peer.state = 'down';
    peer.gaveUp = true;
    peer.synced = false;
    peer.reason = reason;
    peer.rttMs = null;
    peer.ackedSeq = 0;
    peer.counters.downs += 1;
    peer.table.clear();
    this.#options.log.warn('cluster_node_down', { peer: peer.name, reason });
    this.#options.events.down(peer);
  }

  /** Takes a link out of the table; its peer decides what it is now. */
  #drop(link: LinkState): void {
    this.#links.delete(link.id);
    const { peer } = link;
    if (peer.link === link) peer.link = undefined;
    peer.table.abandonSnapshot();
    this.#options.events.dropped(link);
  }

  #judge(verdicts: readonly Verdict[]): void {
    const { members, gate, events } = this.#options;
    for (const { newcomer, admit, frames } of verdicts) {
      const { id, role, hello } = newcomer;
      if (!admit) {
        gate.end(id, 'DUPLICATE_NODE_ID', `Another node runs with the node id of ${hello.name}`);
        continue;
      }
      const old = members.get(hello.nodeId)?.link;
      if (old !== undefined) this.end(old, 'LINK_SILENT', `${hello.name} has started again`);
      this.#admit(id, role, hello);
      for (const frame of frames) events.frame(id, frame);
    }
  }

  // ---------------------------------------------------------------- time

  tick(nowMs: Millis): void {
    for (const peer of [...this.#options.members.all()]) this.#check(peer, nowMs);
    this.#judge(this.#probes.tick(nowMs));
  }

  #check(peer: Peer, nowMs: Millis): void {
    if (peer.state === 'down' && peer.link === undefined) return;
    const reason = peer.overdue(nowMs);
    if (reason === undefined) return;
    if (peer.state !== 'down') this.declareDown(peer, reason);
    else if (peer.link !== undefined) this.end(peer.link, 'LINK_SILENT', reason);
  }

  /** Our own process stood still for so long: what the others said meanwhile is still to be read, their silence is ours. */
  allowFor(stalledMs: Millis, nowMs: Millis): void {
    for (const peer of this.#options.members.all()) {
      peer.heardMs = Math.min(nowMs, peer.heardMs + stalledMs);
      if (peer.refusedSinceMs !== undefined) peer.refusedSinceMs += stalledMs;
    }
  }

  // ---------------------------------------------------------------- who is behind an address

  /** The peer that was met at an address, or that a seed is named after. */
  peerAt(nodeId: NodeId | undefined, seedName: NodeName | undefined): Peer | undefined {
    const { members } = this.#options;
    const met = nodeId === undefined ? undefined : members.get(nodeId);
    return met ?? (seedName === undefined ? undefined : members.byName(seedName));
  }
}
