/**
 * The way of shared rows between nodes (R35). Each node sends its own writes, by number, to every link; both ends say what they have
 * seen when a link opens and once a second afterwards. What a peer has seen and we have not, and whose writer cannot be reached, is
 * asked for: by number while the peer still has it so, otherwise by a digest of 256 buckets. Copies that have seen the same writes
 * compare digests once a minute.
 */
import type { Millis, NodeId } from '../../base/ids.ts';
import { MAX_TOMBSTONES, SHARED_AUDIT_MS, SHARED_AUDIT_SOON_MS, SHARED_PATIENCE_MS, SHARED_REPORT_MS, SLICE_AHEAD_BYTES } from '../limits.ts';
import type { LinkState } from '../peer.ts';
import type { ClusterStream, StreamHost } from '../stream.ts';
import type { Frame } from '../wire/frameReader.ts';
import * as wire from '../wire/v1Shared.ts';
import { protocolError } from '../wire/bytes.ts';
import { changesAnswer, changesFrame, rowsAnswer } from './answers.ts';
import { Have, type SharedActor } from './have.ts';
import { differing, Repair } from './repair.ts';
import type { Replica } from './replica.ts';
import { rowOf } from './sharedRows.ts';
import { SharedLink } from './sharedLink.ts';
import { Tombstones } from './tombstones.ts';

type SyncHost = Pick<StreamHost, 'clock' | 'log' | 'touch'>;

/** Questions about writes by number that may be open on one link. */
const MAX_ASKED = 64;
/** Answers under way for one peer; a question beyond is a fault of the peer. */
const MAX_ANSWERS = 2 * MAX_ASKED;

export class SharedSync {
  readonly #replica: Replica;
  readonly #host: SyncHost;
  readonly #links = new Map<LinkState, SharedLink>();
  readonly #tombstones: Tombstones;
  #repair: Repair | undefined;
  #overwritten = 0;
  /** The run of own writes made last. Kept for the turn only. */
  #made: { readonly own: SharedActor; readonly from: number; readonly last: number; readonly changes: { readonly frame: Buffer; readonly to: number } } | undefined;
  /** Times that copies were compared and differed. */
  repairs = 0;

  constructor(replica: Replica, host: SyncHost) {
    this.#replica = replica;
    this.#host = host;
    this.#tombstones = new Tombstones(replica, host.log, MAX_TOMBSTONES);
  }

  /** Whose word tombstones wait for: every member, stopped ones included, this node left out. */
  set members(members: () => Iterable<NodeId>) {
    this.#tombstones.members = members;
  }

  /** This node has no other members: a delete leaves no tombstone. */
  get isAlone(): boolean {
    return this.#links.size === 0 && this.#tombstones.isAlone;
  }

  stream(persist: (nowMs: Millis) => void): ClusterStream {
    return {
      kinds: wire.SHARED_KINDS,
      opened: (link) => this.#opened(link),
      up: () => {},
      frame: (link, frame) => this.#frame(link, frame),
      dropped: (link) => this.#dropped(link),
      down: () => {},
      tick: (nowMs) => {
        this.#tick(nowMs);
        persist(nowMs);
      },
      turnEnd: () => this.#pumpAll(),
    };
  }

