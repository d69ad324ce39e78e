/**
 * Who belongs to the cluster (R10-R14): a shared table with a row for every node id. A node writes its own row when it starts and
 * when it joins; `left` and `forgotten` stay for ever, so that nobody is brought back by hearsay. A node that was forgotten and
 * returns decides itself: with autoheal it is a member again and its tables merge; otherwise it stands alone and says what to do.
 */
import type { Log } from '../../base/log.ts';
import { parseNodeName, type Millis, type NodeId, type NodeName } from '../../base/ids.ts';
import type { Peer } from '../peer.ts';
import type { Address } from '../ports.ts';
import { jsonCodec, type SharedTable, type SharedTables } from './sharedTables.ts';

export type MemberState = 'member' | 'left' | 'forgotten';

export interface MemberRecord {
  readonly name: NodeName;
  /** Where others dial it. */
  readonly address: Address;
  readonly state: MemberState;
}

/** What membership does to links. */
export interface MemberLinks {
  /** A member to be dialled, and to be shown while it is away. */
  learnMember(row: { readonly nodeId: NodeId; readonly name: NodeName; readonly address: Address }): void;
  /** The node is no member any more: no link, no dial, no word of it. */
  forgetMember(nodeId: NodeId, reason: string): void;
  /** While it stands alone a node refuses all links and knows nobody. */
  standAlone(alone: boolean): void;
  peers(): Iterable<Peer>;
}

export interface MemberTableOptions {
  readonly tables: SharedTables;
  readonly self: { readonly nodeId: NodeId; readonly name: NodeName };
  readonly autoheal: boolean;
  /** Members that are down for so long are forgotten; Infinity: never. */
  readonly autocleanMs: Millis;
  /** Whether a node's sessions live on elsewhere, so that it may be forgotten (R13, R33). */
  readonly covered?: (nodeId: NodeId) => boolean;
  /** This node has been told to leave, or was forgotten and may not return: it looks for nobody any more. */
  readonly onAlone: () => void;
  readonly log: Log;
}

/** Name of the shared table. */
export const MEMBER_TABLE = 'members';

export class MemberTable {
  readonly #options: MemberTableOptions;
  readonly #rows: SharedTable<MemberRecord>;
  readonly #downSinceMs = new Map<NodeId, Millis>();
  #links: MemberLinks | undefined;
  #address: Address = { host: '', port: 0 };
  #alone = false;
  /** Some member was linked since the start. */
  #hasMet = false;

