/**
 * The door of the cluster: connections before and while they are links. Strangers are bounded in number, bytes and time (R7);
 * nothing they send reaches the core before their proof was verified. Also decides whom to dial and when.
 */
import { ERROR_CATALOGUE } from '../base/errors.ts';
import type { Millis, NodeName } from '../base/ids.ts';
import type { ClusterCore } from './clusterCore.ts';
import { CrossedDials } from './crossedDials.ts';
import type { DialPlan, DialTarget } from './dialPlan.ts';
import { Handshake, type LinkRole } from './handshake.ts';
import { HANDSHAKE_MAX_BYTES, HANDSHAKE_MAX_OPEN, HANDSHAKE_MS, MAX_FRAME_BYTES, SEED_MISSED_MS } from './limits.ts';
import { isRefusal, refusalOfClose, refusalOfError, type CloseCode, type Refusal } from './linkEnd.ts';
import type { GatePort } from './linkTable.ts';
import { addressKey, type Address, type ClusterOptions, type ClusterPorts, type LinkId } from './ports.ts';
import { HEADER_BYTES, protocolError } from './wire/bytes.ts';
import { FrameReader, type Frame } from './wire/frameReader.ts';
import { Kind, decodeClose, encodeClose, type Hello } from './wire/v1.ts';

interface Connection {
  readonly id: LinkId;
  readonly role: LinkRole;
  /** The other end's address, for events. */
  readonly remote: string;
  readonly target: DialTarget | undefined;
  readonly openedMs: Millis;
  readonly reader: FrameReader;
  /** Present until the proof; then the core has the link. */
  handshake: Handshake | undefined;
  /** Who has proven itself. */
  provenName: NodeName | undefined;
  strangerBytes: number;
}

/** Whoever was refused, as far as known. */
interface Stranger {
  readonly target: DialTarget | undefined;
  readonly peer: NodeName | undefined;
  readonly remote: string;
}

/** Record types of TLS: an alert and a handshake (RFC 8446, 5.1). A frame of ours begins with the high byte of a small length, 0. */
const TLS_RECORDS: readonly (number | undefined)[] = [0x15, 0x16];
const isTls = (chunk: Buffer): boolean => TLS_RECORDS.includes(chunk[0]);

/** Sources whose last refusal is remembered, so that a repeated one is not reported again at warning level. */
const MAX_REPORTED = 256;

export class LinkGate implements GatePort {
  readonly #options: ClusterOptions;
  readonly #ports: ClusterPorts;
  readonly #plan: DialPlan;
  readonly #connections = new Map<LinkId, Connection>();
  readonly #crossed = new CrossedDials();
  /** Who was refused → why, until it works. */
  readonly #reported = new Map<string, string>();
  #core: ClusterCore | undefined;
  /** Strangers turned away because 64 were being examined. */
  strangersRefused = 0;

  constructor(options: ClusterOptions, ports: ClusterPorts, plan: DialPlan) {
    this.#options = options;
    this.#ports = ports;
    this.#plan = plan;
  }

  /** The core behind the door; once, before the first connection. */
  attach(core: ClusterCore): void {
    this.#core = core;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get strangers(): number {
    let strangers = 0;
    for (const connection of this.#connections.values()) if (connection.handshake !== undefined) strangers += 1;
    return strangers;
  }

  // ---------------------------------------------------------------- from the shell

  /** `binding`: the channel binding of TLS, when the connection has one. */
  accepted(id: LinkId, remote: string, binding?: Uint8Array): void {
    if (this.strangers >= HANDSHAKE_MAX_OPEN) {
      this.#ports.transport.close(id);
      this.turnedAway(remote);
      return;
    }
    this.#open(id, 'accept', remote, undefined, binding);
  }

  /** A stranger too many was shut out. */
  turnedAway(remote: string): void {
    this.strangersRefused += 1;
    // At 1, 2, 4, 8 …: a flood is told without flooding the log.
    const { strangersRefused } = this;
    if ((strangersRefused & (strangersRefused - 1)) === 0) {
      this.#ports.log.warn('cluster_handshakes_full', { remote, limit: HANDSHAKE_MAX_OPEN, refused: strangersRefused });
    }
  }

  /** No connection came to be because TLS failed; `address` when it was we who dialled. */
  tlsFailed(remote: string, address: Address | undefined, reason: string): void {
    const target = address && this.#plan.get(address);
    if (target !== undefined) this.#core?.dialEnded(target, false);
    this.#report({ target, peer: target?.seedName, remote }, { code: 'CLUSTER_TLS', message: reason }, false);
  }

  /** The other side ended a connection in the midst of TLS. */
  tlsClosed(id: LinkId, reason: string): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.closed(id, reason);
    if (connection.handshake !== undefined) this.#refused(connection, { code: 'CLUSTER_TLS', message: reason }, true);
  }