  /** How many writes a peer has not told to have seen; undefined before its first word. */
  lag(nodeId: NodeId): number | undefined {
    const told = this.#tombstones.reported(nodeId);
    if (told === undefined) return undefined;
    let lag = 0;
    for (const [actor, seq] of this.#replica.have.all()) lag += Math.max(0, seq - told.seq(actor));
    return lag;
  }

  /** All that this node was told of, it has: nobody says more, no answer is under way. */
  get settled(): boolean {
    if (this.#repair !== undefined) return false;
    for (const { peerHave } of this.#links.values()) {
      if (peerHave === undefined) return false;
      for (const [actor, seq] of peerHave.all()) if (seq > this.#replica.have.seq(actor)) return false;
    }
    return true;
  }

  /** The copy was dropped: the peers must know that nothing was seen. */
  wasReset(): void {
    this.#repair = undefined;
    for (const state of this.#links.values()) {
      state.asked.clear();
      state.trimmed.clear();
      this.#reportWhole(state);
    }
    this.#host.touch();
  }

  // ---------------------------------------------------------------- links

  #opened(link: LinkState): void {
    const state = new SharedLink(link, this.#host.clock.monotonicMs() + SHARED_AUDIT_SOON_MS);
    this.#links.set(link, state);
    this.#reportWhole(state);
  }

  #dropped(link: LinkState): void {
    const state = this.#links.get(link);
    this.#links.delete(link);
    if (this.#repair !== undefined && this.#repair.from === state) this.#repair = undefined;
  }

  #reportWhole(state: SharedLink): void {
    const { have, own } = this.#replica;
    state.link.control(wire.encodeHave({ whole: true, life: own.life, entries: have.since(0) }));
    state.reported = have.changes;
  }

  #frame(link: LinkState, { kind, flags, body }: Frame): void {
    const state = this.#links.get(link);
    if (state === undefined) throw protocolError('Shared rows on a link that was not opened');
    switch (kind) {
      case wire.SharedKind.have:
        return this.#onHave(state, wire.decodeHave(flags, body));
      case wire.SharedKind.changes:
        return this.#onChanges(state, wire.decodeChanges(body));
      case wire.SharedKind.pull:
        return this.#onPull(state, wire.decodeSharedPull(body));
      case wire.SharedKind.digest:
        return this.#onDigest(state, wire.decodeDigest(flags, body));
      case wire.SharedKind.differ:
        return this.#onDiffer(state, wire.decodeDiffer(flags, body));
      case wire.SharedKind.rows:
        return this.#onRows(state, wire.decodeSharedRows(body));
      case wire.SharedKind.repaired:
        return this.#onRepaired(state, wire.decodeRepaired(body));
      default:
        throw protocolError(`Frame kind ${kind} is unknown among those of shared tables`);
    }
  }

  // ---------------------------------------------------------------- what was seen

  #onHave(state: SharedLink, { whole, life, entries }: wire.HaveFrame): void {
    const { actors, own, have } = this.#replica;
    if (whole || state.peerHave === undefined) state.peerHave = new Have();
    state.peerLife = life;
    for (const { nodeId, life: actorLife, seq } of entries) state.peerHave.raise(actors.of(nodeId, actorLife), seq);
    this.#tombstones.told(state.link.peer.nodeId, state.peerHave);
    if (whole) state.sentSeq = Math.min(state.peerHave.seq(own), have.seq(own));
    this.#host.touch();
  }

