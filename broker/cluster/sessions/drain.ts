/** Before a planned stop every session goes to another node, so that nothing is lost or repeated (R72). */
import type { LinkState } from '../peer.ts';
import { decodeAsk, encodeAsk, SessionKind } from '../wire/v1Sessions.ts';
import type { Desk } from './desk.ts';
import { DRAIN_SLICE } from './limits.ts';

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

  /** Some sessions at a time are offered to the node that has their second copy, which takes them over as if a client had come there. */
  #go(): void {
    const { copies, peers, options } = this.#desk;
    let offered = 0;
    let left = 0;
    for (const held of copies.all()) {
      if (held.leave !== undefined) left += 1;
      if (!held.isOwner) continue;
      const to = [...peers.all()].filter((peer) => peer.isUp && !peer.gone && !peer.draining);
      const target = to.find((peer) => peer.nodeId === held.copy.backup) ?? to[0];
      if (target === undefined) continue;
      left += 1;
      if (offered >= DRAIN_SLICE) continue;
      offered += 1;
      peers.send(target, encodeAsk(SessionKind.offer, { clientId: held.clientId, request: 0, at: options.clock.nextAt() }));
    }
    if (left > 0 || this.#desk.lateEntries.count > 0) return;
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