  /** Who is at the other end of a connection: proven, claimed, or expected at the address that was dialled. */
  peerOf(id: LinkId): NodeName | undefined {
    const connection = this.#connections.get(id);
    if (connection === undefined) return undefined;
    const { provenName, handshake, target } = connection;
    return provenName ?? handshake?.claimed?.name ?? (target && this.#core?.nameAt(target));
  }

  /** Who is expected at an address. */
  peerAt(address: Address): NodeName | undefined {
    const target = this.#plan.get(address);
    return target && this.#core?.nameAt(target);
  }

  /** What kept a peer away is over: its addresses are dialled with the next tick. */
  redial(peer: NodeName): void {
    for (const target of this.#plan.all()) {
      if (this.#core?.nameAt(target) !== peer) continue;
      target.backoffMs = 0;
      target.nextDialMs = 0;
    }
  }

  dialled(id: LinkId, address: Address, binding?: Uint8Array): void {
    const target = this.#plan.get(address);
    if (target !== undefined) {
      this.#core?.dialEnded(target, false);
      if (this.#core?.standing(target) === 'linked') {
        // The peer's own dial was faster (R8).
        target.busy = false;
        this.#ports.transport.close(id);
        return;
      }
    }
    const { handshake } = this.#open(id, 'dial', addressKey(address), target, binding);
    this.#ports.transport.write(id, handshake.hello());
  }

  #open(
    id: LinkId,
    role: LinkRole,
    remote: string,
    target: DialTarget | undefined,
    binding: Uint8Array | undefined,
  ): Connection & { handshake: Handshake } {
    const { crypto, clock } = this.#ports;
    const connection = {
      id,
      role,
      remote,
      target,
      openedMs: clock.monotonicMs(),
      reader: new FrameReader(HANDSHAKE_MAX_BYTES),
      handshake: new Handshake(role, this.#options, crypto, clock.wallMs(), binding),
      provenName: undefined,
      strangerBytes: 0,
    };
    this.#connections.set(id, connection);
    return connection;
  }

  /** `refused`: the address answered that nothing listens there; otherwise it did not answer. */
  dialFailed(address: Address, refused: boolean, reason: string): void {
    const target = this.#plan.get(address);
    if (target === undefined) return;
    this.#core?.dialEnded(target, refused);
    this.#unreachable(target, reason);
  }

  #retryLater(target: DialTarget, reason: string): void {
    this.#plan.unreachable(target, this.#core?.standing(target) ?? 'unlinked', reason, this.#ports.clock.monotonicMs());
  }

  #unreachable(target: DialTarget, reason: string): void {
    const first = target.reason === null;
    this.#retryLater(target, reason);
    const fields = { peer: target.seedName, address: addressKey(target.address), reason };
    if (first) this.#ports.log.info('cluster_peer_unreachable', fields);
    // A member that is away is told of as such (`cluster_node_down`).
    if (target.nodeId === undefined && this.#plan.missed(target, this.#ports.clock.monotonicMs())) {
      const hint = 'Check the address and that a node runs there, and that nothing between blocks the port. This node serves without it and tries again.';
      this.#ports.log.warn('cluster_seed_unreachable', { ...fields, for_ms: SEED_MISSED_MS, hint });
    }
  }