  /** What changed since the last word, once a second at most. */
  #report(state: SharedLink, nowMs: Millis): void {
    const { have, own } = this.#replica;
    if (have.changes === state.reported || nowMs - state.reportedAtMs < SHARED_REPORT_MS) return;
    state.link.control(wire.encodeHave({ whole: false, life: own.life, entries: have.since(state.reported) }));
    state.reported = have.changes;
    state.reportedAtMs = nowMs;
  }

  // ---------------------------------------------------------------- writes by number

  #onChanges(state: SharedLink, { actor: { nodeId, life }, from, to, rows }: wire.ChangesFrame): void {
    const { actors, have } = this.#replica;
    const actor = actors.of(nodeId, life);
    state.asked.delete(actor);
    if (to < from) throw protocolError('A run of writes ends before it begins');
    if (actor === this.#replica.own) return;
    if (from > have.seq(actor)) {
      // The peer has them no more by number: its rows have to be compared.
      state.trimmed.add(actor);
      return;
    }
    state.trimmed.delete(actor);
    const table = (name: string) => this.#replica.rows.table(name);
    const taken = rows.map((row) => ({ table: table(row.table), key: row.key, row: rowOf(row.value, row.at, actor, row.seq) }));
    this.#replica.acceptRun(actor, from, to, taken);
  }

  #onPull(state: SharedLink, { nodeId, life, seq }: wire.PullFrame): void {
    if (state.answers.length >= MAX_ANSWERS) throw protocolError('More questions about shared rows than there are answers for');
    state.answers.push(changesAnswer(this.#replica, this.#replica.actors.of(nodeId, life), seq));
    this.#host.touch();
  }

  // ---------------------------------------------------------------- rows by bucket

  #onDigest(state: SharedLink, { audit, haveHash, sums }: wire.DigestFrame): void {
    const { have, rows } = this.#replica;
    // Copies that have not seen the same writes differ rightly: the audit has nothing to say.
    if (audit && haveHash !== have.hash) return;
    if (state.answers.length >= MAX_ANSWERS) throw protocolError('More questions about shared rows than there are answers for');
    const buckets = differing(rows.digest(!audit), sums);
    state.answers.push(rowsAnswer(this.#replica, { buckets, audit, seen: have.since(0) }));
    this.#host.touch();
  }

  #onDiffer(state: SharedLink, { audit, buckets }: wire.DifferFrame): void {
    const repair = this.#repairOf(state, audit);
    if (repair === undefined) return;
    repair.differ(buckets);
    if (repair.audit && repair.differs) this.#host.log.warn('shared_tables_differ', { peer: state.link.peer.name, message: 'Both have seen the same writes; the newer rows are taken.' });
    if (repair.differs) this.repairs += 1;
  }

  /** The answer that is under way on this link; an answer that nobody waits for any more is passed over. */
  #repairOf(state: SharedLink, audit?: boolean): Repair | undefined {
    const repair = this.#repair;
    if (repair?.from !== state || (audit !== undefined && repair.audit !== audit)) return undefined;
    repair.progressMs = this.#host.clock.monotonicMs();
    return repair;
  }

  #onRows(state: SharedLink, { actors: wireActors, rows }: wire.RowsFrame): void {
    const repair = this.#repairOf(state);
    if (repair === undefined) return;
    const replica = this.#replica;
    const actors = wireActors.map(({ nodeId, life }) => replica.actors.of(nodeId, life));
    for (const { table, key, actor: index, seq, at, value } of rows) {
      const actor = actors[index];
      if (actor !== undefined) repair.row(replica.rows.table(table), key, rowOf(value, at, actor, seq));
    }
  }

  #onRepaired(state: SharedLink, entries: readonly wire.HaveEntry[]): void {
    const repair = this.#repairOf(state);
    if (repair === undefined) return;
    this.#repair = undefined;
    const dropped = repair.complete(entries);
    if (!repair.audit) this.#feedAgain();
    this.#host.log.info('shared_tables_compared', { peer: state.link.peer.name, audit: repair.audit, differed: repair.differs, deleted: dropped });
  }

  /** Writes that came meanwhile with a gap in front were left out: whoever sent them is told from where to go on. */
  #feedAgain(): void {
    for (const state of this.#links.values()) {
      if (state.trimmed.size === 0) continue;
      state.trimmed.clear();
      this.#reportWhole(state);
    }
  }

  #ask(state: SharedLink, audit: boolean, nowMs: Millis): void {
    const { have, rows } = this.#replica;
    this.#repair = new Repair(this.#replica, state, audit, nowMs);
    state.link.control(wire.encodeDigest({ audit, haveHash: have.hash, sums: rows.digest(!audit) }));
    this.#host.touch();
  }

  // ---------------------------------------------------------------- time

  #tick(nowMs: Millis): void {
    if (this.#repair !== undefined && nowMs - this.#repair.progressMs > SHARED_PATIENCE_MS) this.#repair = undefined;
    for (const state of this.#links.values()) {
      this.#report(state, nowMs);
      this.#seekMissing(state, nowMs);
    }
    this.#audit(nowMs);
    this.#tombstones.sweep();
    this.#reportOverwritten();
  }

  /** Whatever the peer has seen and we have not, unless its writer is linked and will send it. */
  #seekMissing(state: SharedLink, nowMs: Millis): void {
    const { peerHave, asked, trimmed } = state;
    if (peerHave === undefined) return;
    for (const [actor, seq] of peerHave.all()) {
      if (seq <= this.#replica.have.seq(actor)) continue;
      if (trimmed.has(actor)) {
        if (this.#repair === undefined) this.#ask(state, false, nowMs);
        continue;
      }
      if (this.#isFed(actor)) continue;
      const askedMs = this.#askedAtMs(actor);
      if ((askedMs !== undefined && nowMs - askedMs < SHARED_PATIENCE_MS) || asked.size >= MAX_ASKED) continue;
      asked.set(actor, nowMs);
      state.link.control(wire.encodeSharedPull({ ...actor, seq: this.#replica.have.seq(actor) }));
      this.#host.touch();
    }
  }

  /** The writer itself is linked, lives the life meant, and has its writes by number. */
  #isFed(actor: SharedActor): boolean {
    for (const { link, peerLife, trimmed } of this.#links.values()) {
      if (link.peer.nodeId === actor.nodeId) return peerLife === actor.life && !trimmed.has(actor);
    }
    return false;
  }

  #askedAtMs(actor: SharedActor): Millis | undefined {
    for (const { asked } of this.#links.values()) {
      const askedMs = asked.get(actor);
      if (askedMs !== undefined) return askedMs;
    }
    return undefined;
  }

  #audit(nowMs: Millis): void {
    if (this.#repair !== undefined) return;
    for (const state of this.#links.values()) {
      if (nowMs < state.auditAtMs || state.peerHave?.hash !== this.#replica.have.hash) continue;
      state.auditAtMs = nowMs + SHARED_AUDIT_MS;
      return this.#ask(state, true, nowMs);
    }
  }

  #reportOverwritten(): void {
    const { overwritten } = this.#replica;
    if (overwritten === this.#overwritten || this.#repair !== undefined) return;
    const names = this.#replica.overwrittenNames.join(', ');
    this.#replica.overwrittenNames = [];
    this.#host.log.info('shared_rows_overwritten', { rows: overwritten - this.#overwritten, names, message: 'Written on two nodes at once; the newer ones are kept.' });
    this.#overwritten = overwritten;
  }

  // ---------------------------------------------------------------- sending

  /** Made once for all links that stand at the same place. */
  #ownChanges(own: SharedActor, from: number): { readonly frame: Buffer; readonly to: number } {
    const last = this.#replica.have.seq(own);
    if (this.#made?.own !== own || this.#made.from !== from || this.#made.last !== last) {
      this.#made = { own, from, last, changes: changesFrame(this.#replica, own, from) };
    }
    return this.#made.changes;
  }

  #pumpAll(): void {
    for (const state of this.#links.values()) this.#pump(state);
    this.#made = undefined;
  }

  /** Own writes first, then answers, never more than 1 MiB ahead of the network. */
  #pump(state: SharedLink): void {
    const { own, have } = this.#replica;
    const { link, answers } = state;
    if (state.peerHave === undefined) return;
    while (state.sentSeq < have.seq(own) && link.controlBytes < SLICE_AHEAD_BYTES) {
      const { frame, to } = this.#ownChanges(own, state.sentSeq);
      link.control(frame);
      state.sentSeq = to;
    }
    for (let answer = answers[0]; answer !== undefined && link.controlBytes < SLICE_AHEAD_BYTES; answer = answers[0]) {
      const { done, value } = answer.next();
      if (done === true) answers.shift();
      else if (value === undefined) break;
      else link.control(value);
    }
  }
}
