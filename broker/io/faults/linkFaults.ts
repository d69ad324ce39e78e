/**
 * Faults between the cluster core and its sockets, per peer and direction (R73): what is cut, delayed, throttled or dropped, and what is
 * held back by it. It exists only where faults are allowed; without it a link has no more to do than to write to its socket.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FaultKind } from '../../api/schema/fault.ts';
import type { Millis, NodeName } from '../../base/ids.ts';
import type { LinkId } from '../../cluster/ports.ts';
import { rawSocketOf } from '../listeners/tlsFront.ts';
import { Lane, type LaneRule } from './lane.ts';

/** From so many bytes held on the way in, nothing more is read: the peer's own queue grows instead, as behind a slow network. */
const IN_HELD_BYTES = 1024 * 1024;
/** A connection that was closed behind a cut stays open so long for the peer, who must not hear of it; then the system ends it. */
const UNHEARD_CLOSE_MS: Millis = 60_000;

export type Direction = 'in' | 'out';

export interface ActiveFault extends LaneRule {
  readonly peer: NodeName;
  readonly direction: Direction;
  readonly sinceMs: Millis;
}

/** A connection with its two lanes. */
export interface FaultyWire {
  readonly socket: Socket;
  readonly lanes: Readonly<Record<Direction, Lane>>;
  /** Closed by us; the peer hears of it when the lane lets it. */
  closing: boolean;
}

export interface LinkFaultsOptions {
  /** Who is at the other end of a connection, as far as it has said. */
  readonly peerOf: (id: LinkId) => NodeName | undefined;
  /** The faults of a peer are healed: try to reach it at once. */
  readonly healed: (peer: NodeName) => void;
}

export class LinkFaults {
  readonly #faults = new Map<string, ActiveFault>();
  readonly #wires = new Map<LinkId, FaultyWire>();
  /** What a connection said last about its other end; it may be closed meanwhile. */
  readonly #peers = new Map<LinkId, NodeName>();
  /** Dials that get no answer. */
  readonly #unanswered = new Map<() => void, NodeName>();
  #options: LinkFaultsOptions | undefined;

  /** Once, before the first connection. */
  attach(options: LinkFaultsOptions): void {
    this.#options = options;
  }

  // ---------------------------------------------------------------- for who asks for faults

  /** `set` replaces the fault of that peer and direction. */
  set(peer: NodeName, direction: Direction, kind: FaultKind, { delayMs, bytesPerSecond, sinceMs }: Omit<ActiveFault, 'peer' | 'direction' | 'kind'>): void {
    this.#faults.set(keyOf(peer, direction), { peer, direction, kind, delayMs, bytesPerSecond, sinceMs });
    this.#apply(peer);
  }

