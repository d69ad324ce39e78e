/** What nodes tell each other all the time: what is settled, whose sessions they continue, whom they see (R16, R52). And what may be forgotten by that (R54). */
import type { Millis } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import type { Frame } from '../wire/frameReader.ts';
import { decodeBeat, encodeBeat, SessionKind } from '../wire/v1Sessions.ts';
import type { ActorKey } from './copy/identity.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import { BEAT_MS, WHOLE_MS } from './limits.ts';
import type { SessionPeer } from './peers.ts';

/** Earlier lives of a peer that are remembered. */
const MAX_LIVES = 8;

export class Beats {
  readonly #desk: Desk;
  #sentMs: Millis = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  encode(kind: number): Buffer {
    const { options, publishes, promotion, peers, drain } = this.#desk;
    const view = [...peers.all()].filter((peer) => peer.isUp).map((peer) => peer.nodeId);
    return encodeBeat(kind, {
      at: options.clock.shows(),
      settled: publishes.settledMap(),
      promoted: promotion.list(),
      view: view.sort(),
      draining: drain.isOn,
    });
  }

  beatAll(): void {
    this.#sentMs = this.#desk.now();
    this.#desk.peers.broadcast(this.encode(SessionKind.beat));
  }

  tick(nowMs: Millis): void {
    if (nowMs - this.#sentMs >= BEAT_MS) this.beatAll();
  }

  read(peer: SessionPeer, { flags, body }: Frame): void {
    const { at, settled, promoted, view, draining } = decodeBeat(flags, body);
    this.#desk.options.clock.runWith(at);
    peer.settled = new Map(settled);
    for (const [life, below] of settled) peer.lives.set(life, below);
    for (const life of [...peer.lives.keys()].slice(0, -MAX_LIVES)) peer.lives.delete(life);
    peer.promoted = new Set(promoted);
    peer.view = new Set(view);
    peer.viewMs = this.#desk.now();
    this.#desk.peers.learnSeen(peer);
    peer.draining = draining;
    const below = peer.settled.get(peer.incarnation) ?? 0;
    for (const [sequence, n] of peer.refusedIn) if (n < below) peer.refusedIn.delete(sequence);
    this.#desk.lateMessages.settle(peer);
    this.#desk.publishes.news();
  }

  onBeat(link: LinkState, frame: Frame): void {
    this.read(this.#desk.peers.sender(link), frame);
  }

  // ---------------------------------------------------------------- forgetting

  /** Once a second: what can never come again need not be remembered (R54). */
  audit(): void {
    const { peers, copies } = this.#desk;
    if (peers.count > 0 && peers.wholeForMs() < WHOLE_MS) return;
    for (const held of [...copies.all()]) if (this.#mayForget(held)) this.#forget(held);
  }

  #mayForget(held: Held): boolean {
    const { registry, options, peers } = this.#desk;
    const { copy } = held;
    if (!held.isOwner || held.hold !== undefined) return false;
    const isMore = copy.done.size > 0 || copy.seen.size > (copy.lineage === null ? 0 : 1);
    if (!isMore) return false;
    if (options.durability === 'replicated' && peers.count > 0 && !held.backed) return false;
    return !registry.some(held.clientId, () => true);
  }

  #forget(held: Held): void {
    const { publishes, copies } = this.#desk;
    const { copy } = held;
    const actors = new Set<ActorKey>();
    copy.done.forEach(({ actor }) => actors.add(actor));
    const settled = [...actors].map((actor) => [actor, publishes.forgettableUpTo(actor)] as const).filter(([, n]) => n > 0);
    const inUse = new Set([...copy.items].map(({ dot }) => dot.lineage));
    const old = [...copy.seen.keys()].some((lineage) => lineage !== copy.lineage && !inUse.has(lineage));
    if (settled.length === 0 && !old) return;
    copies.apply(held, { type: 'purge', settled, keep: copy.lineage });
  }
}
