/** QoS 1 and 2 messages that this node has accepted: where they go, and when they are done (R52). */
import type { NodeId, NodeName } from '../../base/ids.ts';
import { actorKey, incarnationOfActor, nodeOfActor, type ActorKey, type Mid } from './copy/identity.ts';
import { MidMap } from './copy/midMap.ts';
import type { Accepted } from './delivery.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import type { LateOut } from './lateEntries.ts';
import { START_MAX_HELD, WHOLE_MS } from './limits.ts';
import type { SessionMessage } from './message.ts';
import type { SessionPeer } from './peers.ts';
import { SettledHistory } from './settledHistory.ts';
import type { RemoteInterest } from './interest.ts';
import type { PublishSource, PublishWaiter, SessionDelivery, ShareGroup, Waiter } from './ports.ts';

/** One accepted message until all its parts are secured and it is settled. It is its own waiter: nothing is made per part. */
export class OpenPublish implements Waiter, PublishWaiter, Accepted {
  /** Its number here; that of its mid unless another actor had accepted it first (R65). */
  readonly n: number;
  readonly mid: Mid;
  readonly at: number;
  readonly message: SessionMessage;
  waiter: PublishWaiter | undefined;
  receivers = 0;
  parts = 1;
  late: LateOut | undefined;
  /** The packet id under which a publisher of QoS 2 may ask for it again (R65). */
  source: PublishSource | undefined;
  readonly #publishes: Publishes;

  constructor(publishes: Publishes, n: number, accepted: Accepted, waiter: PublishWaiter | undefined) {
    this.#publishes = publishes;
    this.n = n;
    this.mid = accepted.mid;
    this.at = accepted.at;
    this.message = accepted.message;
    this.waiter = waiter;
  }

  secured(): void {
    this.parts -= 1;
    if (this.parts === 0) this.#publishes.done(this);
  }

  /** One of its shared groups is served. */
  published(receivers: number): void {
    this.receivers += receivers;
    this.secured();
  }
}

/** Where a message goes besides durable sessions. */
interface Outward {
  readonly targets: readonly NodeName[];
  readonly groups: readonly ShareGroup[];
}

/** Not accepted yet. */
interface Early extends Outward {
  readonly message: SessionMessage;
  readonly source: PublishSource | undefined;
  readonly waiter: PublishWaiter;
}

/** In place of the number of a publisher's message: all its parts are secured, and only PUBREL is to come. */
const ANSWERED = 0;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Bytes of a packet that its digest covers, from both ends: topic and payload in most packets. */
const DIGEST_BYTES = 512;
const DUP = 0x08;

function digestOf({ packet }: SessionMessage): number {
  const { length } = packet;
  let digest = FNV_OFFSET ^ length;
  const step = (at: number) => {
    const byte = packet[at] as number;
    digest = Math.imul(digest ^ (at === 0 ? byte & ~DUP : byte), FNV_PRIME);
  };
  const head = Math.min(length, DIGEST_BYTES);
  for (let at = 0; at < head; at += 1) step(at);
  for (let at = Math.max(head, length - DIGEST_BYTES); at < length; at += 1) step(at);
  return digest >>> 0;
}

const ALL = Number.MAX_SAFE_INTEGER;
const NO_GROUPS: ReadonlySet<string> = new Set();

/** Groups that the broker does not know of at the moment, since all their members are at nodes that are out of reach, or have just moved. */
function absentGroups(remembered: readonly RemoteInterest[], known: readonly ShareGroup[]): ReadonlySet<string> {
  const absent = new Set<string>();
  for (const { group } of remembered) if (group !== null && !known.some(({ key }) => key === group)) absent.add(group);
  return absent;
}

export class Publishes {
  readonly #desk: Desk;
  /** By number, so in order: the first one says what is settled. */
  readonly #open = new Map<number, OpenPublish>();
  /** Of these, messages that another life had accepted first, by the names that it gave them (R65). */
  readonly #foreign = new MidMap<OpenPublish>();
  readonly #history = new SettledHistory(WHOLE_MS);
  #n = 0;
  /** Came while the node was starting (R27, C15). */
  #early: Early[] = [];
  /** A message that its publisher sends again and whose first acceptor has not finished it, and what the publisher sent behind it. */
  #repeated: Early[] = [];

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get open(): number {
    return this.#open.size + this.#early.length + this.#repeated.length;
  }

