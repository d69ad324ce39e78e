/**
 * Cluster links on TCP: accepts, dials, reads and writes for `cluster/`, which decides everything. Frames of a turn leave in one
 * write, at the end of the event loop's turn.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { messageOf } from '../base/errors.ts';
import type { Millis } from '../base/ids.ts';
import type { ClusterNode } from '../cluster/clusterNode.ts';
import { HANDSHAKE_MAX_OPEN } from '../cluster/limits.ts';
import { addressKey, type Address, type ClockPort, type CryptoPort, type LinkId, type TransportPort } from '../cluster/ports.ts';
import type { LinkFaults } from './faults/linkFaults.ts';
import { channelBinding, isTlsError, tlsReason, type LinkTls } from './linkTls.ts';
import { Feeders } from './feeders.ts';
import { listenError } from './listenError.ts';
import { presentFeeder } from './mqttConnection.ts';

/** Heartbeats, time-outs and dials are looked at so often. */
const TICK_MS: Millis = 100;
/** An address that does not answer at all. */
const DIAL_TIMEOUT_MS: Millis = 3_000;
const NO_ANSWER = `No answer within ${DIAL_TIMEOUT_MS / 1_000} s`;
/** So long publishers wait for a link that is behind; then QoS 0 messages that do not fit are dropped (R23). */
const LINK_PATIENCE_MS: Millis = 2_000;
/** A closed link may still send what waits for so long; a peer that does not read must not hold it. */
const LINGER_MS: Millis = 1_000;

export const nodeCrypto: CryptoPort = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (size) => randomBytes(size),
};

export const systemClock: ClockPort = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

export interface PeerLinksOptions {
  readonly tls?: LinkTls | undefined;
  /** Present where faults may be made (R73). */
  readonly faults?: LinkFaults | undefined;
}

