/** Before a planned stop every session goes to another node, so that nothing is lost or repeated (R72). */
import type { LinkState } from '../peer.ts';
import { decodeAsk, encodeAsk, SessionKind } from '../wire/v1Sessions.ts';
import { isConnected } from './copy/copy.ts';
import type { Desk } from './desk.ts';
import { DRAIN_SLICE } from './limits.ts';
import type { SessionPeer } from './peers.ts';
import type { SessionsLeft } from './ports.ts';

/** A hand-over brings no client: what the copy says of it stays. */
const NOBODY = { username: undefined, mountpoint: '' };

export class Drain {
  readonly #desk: Desk;
  #done: (() => void) | undefined;
  #isOn = false;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  start(done: () => void): void {
    this.#isOn = true;
    this.#done = done;
    this.#desk.beats.beatAll();
    this.#go();
  }

  /** This node keeps what it still has, and takes sessions again. */
  cancel(): void {
    this.#isOn = false;
    this.#done = undefined;
    this.#desk.beats.beatAll();
  }

  /** What keeps this node from being stopped. Second copies count where a third node can have them instead. */
  left(): SessionsLeft {
    const { copies, lateEntries } = this.#desk;
    let [sessions, secondCopies] = [0, 0];
    for (const held of copies.all()) {
      if (held.isOwner || held.leave !== undefined) sessions += 1;
      else secondCopies += 1;
    }
    return { sessions, secondCopies: this.#takers().length > 1 ? secondCopies : 0, lateMessages: lateEntries.count };
  }

  #takers(): SessionPeer[] {
    return [...this.#desk.peers.all()].filter((peer) => peer.isUp && !peer.gone && !peer.draining);
  }

  /** Some sessions at a time are offered to the node that has their second copy, which takes them over as if a client had come there. */
  #go(): void {
    const { copies, peers, options } = this.#desk;
    const takers = this.#takers();
    let offered = 0;
    for (const held of copies.all()) {
      if (offered >= DRAIN_SLICE || takers.length === 0) break;
      // Its client is sent away first, and takes the session along to where it goes.
      if (!held.isOwner || isConnected(held.copy)) continue;
      const target = takers.find((peer) => peer.nodeId === held.copy.backup) ?? takers[0];
      if (target === undefined) continue;
      offered += 1;
      peers.send(target, encodeAsk(SessionKind.offer, { clientId: held.clientId, request: 0, at: options.clock.nextAt() }));
    }
    const left = this.left();
    if (left.sessions + left.secondCopies + left.lateMessages > 0) return;
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }

  onOffer(link: LinkState, body: Buffer): void {
    const { peers, connects, copies } = this.#desk;
    peers.sender(link);
    const { clientId } = decodeAsk(body);
    if (copies.get(clientId)?.isOwner === true || connects.has(clientId)) return;
    connects.start(clientId, { cleanStart: false, expiryMs: Number.POSITIVE_INFINITY, will: undefined, client: NOBODY }, undefined);
  }

  audit(): void {
    if (this.#done !== undefined) this.#go();
  }
}