  publish(message: SessionMessage, targets: readonly NodeName[], groups: readonly ShareGroup[], source: PublishSource | undefined, waiter: PublishWaiter): void {
    if (this.#early.length > 0 || this.#desk.isStarting) {
      if (this.#early.length < START_MAX_HELD) {
        this.#early.push({ message, targets, groups, source, waiter });
        return;
      }
    }
    this.#accept({ message, targets, groups, source, waiter });
  }

  /** The node knows its peers, or has waited long enough. */
  started(): void {
    for (const early of this.#early.splice(0)) this.#accept(early);
  }

  #accept(early: Early): void {
    const { copies } = this.#desk;
    const { message, source, waiter } = early;
    const publisher = copies.get(source?.clientId ?? message.fromClientId);
    const holder = publisher !== undefined && publisher.isOwner ? publisher : undefined;
    if (holder !== undefined && this.#isBehind(holder)) this.#repeated.push(early);
    else if (source === undefined || holder === undefined) this.#inTurn(holder, this.#draw(message, undefined, waiter), early);
    else this.#acceptOnce(holder, early, source);
  }

  /** R65: whoever goes on with the publisher's session must know a QoS 2 message by its name before anybody has it. */
  #acceptOnce(holder: Held, early: Early, source: PublishSource): void {
    const { message, waiter } = early;
    const before = holder.copy.awaitingRel.get(source.packetId);
    const digest = digestOf(message);
    if (before?.digest === digest) return this.#again(holder, before, early, source);
    const open = this.#draw(message, undefined, waiter);
    open.source = source;
    this.#desk.copies.apply(holder, { type: 'await', packetId: source.packetId, mid: { ...open.mid, digest } });
    this.#inTurn(holder, open, early, true);
  }