export class PeerLinks implements TransportPort {
  readonly #server: Server;
  readonly #tls: LinkTls | undefined;
  readonly #faults: LinkFaults | undefined;
  /** Accepted, and in the midst of TLS. */
  readonly #shaking = new Set<Socket>();
  readonly #sockets = new Map<LinkId, Socket>();
  /** Of links that were behind once: whose publishers are held back. */
  readonly #feeders = new Map<LinkId, Feeders>();
  /** Every socket, closing ones included. */
  readonly #open = new Set<Socket>();
  /** Accepted before `start`. */
  #early: Socket[] = [];
  #node: ClusterNode | undefined;
  #entered: () => void = () => {};
  #ticker: NodeJS.Timeout | undefined;
  #lastId: LinkId = 0;
  #turnEndAsked = false;
  #later: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor({ tls, faults }: PeerLinksOptions = {}) {
    this.#tls = tls;
    this.#faults = faults;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Binds the port (0: any free one) and returns the bound address. Links are made from `start` on. Rejects with CLUSTER_PORT_IN_USE. */
  async listen(host: string, port: number): Promise<Address> {
    try {
      const listening = once(this.#server, 'listening');
      this.#server.listen({ host, port });
      await listening;
    } catch (cause) {
      throw await listenError(cause, 'cluster', { host, port }, 'CLUSTER_PORT_IN_USE');
    }
    const bound = this.#server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  /** Begins to serve: connections reach `node`, time passes for it. `entered` is called before each event from outside. */
  start(node: ClusterNode, entered: () => void): void {
    this.#node = node;
    // What a node has kept from its last life was put on the way before there was anybody to end a turn.
    this.requestTurnEnd();
    this.#entered = entered;
    this.#faults?.attach({ peerOf: (id) => node.gate.peerOf(id), healed: (peer) => node.gate.redial(peer) });
    const early = this.#early;
    this.#early = [];
    for (const socket of early) this.#accept(socket);
    const tick = () => {
      this.#entered();
      node.tick();
    };
    this.#ticker = setInterval(tick, TICK_MS);
    tick();
  }

  #accept(socket: Socket): void {
    const node = this.#node;
    if (node === undefined) {
      // A peer that dials while we are still starting; more of them than strangers are ever examined at once may try again.
      if (this.#early.length < HANDSHAKE_MAX_OPEN) this.#early.push(socket);
      else socket.destroy();
      return;
    }
    const remote = addressKey({ host: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0 });
    if (this.#tls === undefined) this.#admit(socket, remote, node);
    else if (this.#shaking.size + node.gate.strangers < HANDSHAKE_MAX_OPEN) this.#acceptTls(this.#tls, socket, remote, node);
    else {
      node.gate.turnedAway(remote);
      socket.destroy();
    }
  }

  #acceptTls(tls: LinkTls, raw: Socket, remote: string, node: ClusterNode): void {
    this.#shaking.add(raw);
    this.#open.add(raw);
    raw.once('close', () => {
      this.#shaking.delete(raw);
      this.#open.delete(raw);
    });
    tls.accept(raw, {
      secured: (socket) => {
        this.#shaking.delete(raw);
        this.#admit(socket, remote, node);
      },
      refused: (reason) => {
        this.#entered();
        if (!this.#stopped) node.gate.tlsFailed(remote, undefined, reason);
      },
    });
  }

  /** A connection is there, TLS included. */
  #admit(socket: Socket, remote: string, node: ClusterNode): void {
    if (this.#stopped) return void socket.destroy();
    const id = this.#adopt(socket, node);
    this.#entered();
    node.gate.accepted(id, remote, bindingOf(socket));
  }

  /** Numbers a connected socket and passes on what happens to it. */
  #adopt(socket: Socket, node: ClusterNode): LinkId {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#sockets.set(id, socket);
    this.#open.add(socket);
    socket.setNoDelay(true);
    const ended = (reason: string) => {
      if (!this.#forget(id)) return;
      this.#entered();
      node.gate.closed(id, reason);
      socket.destroy();
    };
    const deliver = (chunk: Buffer) => {
      if (!this.#sockets.has(id)) return;
      this.#entered();
      node.gate.bytes(id, chunk);
    };
    const faults = this.#faults;
    const wire = faults?.adopt(id, socket, deliver);
    const atEnd = () => ended('The other side ended the connection');
    socket.on('data', faults === undefined ? deliver : (chunk: Buffer) => faults.push(id, 'in', chunk));
    socket.on('drain', () => this.requestTurnEnd());
    socket.on('end', wire === undefined ? atEnd : () => wire.lanes.in.finish(atEnd));
    socket.on('error', (error) => {
      if (isTlsError(error) && this.#sockets.has(id)) node.gate.tlsClosed(id, tlsReason(error));
      ended(messageOf(error));
    });
    socket.on('close', () => {
      this.#open.delete(socket);
      ended('The connection was closed');
    });
    return id;
  }

  // ---------------------------------------------------------------- TransportPort

  write(link: LinkId, bytes: Uint8Array): void {
    if (this.#faults === undefined) this.#sockets.get(link)?.write(bytes);
    else this.#faults.push(link, 'out', bytes);
  }

  queuedBytes(link: LinkId): number {
    const held = this.#faults?.get(link)?.lanes.out.heldBytes ?? 0;
    return (this.#sockets.get(link)?.writableLength ?? 0) + held;
  }

  holdSender(link: LinkId): void {
    const sender = presentFeeder();
    if (sender === null || !this.#sockets.has(link)) return;
    let feeders = this.#feeders.get(link);
    if (feeders === undefined) this.#feeders.set(link, (feeders = new Feeders()));
    feeders.hold(sender, LINK_PATIENCE_MS);
  }

  easeSenders(link: LinkId): void {
    this.#feeders.get(link)?.eased();
  }

  /** Nobody waits for a link that is no more. */
  #forget(link: LinkId): boolean {
    this.#feeders.get(link)?.dispose();
    this.#feeders.delete(link);
    return this.#sockets.delete(link);
  }

  close(link: LinkId): void {
    const socket = this.#sockets.get(link);
    if (socket === undefined) return;
    this.#forget(link);
    const end = () => {
      socket.end();
      const linger = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once('close', () => clearTimeout(linger));
    };
    if (this.#faults === undefined) end();
    else this.#faults.close(link, end);
  }

  dial(address: Address): void {
    const node = this.#node;
    if (node === undefined || this.#stopped) return;
    const peer = this.#faults && node.gate.peerAt(address);
    if (peer !== undefined && this.#faults?.blocks(peer) === true) {
      this.#faults.leaveUnanswered(peer, DIAL_TIMEOUT_MS, () => node.gate.dialFailed(address, false, NO_ANSWER));
      return;
    }
    const socket = this.#tls === undefined ? connect({ host: address.host, port: address.port }) : this.#tls.dial(address);
    this.#open.add(socket);
    const failed = (refused: boolean, reason: string) => {
      this.#open.delete(socket);
      socket.destroy();
      this.#entered();
      node.gate.dialFailed(address, refused, reason);
    };
    const onError = (error: Error) => {
      failed('code' in error && error.code === 'ECONNREFUSED', dialReason(error));
      if (isTlsError(error)) node.gate.tlsFailed(addressKey(address), address, tlsReason(error));
    };
    const onTimeout = () => failed(false, NO_ANSWER);
    socket.once('error', onError);
    socket.setTimeout(DIAL_TIMEOUT_MS, onTimeout);
    socket.once(this.#tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.off('error', onError);
      socket.setTimeout(0);
      socket.off('timeout', onTimeout);
      const id = this.#adopt(socket, node);
      this.#entered();
      node.gate.dialled(id, address, bindingOf(socket));
    });
  }

  requestTurnEnd(inMs?: Millis): void {
    if (inMs !== undefined) {
      this.#later ??= setTimeout(() => {
        this.#later = undefined;
        this.#node?.turnEnd();
      }, inMs);
      return;
    }
    if (this.#turnEndAsked) return;
    this.#turnEndAsked = true;
    setImmediate(() => {
      this.#turnEndAsked = false;
      this.#node?.turnEnd();
    });
  }

  /** Says goodbye on all links and closes them; answers when the last one is closed, after at most a second. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#later);
    // Before the goodbye, which nothing may hold back.
    this.#faults?.stop();
    this.#node?.stop();
    for (const socket of this.#early) socket.destroy();
    const closing = [...this.#open].filter((socket) => !socket.destroyed);
    // Dials under way have nothing to say any more.
    for (const socket of closing) if (socket.connecting || this.#shaking.has(socket)) socket.destroy();
    await Promise.all([
      ...closing.map(
        (socket) => new Promise((resolve) => (socket.destroyed ? resolve(undefined) : socket.once('close', resolve))),
      ),
      new Promise((resolve) => (this.#server.listening ? this.#server.close(resolve) : resolve(undefined))),
    ]);
  }
}

function bindingOf(socket: Socket): Uint8Array | undefined {
  return socket instanceof TLSSocket ? channelBinding(socket) : undefined;
}

/** A failed dial in words. A name with several addresses fails with one error for each. */
function dialReason(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : [];
  return messageOf(first ?? error);
}
