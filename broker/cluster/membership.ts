/** Who is in the cluster as this node sees it (R10). Views are local and may disagree (R21). */
import type { NodeId, NodeName } from '../base/ids.ts';
import { MAX_MEMBERS } from './limits.ts';
import { Peer } from './peer.ts';
import type { Address, NodeIdentity } from './ports.ts';
import type { RowSink } from './tables/peerTable.ts';
import type { MemberRow } from './wire/v1.ts';

export class Membership {
  readonly #self: NodeIdentity;
  readonly #sinkOf: (peer: Peer) => RowSink;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #byName = new Map<NodeName, Peer>();
  /** Nodes that left or were forgotten: what others say of them counts for nothing (R13). */
  isGone: (nodeId: NodeId) => boolean = () => false;

  /** `sinkOf`: where the rows of a peer go. */
  constructor(self: NodeIdentity, sinkOf: (peer: Peer) => RowSink) {
    this.#self = self;
    this.#sinkOf = sinkOf;
  }

  get(nodeId: NodeId): Peer | undefined {
    return this.#peers.get(nodeId);
  }

  /** The peer that bears the name: at most one, since a second one is refused or replaces the first (R5). */
  byName(name: NodeName): Peer | undefined {
    return this.#byName.get(name);
  }

  all(): IterableIterator<Peer> {
    return this.#peers.values();
  }

  add(nodeId: NodeId, name: NodeName, incarnation: number): Peer {
    const peer = new Peer(nodeId, name, incarnation, this.#sinkOf);
    this.#peers.set(nodeId, peer);
    this.#byName.set(name, peer);
    return peer;
  }

  remove(peer: Peer): void {
    this.#peers.delete(peer.nodeId);
    this.#byName.delete(peer.name);
  }

  rename(peer: Peer, name: NodeName): void {
    this.#byName.delete(peer.name);
    peer.name = name;
    this.#byName.set(name, peer);
  }

  /** Up or suspect: everyone an acknowledgement waits for (R19). */
  *present(): Generator<Peer> {
    for (const peer of this.#peers.values()) if (peer.state !== 'down') yield peer;
  }

  /** Nodes up here, for the heartbeat, in order of id. */
  view(): NodeId[] {
    const up: NodeId[] = [];
    for (const peer of this.#peers.values()) if (peer.state === 'up') up.push(peer.nodeId);
    return up.sort();
  }

  /** Rows for SNAP: ourselves first, then members whose address is known. */
  rows(own: Address): MemberRow[] {
    const { nodeId, incarnation, name } = this.#self;
    const rows: MemberRow[] = [{ nodeId, incarnation, name, host: own.host, port: own.port }];
    for (const peer of this.#peers.values()) {
      if (peer.member && peer.address)
        rows.push({ nodeId: peer.nodeId, incarnation: peer.incarnation, name: peer.name, ...peer.address });
    }
    return rows;
  }

  /**
   * A row another member told. Returns the peer when its address is news worth dialling. Rows about ourselves and about a name that
   * someone else bears are left out: whoever is right will prove it on a link. `full`: left out because of the bound.
   */
  learn(row: MemberRow): Peer | 'full' | undefined {
    if (row.nodeId === this.#self.nodeId || row.name === this.#self.name || this.isGone(row.nodeId)) return undefined;
    const known = this.#peers.get(row.nodeId);
    if (known !== undefined) {
      if (known.address !== undefined || known.link !== undefined) return undefined;
      known.address = { host: row.host, port: row.port };
      return known;
    }
    if (this.byName(row.name) !== undefined) return undefined;
    if (this.#peers.size >= MAX_MEMBERS) return 'full';
    const peer = this.add(row.nodeId, row.name, row.incarnation);
    peer.member = true;
    peer.address = { host: row.host, port: row.port };
    return peer;
  }
}