  /** The publisher sends a QoS 2 message again, here or after its session moved: it is the same message (R65). */
  #again(holder: Held, mid: Mid, early: Early, source: PublishSource): void {
    const { message, waiter } = early;
    const known = mid.actor === this.#desk.actor ? this.#open.get(mid.n) : this.#foreign.get(mid);
    if (known !== undefined && known.parts > 0) {
      known.waiter = waiter;
      return;
    }
    const standing = known === undefined ? this.#standing(mid) : 'secured';
    if (standing === 'secured') return waiter.published(known?.receivers ?? 0);
    if (standing === 'open') {
      this.#repeated.push(early);
      return;
    }
    const open = this.#draw(message, mid, waiter);
    open.source = source;
    this.#inTurn(holder, open, early);
  }

  /** Messages of one publisher keep their order, also behind one that another node still has to finish. */
  #isBehind({ clientId }: Held): boolean {
    return this.#repeated.length > 0 && this.#repeated.some(({ message }) => message.fromClientId === clientId);
  }

  /**
   * What became of a message that another life had accepted. As long as that one is there it finishes what it began; if it ended before
   * all was secured, the message must go out once more, and who has had it knows it by its mid. One that is here as a late entry of an
   * earlier life is on its way to everybody.
   */
  #standing({ actor, n }: Mid): 'secured' | 'open' | 'lost' {
    if (n === ANSWERED || actor === this.#desk.actor || this.#desk.lateEntries.has({ actor, n })) return 'secured';
    const life = incarnationOfActor(actor);
    const peer = this.#desk.peers.get(nodeOfActor(actor));
    if (n < (peer?.lives.get(life) ?? 0)) return 'secured';
    return peer !== undefined && peer.isPresent && peer.incarnation === life ? 'open' : 'lost';
  }

  /** A beat was read, or a node is down. A publisher that has moved on asks at the node where it is now. */
  news(): void {
    if (this.#repeated.length === 0) return;
    const { copies } = this.#desk;
    for (const early of this.#repeated.splice(0)) {
      if (copies.get(early.message.fromClientId)?.isOwner === true) this.#accept(early);
    }
  }

  /**
   * What other lives have finished of the messages that our publishers may ask for again: nobody needs to remember these any more, so
   * that it must be known here for good, also to whoever goes on with the session.
   */
  audit(): void {
    this.#noteSettled();
    for (const held of this.#desk.copies.all()) {
      if (!held.isOwner || held.copy.awaitingRel.size === 0) continue;
      for (const [packetId, mid] of [...held.copy.awaitingRel])
        if (mid.n !== ANSWERED && mid.actor !== this.#desk.actor && this.#standing(mid) === 'secured') this.#answered(held, packetId);
    }
  }

  /** False when the packet id is free, or not of this node any more. */
  #answered(held: Held | undefined, packetId: number): boolean {
    const mid = held?.isOwner === true ? held.copy.awaitingRel.get(packetId) : undefined;
    if (held === undefined || mid === undefined || mid.n === ANSWERED) return false;
    return this.#desk.copies.apply(held, { type: 'await', packetId, mid: { ...mid, n: ANSWERED } });
  }

  /** A number for a message that is a part of another: see `enter`. */
  nextNumber(): number {
    this.#n += 1;
    return this.#n;
  }

  enter(open: OpenPublish): void {
    this.#open.set(open.n, open);
  }

  #draw(message: SessionMessage, foreign: Mid | undefined, waiter: PublishWaiter | undefined): OpenPublish {
    this.#n += 1;
    const mid = foreign ?? { actor: this.#desk.actor, n: this.#n };
    const open = new OpenPublish(this, this.#n, { mid, at: this.#desk.options.clock.nextAt(), message }, waiter);
    this.#open.set(open.n, open);
    if (foreign !== undefined) this.#foreign.set(foreign, open);
    return open;
  }

  /** Opens a number for a message of an earlier life that has none of its own. */
  reopen(accepted: Accepted): OpenPublish {
    this.#n += 1;
    const open = new OpenPublish(this, this.#n, accepted, undefined);
    this.#open.set(open.n, open);
    return open;
  }

  /** Messages of one publisher go out in their order, also behind one that waits for its `await`. */
  #inTurn(holder: Held | undefined, open: OpenPublish, to: Outward, awaits = false): void {
    if (holder === undefined || (!awaits && holder.unrouted === 0)) return this.#route(open, to);
    holder.unrouted += 1;
    this.#desk.copies.whenSecured(holder, {
      secured: () => {
        holder.unrouted -= 1;
        this.#route(open, to);
      },
    });
  }

  /** A message for one session of this node alone, under a name of its own. */
  offer(held: Held, message: SessionMessage, delivery: SessionDelivery): void {
    const open = this.#draw(message, undefined, undefined);
    this.#desk.delivery.put(held, open, delivery);
    open.secured();
  }

  // ---------------------------------------------------------------- where it goes

  #route(open: OpenPublish, { targets, groups }: Outward): void {
    const { interest, delivery, copies, forwards, peers, shares, self } = this.#desk;
    const { locals, remotes, groups: remembered } = interest.match(open.message);
    const absent = remembered.length === 0 ? NO_GROUPS : absentGroups(remembered, groups);
    const nodes = new Map<SessionPeer, boolean>();
    const late = new Set<SessionPeer>();
    const unprotected: NodeId[] = [];
    for (const { peer, unprotected: count } of remotes) {
      if (peer.isPresent) nodes.set(peer, true);
      else if (count > 0 || !peers.isCovered(peer)) {
        // R30: whoever goes on with the sessions of that node is not known, or does not have them all.
        late.add(peer);
        if (count > 0) unprotected.push(peer.nodeId);
      }
    }
    for (const target of targets) {
      const peer = peers.named(target);
      if (peer?.isPresent === true && !nodes.has(peer)) nodes.set(peer, false);
    }
    // R27: what a member wants that was never heard of in this life is unknown, so it may be this; and who has second copies of that, too.
    for (const peer of peers.all()) {
      if (peer.standing !== 'new' || peer.gone || peers.isCovered(peer)) continue;
      late.add(peer);
      unprotected.push(peer.nodeId);
    }
    const served = delivery.enqueueAll(open, locals, (held) => held.leave === undefined || !held.leave.flushed.has(self), false);
    open.receivers += served.length + nodes.size;
    open.parts += served.length;
    for (const held of served) copies.whenSecured(held, open);
    for (const [peer, durable] of nodes) forwards.send(peer, open, durable);
    if (late.size > 0) this.#desk.lateEntries.make(open, unprotected);
    for (let index = 0; index < groups.length; index += 1) shares.give(open, groups[index]!.key);
    for (const key of absent) shares.give(open, key);
    open.secured();
  }

  /** All parts are secured. With a late entry that is parked it stays open (R32). */
  done(open: OpenPublish): void {
    const { waiter } = open;
    open.waiter = undefined;
    this.#settleSource(open);
    this.close(open);
    waiter?.published(open.receivers);
  }

  /** A message is not settled before everybody who may be asked for it again knows that it is secured (R65). */
  #settleSource(open: OpenPublish): void {
    const { source } = open;
    if (source === undefined) return;
    open.source = undefined;
    const { copies } = this.#desk;
    const held = copies.get(source.clientId);
    const awaited = held?.copy.awaitingRel.get(source.packetId);
    if (held === undefined || awaited?.n !== open.mid.n || awaited.actor !== open.mid.actor || !this.#answered(held, source.packetId)) return;
    open.parts += 1;
    copies.whenSecured(held, open);
  }

  close(open: OpenPublish): void {
    if (open.parts > 0 || open.late !== undefined) return;
    this.#open.delete(open.n);
    if (open.mid.actor !== this.#desk.actor) this.#foreign.delete(open.mid);
  }

  // ---------------------------------------------------------------- settled

  /** Numbers of this life below this are settled. */
  get settledBelow(): number {
    for (const n of this.#open.keys()) return n;
    return this.#n + 1;
  }

  /** What beats tell: this life, and earlier lives that have late entries. */
  settledMap(): [number, number][] {
    const { incarnation, lateEntries } = this.#desk;
    return [[incarnation, this.settledBelow], ...lateEntries.earlierLives()];
  }

  /** Up to which number the messages of an actor are settled: none of them comes again. */
  #settledUpTo(actor: ActorKey): number {
    const { self, incarnation, peers, lateEntries } = this.#desk;
    const node = nodeOfActor(actor);
    const life = incarnationOfActor(actor);
    if (node === self) {
      if (life === incarnation) return this.settledBelow - 1;
      for (const [earlier, below] of lateEntries.earlierLives()) if (earlier === life) return below - 1;
      return ALL;
    }
    const peer = peers.get(node);
    if (peer === undefined) return ALL;
    const below = peer.settled?.get(life);
    if (below !== undefined) return below - 1;
    return peer.settled !== undefined && life < peer.incarnation ? ALL : 0;
  }

  /** Whether a finished message must be remembered: it may come again, or a copy may that has it (section 9). */
  mustRemember(mid: Mid): boolean {
    return this.#desk.peers.count > 0 && (this.#desk.peers.wholeForMs() < WHOLE_MS || this.forgettableUpTo(mid.actor) < mid.n);
  }

  /** Up to which number the messages of an actor need not be remembered in a cluster that has been whole: all nodes know them settled. */
  forgettableUpTo(actor: ActorKey): number {
    const settled = this.#settledUpTo(actor);
    return settled === ALL || this.#desk.peers.count === 0 ? settled : Math.min(settled, this.#history.upTo(actor, this.#desk.now()));
  }

  #noteSettled(): void {
    const { self, incarnation, peers, actor, now } = this.#desk;
    const settled = new Map([[actor, this.settledBelow - 1]]);
    for (const peer of peers.all()) for (const [life, below] of peer.settled ?? []) settled.set(actorKey({ nodeId: peer.nodeId, incarnation: life }), below - 1);
    for (const [life, below] of this.#desk.lateEntries.earlierLives()) if (life !== incarnation) settled.set(actorKey({ nodeId: self, incarnation: life }), below - 1);
    this.#history.note(now(), settled);
  }
}