  constructor(options: MemberTableOptions) {
    this.#options = options;
    this.#rows = options.tables.open(MEMBER_TABLE, jsonCodec(readRecord), (key, record, origin) => {
      if (origin === 'remote') this.#changed(key as NodeId, record);
    });
  }

  /** It has left, or was forgotten and may not return by itself. */
  get alone(): boolean {
    return this.#alone;
  }

  get(nodeId: NodeId): MemberRecord | undefined {
    return this.#rows.get(nodeId);
  }

  /** All rows, those of nodes that left too. */
  entries(): IterableIterator<[NodeId, MemberRecord]> {
    return this.#rows.entries() as IterableIterator<[NodeId, MemberRecord]>;
  }

  /** Members, running or stopped, this node included while it does not stand alone. */
  *memberIds(): Generator<NodeId> {
    if (this.#alone) return;
    for (const [nodeId, { state }] of this.entries()) if (state === 'member') yield nodeId;
  }

  /** True for a node that left or was forgotten: what others say of it counts for nothing. */
  isGone(nodeId: NodeId): boolean {
    const record = this.#rows.get(nodeId);
    return record !== undefined && record.state !== 'member';
  }

  /** Before the first link. A node that has left stays alone until it joins. */
  start(links: MemberLinks, address: Address): void {
    this.#links = links;
    this.#address = address;
    const { nodeId } = this.#options.self;
    const own = this.#rows.get(nodeId);
    if (own !== undefined && own.state !== 'member') {
      this.#stand(true);
      return;
    }
    this.#writeOwn();
    this.#learnAll();
  }

  #learnAll(): void {
    for (const [nodeId, record] of this.entries()) if (record.state === 'member') this.#learn(nodeId, record);
  }

  #learn(nodeId: NodeId, { name, address }: MemberRecord): void {
    if (nodeId !== this.#options.self.nodeId) this.#links?.learnMember({ nodeId, name, address });
  }

  /** Its own row, when it says something else: a new name or address is a change of the row and nothing more (R1). */
  #writeOwn(again = false): void {
    const { self } = this.#options;
    const own = this.#rows.get(self.nodeId);
    const { host, port } = this.#address;
    const same = own?.state === 'member' && own.name === self.name && own.address.host === host && own.address.port === port;
    if (!same || again) this.#rows.put(self.nodeId, { name: self.name, address: this.#address, state: 'member' });
    this.#replaceNamesakes();
  }

  /** R5: an older node id of the same name that is not linked was this node before its disk was lost. */
  #replaceNamesakes(): void {
    const { self, log } = this.#options;
    for (const [nodeId, record] of [...this.entries()]) {
      if (nodeId === self.nodeId || record.name !== self.name || record.state !== 'member') continue;
      this.#rows.put(nodeId, { ...record, state: 'left' });
      log.info('cluster_member_replaced', { node: self.name, old_id: nodeId, new_id: self.nodeId });
    }
  }

  // ---------------------------------------------------------------- changes of others

  #changed(nodeId: NodeId, record: MemberRecord | undefined): void {
    const { self } = this.#options;
    if (nodeId === self.nodeId) return this.#ownChanged(record);
    if (this.#alone) return;
    if (record === undefined || record.state === 'member') {
      if (record?.name === self.name) this.#replaceNamesakes();
      else if (record !== undefined) this.#learn(nodeId, record);
      return;
    }
    this.#links?.forgetMember(nodeId, record.state === 'left' ? `${record.name} has left the cluster` : `${record.name} was removed from the cluster`);
  }

  #ownChanged(record: MemberRecord | undefined): void {
    if (this.#links === undefined || record?.state === 'member') return;
    const { autoheal, log, self } = this.#options;
    if (record === undefined || (record.state === 'forgotten' && autoheal)) {
      // R14: what was written here while it was away merges; what the others deleted meanwhile stays deleted.
      this.#writeOwn(true);
      if (record !== undefined) log.info('cluster_rejoined', { node: self.name, message: 'It was forgotten while it was away, and is a member again.' });
      return;
    }
    const hint = 'Run `ctl cluster join <node>` on it to bring it back.';
    log.warn(record.state === 'left' ? 'cluster_removed' : 'cluster_forgotten', { node: self.name, hint });
    this.#stand(true);
    this.#options.onAlone();
  }

  #stand(alone: boolean): void {
    this.#alone = alone;
    this.#links?.standAlone(alone);
    if (!alone) this.#learnAll();
  }

  // ---------------------------------------------------------------- commands

  /** R12: everybody hears of it. Call `goAlone` when the word has gone out. */
  announceLeave(): void {
    const { self } = this.#options;
    this.#rows.put(self.nodeId, { name: self.name, address: this.#address, state: 'left' });
  }

  /** Ends all links and knows nobody any more; the tables stay as they are. */
  goAlone(): void {
    this.#stand(true);
  }

  /** Links are made again, as at the first start. */
  goTogether(): void {
    this.#writeOwn(true);
    this.#stand(false);
  }

  /**
   * R13: a member that runs is told to leave; one that does not is forgotten. False when there is no such member. `running`: this
   * node has a link to it.
   */
  remove(name: NodeName, running: boolean): boolean {
    const entry = [...this.entries()].find(([nodeId, record]) => record.name === name && record.state === 'member' && nodeId !== this.#options.self.nodeId);
    if (entry === undefined) return false;
    const [nodeId, record] = entry;
    this.#rows.put(nodeId, { ...record, state: running ? 'left' : 'forgotten' });
    this.#options.log.info('cluster_member_removed', { node: name, node_id: nodeId });
    if (!running) this.#links?.forgetMember(nodeId, `${name} was removed from the cluster`);
    return true;
  }

  // ---------------------------------------------------------------- time

  /**
   * Autoclean: members that stay away are forgotten, unless something of theirs lives nowhere else, or it may be this node that is away.
   * What it forgot without right would not come back by itself where autoheal is off.
   */
  tick(nowMs: Millis): void {
    const { autocleanMs, covered = () => true, log } = this.#options;
    if (this.#alone || this.#links === undefined) return;
    const peers = [...this.#links.peers()];
    // Nobody is away for long only because this node was, and meets the first of them at this moment.
    if (!this.#mayForget(peers)) return this.#downSinceMs.clear();
    for (const peer of peers) {
      if (peer.state !== 'down') {
        this.#downSinceMs.delete(peer.nodeId);
        continue;
      }
      const sinceMs = this.#downSinceMs.get(peer.nodeId);
      if (sinceMs === undefined) this.#downSinceMs.set(peer.nodeId, nowMs);
      else if (nowMs - sinceMs >= autocleanMs && covered(peer.nodeId) && this.remove(peer.name, false)) {
        this.#downSinceMs.delete(peer.nodeId);
        log.warn('cluster_member_autocleaned', { node: peer.name, away_ms: Math.round(nowMs - sinceMs) });
      }
    }
  }

  /** Not before it has met anybody since its start; and without autoheal not while most members are on another side (S51). */
  #mayForget(peers: readonly Peer[]): boolean {
    const linked = peers.filter(({ state }) => state !== 'down').length;
    this.#hasMet ||= linked > 0;
    if (!this.#hasMet) return false;
    return this.#options.autoheal || 2 * (1 + linked) >= [...this.memberIds()].length;
  }
}

function readRecord(value: unknown): MemberRecord {
  const { name, address, state } = value as { name?: unknown; address?: { host?: unknown; port?: unknown }; state?: unknown };
  const parsed = typeof name === 'string' ? parseNodeName(name) : undefined;
  if (parsed === undefined || typeof address?.host !== 'string' || typeof address.port !== 'number') throw new Error('the row is no member');
  if (state !== 'member' && state !== 'left' && state !== 'forgotten') throw new Error(`a member is never ${String(state)}`);
  return { name: parsed, address: { host: address.host, port: address.port }, state };
}