  /** Returns what was healed. */
  heal(peer: NodeName | undefined, directions: readonly Direction[]): readonly ActiveFault[] {
    const healed = [...this.#faults.values()].filter((fault) => (peer === undefined || fault.peer === peer) && directions.includes(fault.direction));
    for (const fault of healed) this.#faults.delete(keyOf(fault.peer, fault.direction));
    for (const name of new Set(healed.map((fault) => fault.peer))) {
      this.#apply(name);
      if (this.blocks(name)) continue;
      for (const [giveUp, dialled] of this.#unanswered) if (dialled === name) giveUp();
      this.#options?.healed(name);
    }
    return healed;
  }

  /** Breaks the connections to a peer as a reset of the network would. Returns how many there were. */
  reset(peer: NodeName): number {
    const broken = [...this.#wires].filter(([id, { closing }]) => this.#peerOf(id) === peer && !closing);
    for (const [, { socket }] of broken) breakOff(socket);
    return broken.length;
  }

  list(): readonly (ActiveFault & { readonly heldBytes: number })[] {
    return [...this.#faults.values()].map((fault) => ({ ...fault, heldBytes: this.#heldBytes(fault) }));
  }

  #heldBytes({ peer, direction }: ActiveFault): number {
    let bytes = 0;
    for (const [id, { lanes }] of this.#wires) if (this.#peerOf(id) === peer) bytes += lanes[direction].heldBytes;
    return bytes;
  }

  // ---------------------------------------------------------------- for the links

  /** Lays both lanes between a socket and the core. */
  adopt(id: LinkId, socket: Socket, deliver: (chunk: Buffer) => void): FaultyWire {
    const holed = () => breakOff(socket);
    const wire: FaultyWire = {
      socket,
      closing: false,
      lanes: {
        out: new Lane({ pass: (bytes) => void (socket.destroyed || socket.write(bytes)), holed }),
        in: new Lane({
          pass: (bytes) => deliver(bytes as Buffer),
          holed,
          held: (bytes) => void (bytes > IN_HELD_BYTES ? socket.pause() : socket.isPaused() && socket.resume()),
        }),
      },
    };
    this.#wires.set(id, wire);
    socket.once('close', () => {
      this.#wires.delete(id);
      this.#peers.delete(id);
      wire.lanes.in.dispose();
      wire.lanes.out.dispose();
    });
    return wire;
  }

  get(id: LinkId): FaultyWire | undefined {
    return this.#wires.get(id);
  }

  /** Bytes in one direction. Who is at the other end may have become known just now. */
  push(id: LinkId, direction: Direction, bytes: Uint8Array): void {
    const wire = this.#wires.get(id);
    if (wire === undefined) return;
    const lane = wire.lanes[direction];
    if (this.#faults.size > 0) lane.use(this.#faultOf(id, direction));
    lane.push(bytes);
  }

  /** Ends a connection of ours: `end` runs when the peer may hear of it. */
  close(id: LinkId, end: () => void): void {
    const wire = this.#wires.get(id);
    if (wire === undefined) return end();
    wire.closing = true;
    this.#peerOf(id);
    wire.lanes.in.dispose();
    wire.lanes.out.finish(end);
    if (wire.socket.destroyed || wire.socket.writableEnded) return;
    const limit = setTimeout(() => wire.socket.destroy(), UNHEARD_CLOSE_MS);
    limit.unref();
    wire.socket.once('close', () => clearTimeout(limit));
  }

  /** Whether no connection to a peer can come to be. */
  blocks(peer: NodeName): boolean {
    return (['in', 'out'] as const).some((direction) => {
      const kind = this.#faults.get(keyOf(peer, direction))?.kind;
      return kind === 'cut' || kind === 'drop';
    });
  }

  /** A dial that gets no answer: `giveUp` is called once, after a time or when the fault is healed. */
  leaveUnanswered(peer: NodeName, limitMs: Millis, giveUp: () => void): void {
    const once = () => {
      clearTimeout(limit);
      if (this.#unanswered.delete(once)) giveUp();
    };
    const limit = setTimeout(once, limitMs);
    limit.unref();
    this.#unanswered.set(once, peer);
  }

  /** The node stops: nothing is held back any more. */
  stop(): void {
    this.#faults.clear();
    this.#unanswered.clear();
    for (const { socket, closing } of this.#wires.values()) if (closing) socket.destroy();
    for (const { lanes } of this.#wires.values()) for (const lane of [lanes.out, lanes.in]) lane.use(undefined);
  }

  #apply(peer: NodeName): void {
    for (const [id, { lanes, closing }] of this.#wires) {
      if (this.#peerOf(id) !== peer) continue;
      lanes.out.use(this.#faultOf(id, 'out'));
      if (!closing) lanes.in.use(this.#faultOf(id, 'in'));
    }
  }

  #faultOf(id: LinkId, direction: Direction): ActiveFault | undefined {
    const peer = this.#peerOf(id);
    return peer === undefined ? undefined : this.#faults.get(keyOf(peer, direction));
  }

  #peerOf(id: LinkId): NodeName | undefined {
    const peer = this.#options?.peerOf(id) ?? this.#peers.get(id);
    if (peer !== undefined) this.#peers.set(id, peer);
    return peer;
  }
}

function keyOf(peer: NodeName, direction: Direction): string {
  return `${direction} ${peer}`;
}

/** Without a goodbye. Below TLS there is no way to ask for a reset; the end comes as suddenly. */
function breakOff(socket: Socket): void {
  if (socket instanceof TLSSocket) rawSocketOf(socket).destroy();
  else socket.resetAndDestroy();
}