  /** Bytes of a connection, in order. The chunk is not written to afterwards. */
  bytes(id: LinkId, chunk: Buffer): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    if (connection.handshake !== undefined && connection.strangerBytes === 0 && isTls(chunk)) {
      this.end(id, 'CLUSTER_TLS', 'The other side speaks TLS, and this node does not');
      return;
    }
    connection.reader.push(chunk);
    if (connection.handshake === undefined) this.#core?.heard(id, chunk.length);
    try {
      const { reader } = connection;
      while (this.#connections.has(id) && reader.take()) {
        if (connection.handshake === undefined && reader.kind === Kind.forward && this.#core?.forwards(id, reader) === true) continue;
        this.#frame(connection, reader.frame());
      }
      if (connection.handshake !== undefined) this.#boundStranger(connection, connection.reader.bufferedBytes);
    } catch (error) {
      const refusal = refusalOfError(error);
      this.end(id, refusal.code, refusal.message);
      this.#core?.linkClosed(id, refusal);
    }
  }

  /** R7: at most 4 KiB before the proof. */
  #boundStranger(connection: Connection, moreBytes: number): void {
    if (connection.strangerBytes + moreBytes > HANDSHAKE_MAX_BYTES)
      throw protocolError(`More than ${HANDSHAKE_MAX_BYTES} bytes before the proof`);
  }

  #frame(connection: Connection, frame: Frame): void {
    const { handshake } = connection;
    if (handshake !== undefined) {
      connection.strangerBytes += HEADER_BYTES + frame.body.length;
      this.#boundStranger(connection, 0);
      this.#handshakeFrame(connection, handshake, frame);
    } else if (frame.kind === Kind.close) {
      this.#closedByPeer(connection, decodeClose(frame.body));
    } else {
      this.#core?.frame(connection.id, frame);
    }
  }

  #handshakeFrame(connection: Connection, handshake: Handshake, frame: Frame): void {
    const step = handshake.frame(frame);
    const { transport } = this.#ports;
    switch (step.type) {
      case 'send':
        transport.write(connection.id, step.bytes);
        break;
      case 'proven':
        this.#proven(connection, step.hello, step.send);
        break;
      case 'closed':
        if (connection.target !== undefined) this.#retryLater(connection.target, step.message);
        this.#remove(connection, undefined);
        break;
      case 'refused':
        this.#refused(connection, step.refusal, step.byPeer);
        this.#remove(connection, step.byPeer ? undefined : step.refusal);
        break;
      case 'self':
        if (connection.target !== undefined) {
          connection.target.self = true;
          connection.target.busy = false;
        }
        this.#remove(connection, undefined);
        break;
    }
  }

  #proven(connection: Connection, hello: Hello, send: Buffer | undefined): void {
    const { id, role } = connection;
    if (role === 'accept' && this.#ownDialComes(hello)) this.#crossed.hold({ id, hello, send }, this.#ports.clock.monotonicMs());
    else this.#admit(connection, hello, send);
  }

  #admit(connection: Connection, hello: Hello, send: Buffer | undefined): void {
    const { id, role, target } = connection;
    if (send !== undefined) this.#ports.transport.write(id, send);
    connection.handshake = undefined;
    connection.provenName = hello.name;
    connection.reader.maxFrameBytes = MAX_FRAME_BYTES;
    if (target !== undefined) {
      target.busy = false;
      target.nodeId = hello.nodeId;
    }
    if (role === 'dial') this.#declineCrossed(hello);
    this.#core?.linkOpened(id, role, hello);
  }

  /** Before our own link is opened: the peer has not had our proof on these, so nothing is on them. */
  #declineCrossed({ nodeId }: Hello): void {
    for (const { id } of this.#crossed.superfluous(nodeId)) {
      const connection = this.#connections.get(id);
      if (connection !== undefined) this.#remove(connection, { code: 'DUPLICATE_LINK', message: 'Both nodes dialled; the other connection is kept' });
    }
  }

  #admitCrossed(nowMs: Millis): void {
    for (const { id, hello, send } of this.#crossed.due(nowMs, (other) => this.#ownDialComes(other))) {
      const connection = this.#connections.get(id);
      if (connection !== undefined) this.#admit(connection, hello, send);
    }
  }

  /** R8: the connection dialled by the smaller node id is kept. Ours, if we are smaller and our own handshake with that node is under way. */
  #ownDialComes({ nodeId, name }: Hello): boolean {
    if (this.#options.identity.nodeId > nodeId) return false;
    for (const { role, target, handshake } of this.#connections.values()) {
      if (role !== 'dial' || handshake === undefined) continue;
      if (target?.nodeId === nodeId || target?.seedName === name || handshake.claimed?.nodeId === nodeId) return true;
    }
    return false;
  }

  /** The network ended the connection. */
  closed(id: LinkId, reason: string): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    this.#crossed.drop(id);
    if (connection.handshake === undefined) this.#core?.linkClosed(id, { code: undefined, message: reason });
    else if (connection.target !== undefined)
      this.#unreachable(connection.target, `The connection ended during the handshake: ${reason}`);
  }

  #closedByPeer(connection: Connection, close: { readonly code: string; readonly message: string }): void {
    if (isRefusal(close.code)) this.#refused(connection, refusalOfClose(close), true);
    this.#remove(connection, undefined);
    this.#core?.linkClosed(connection.id, close);
  }

  // ---------------------------------------------------------------- ending

  /** Ends a connection and tells the peer why. The caller knows already; nothing more is reported about it. */
  end(id: LinkId, code: CloseCode, message: string): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    if (isRefusal(code)) this.#refused(connection, refusalOfClose({ code, message }), false);
    this.#remove(connection, { code, message });
  }

  #remove(connection: Connection, close: { readonly code: string; readonly message: string } | undefined): void {
    const { transport } = this.#ports;
    this.#connections.delete(connection.id);
    this.#crossed.drop(connection.id);
    if (close !== undefined) transport.write(connection.id, encodeClose(close));
    transport.close(connection.id);
  }

  /** One event with reason and hint, and the long back-off of the address (R7). */
  #refused({ target, handshake, provenName, remote }: Connection, refusal: Refusal, byPeer: boolean): void {
    this.#report({ target, peer: provenName ?? handshake?.claimed?.name ?? target?.seedName, remote }, refusal, byPeer);
  }

  #report({ target, peer, remote }: Stranger, { code, message }: Refusal, byPeer: boolean): void {
    if (target !== undefined) this.#plan.refused(target, message, this.#ports.clock.monotonicMs());
    const source = peer ?? remote.replace(/:\d+$/, '');
    const repeated = this.#reported.get(source) === code;
    if (this.#reported.size >= MAX_REPORTED) this.#reported.clear();
    this.#reported.set(source, code);
    const fields = {
      peer,
      remote,
      code,
      reason: message,
      hint: ERROR_CATALOGUE[code],
      refused_by: byPeer ? 'peer' : 'this node',
    };
    if (repeated) this.#ports.log.debug('cluster_link_refused', fields);
    else this.#ports.log.warn('cluster_link_refused', fields);
  }

  // ---------------------------------------------------------------- time

  tick(): void {
    const nowMs = this.#ports.clock.monotonicMs();
    for (const connection of this.#connections.values()) {
      if (connection.handshake === undefined || nowMs - connection.openedMs < HANDSHAKE_MS) continue;
      if (connection.target !== undefined) this.#unreachable(connection.target, `No proof within ${HANDSHAKE_MS / 1_000} s`);
      this.#remove(connection, { code: 'CLUSTER_PROTOCOL', message: `No proof within ${HANDSHAKE_MS / 1_000} s` });
    }
    this.#admitCrossed(nowMs);
    const core = this.#core;
    if (core === undefined) return;
    for (const target of this.#plan.due(nowMs, (candidate) => core.standing(candidate))) {
      target.busy = true;
      this.#ports.transport.dial(target.address);
    }
  }

  /** Ends all that is not yet a link. */
  stop(): void {
    for (const connection of [...this.#connections.values()]) this.#remove(connection, undefined);
  }
}
