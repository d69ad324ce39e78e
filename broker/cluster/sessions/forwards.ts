/** Acknowledged forwards: what waits for each node, and what this node has to acknowledge (R28, R52). */
import { nodeOfActor, incarnationOfActor, actorKey, type Mid } from './copy/identity.ts';
import type { NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import type { Frame } from '../wire/frameReader.ts';
import { decodeForward, decodeForwardAck, encodeForward, encodeForwardAck, type ForwardedShare, type WireMid } from '../wire/v1Sessions.ts';
import { messageOfWire, type SessionMessage } from './message.ts';
import { matches } from '../../topics/topicFilter.ts';
import type { SessionRow } from '../wire/v1SessionRows.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import type { SessionPeer } from './peers.ts';
import type { Waiter } from './ports.ts';
import type { OpenPublish } from './publishes.ts';
import { Share } from './shares.ts';

/** A forward of a peer until it is secured here. */
class Incoming implements Waiter {
  readonly mid: Mid;
  parts = 1;
  readonly #peer: SessionPeer;
  readonly #incarnation: number;
  readonly #n: number;
  readonly #desk: Desk;

  constructor(desk: Desk, peer: SessionPeer, n: number, mid: Mid) {
    this.mid = mid;
    this.#desk = desk;
    this.#peer = peer;
    this.#incarnation = peer.incarnation;
    this.#n = n;
  }

  secured(): void {
    this.parts -= 1;
    if (this.parts > 0 || this.#peer.incarnation !== this.#incarnation) return;
    this.#peer.openIn.delete(this.#n);
    this.#peer.acks.push(this.#n);
    this.#desk.stream.touch();
  }
}

export class Forwards {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  // ---------------------------------------------------------------- out

  /** `share`: for one member of a group that the peer chooses. */
  send(peer: SessionPeer, open: OpenPublish, durable: boolean, share?: ForwardedShare): void {
    const { peers, counters, actor } = this.#desk;
    const { n, at, mid, message } = open;
    peer.lastOut += 1;
    const sequence = peer.lastOut;
    const frame = encodeForward({ sequence, n, at, foreign: mid.actor === actor ? undefined : wireMid(mid), share, publish: message });
    peer.pend.set(sequence, { publish: open, durable, frame });
    open.parts += 1;
    counters.forwardsOut += 1;
    peers.send(peer, frame);
  }

  /** R28, C4: before anything that the new rows cause. */
  resend(peer: SessionPeer): void {
    for (const { frame } of peer.pend.values()) {
      this.#desk.counters.resent += 1;
      this.#desk.peers.send(peer, frame);
    }
  }

  /** R29: what a node has not acknowledged waits for whoever goes on with its sessions. */
  down(peer: SessionPeer): void {
    const open = [...peer.pend.values()];
    peer.pend.clear();
    for (const { publish, durable } of open) {
      if (durable) this.#desk.lateEntries.make(publish, this.#unprotected(peer, publish));
      if (publish instanceof Share) this.#desk.shares.refused(publish, peer);
      publish.secured();
    }
  }

  /**
   * A session has left a node while we had no link to it: that node did not wait for our FLUSH. So what it has not acknowledged may come there
   * behind the session. What it acknowledged before is in what it handed in (R48). Any node that is not up may have the session by now.
   */
  left({ pend }: SessionPeer, { filters, durable }: SessionRow): void {
    if (!durable || pend.size === 0) return;
    const { peers, lateEntries } = this.#desk;
    const unseen = [...peers.all()].filter((peer) => !peer.isUp).map((peer) => peer.nodeId);
    for (const { publish } of pend.values()) {
      if (filters.some((filter) => matches(filter, publish.message.topic))) lateEntries.make(publish, unseen);
    }
  }

  #unprotected(peer: SessionPeer, { message }: OpenPublish): NodeId[] {
    const { remotes } = this.#desk.interest.match(message);
    return remotes.some((interest) => interest.peer === peer && interest.unprotected > 0) ? [peer.nodeId] : [];
  }

  onAck(link: LinkState, body: Buffer): void {
    const peer = this.#desk.peers.sender(link);
    const { numbers, refused } = decodeForwardAck(body);
    for (const n of numbers) this.#takePend(peer, n)?.secured();
    for (const n of refused) {
      const publish = this.#takePend(peer, n);
      if (publish instanceof Share) this.#desk.shares.refused(publish, peer);
      publish?.secured();
    }
  }

  #takePend(peer: SessionPeer, n: number): OpenPublish | undefined {
    const pend = peer.pend.get(n);
    peer.pend.delete(n);
    return pend?.publish;
  }

  // ---------------------------------------------------------------- in

  onForward(link: LinkState, { flags, body }: Frame): void {
    const { peers, interest, delivery, copies, counters, host, options } = this.#desk;
    const peer = peers.sender(link);
    const { sequence, n, at, foreign, share, publish } = decodeForward(flags, body);
    options.clock.heard(at);
    if (sequence <= peer.lastIn) {
      counters.duplicatesSuppressed += 1;
      if (peer.refusedIn.has(sequence)) peer.refused.push(sequence);
      else if (!peer.openIn.has(sequence)) peer.acks.push(sequence);
      return;
    }
    peer.lastIn = sequence;
    counters.forwardsIn += 1;
    const message = messageOfWire(publish);
    const mid = foreign === undefined ? { actor: actorKey(peer), n } : midOf(foreign);
    const incoming = new Incoming(this.#desk, peer, sequence, mid);
    peer.openIn.add(sequence);
    if (share !== undefined) return this.#toMember(peer, sequence, n, incoming, message, share);
    host.dispatch(message);
    const takes = (held: Held) => held.leave === undefined || !held.leave.flushed.has(peer.nodeId);
    const served = delivery.enqueueAll({ mid, at, message }, interest.match(message).locals, takes, false);
    incoming.parts += served.length;
    for (const held of served) copies.whenSecured(held, incoming);
    incoming.secured();
  }

  /** A member of ours gets it, or it is refused; that is remembered as long as it may be sent again. */
  #toMember(peer: SessionPeer, sequence: number, n: number, incoming: Incoming, message: SessionMessage, share: ForwardedShare): void {
    if (this.#desk.shares.placeHere(incoming, message, share)) return incoming.secured();
    peer.openIn.delete(sequence);
    peer.refusedIn.set(sequence, n);
    peer.refused.push(sequence);
    this.#desk.stream.touch();
  }

  /** One frame of acknowledgements per peer and turn. */
  flush(): void {
    for (const peer of this.#desk.peers.all()) {
      if ((peer.acks.length === 0 && peer.refused.length === 0) || !peer.ready) continue;
      const { acks, refused } = peer;
      peer.acks = [];
      peer.refused = [];
      this.#desk.peers.send(peer, encodeForwardAck(acks, refused));
    }
  }
}

export function wireMid({ actor, n }: Mid): WireMid {
  return { node: nodeOfActor(actor), incarnation: incarnationOfActor(actor), n };
}

export function midOf({ node, incarnation, n }: WireMid): Mid {
  return { actor: actorKey({ nodeId: node, incarnation }), n };
}
