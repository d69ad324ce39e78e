/**
 * Discovery by UDP multicast: a question to the group, answered to the group by every node of the cluster, so that several nodes of one
 * machine can share a port. A datagram is one line of JSON; it proves nothing and reveals nothing, for what it proposes must prove
 * itself on the link.
 *
 *     {"busbar":1,"kind":"ask"|"here","cluster":"emqxcl","from":"<16 hex digits>","place":"bus1@10.0.0.1 10.0.0.1:4371"}
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { addressKey, type Proposal } from '../../cluster/ports.ts';
import type { McastConfig } from '../../config/clusterConfig.ts';
import { formatPlace, parsePlace, type DiscoverySource, type OwnPlace } from './discoverySource.ts';

/** Longer datagrams are not read. */
const MAX_DATAGRAM_BYTES = 1_024;
/** Answers to a question are waited for so long. */
const COLLECT_MS = 300;
/** One answer serves all who asked within this: a forged question must not become a storm. */
const ANSWER_AFTER_MS = 100;
/** A node that has not been heard for so long is no longer proposed. */
const REMEMBER_MS = 90_000;
/** Nodes remembered; further ones are left out until others are forgotten. */
const MAX_REMEMBERED = 128;

export class McastSource implements DiscoverySource {
  readonly #config: McastConfig;
  readonly #clusterName: string;
  readonly #own: OwnPlace;
  readonly #log: Log;
  /** Tells our own datagrams from those of others. */
  readonly #id = randomBytes(8).toString('hex');
  readonly #heard = new Map<string, { readonly proposal: Proposal; readonly atMs: number }>();
  #socket: Socket | undefined;
  #answering: NodeJS.Timeout | undefined;
  /** What is heard now is part of the look that is under way. */
  #collecting = false;
  onNews?: () => void;

  constructor(config: McastConfig, clusterName: string, own: OwnPlace, log: Log) {
    this.#config = config;
    this.#clusterName = clusterName;
    this.#own = own;
    this.#log = log;
  }

  async discover(signal: AbortSignal): Promise<readonly Proposal[]> {
    try {
      this.#socket ??= await this.#open();
      await this.#send(this.#socket, 'ask');
    } catch (cause) {
      this.#close();
      const { addr, ports, iface } = this.#config;
      throw new BusbarError('DISCOVERY_FAILED', `Multicast to ${addr} on port ${ports.join(', ')} by interface ${iface} fails: ${messageOf(cause)}`, {
        hint: 'Check cluster.mcast.iface, and that the network carries multicast; most clouds do not. The node serves and tries again.',
        cause,
      });
    }
    this.#collecting = true;
    await pause(COLLECT_MS, signal);
    this.#collecting = false;
    const nowMs = performance.now();
    for (const [key, { atMs }] of this.#heard) if (nowMs - atMs > REMEMBER_MS) this.#heard.delete(key);
    return [...this.#heard.values()].map(({ proposal }) => proposal);
  }

  withdraw(): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  /** Answers questions from now on: those who start later find us although we ask no more. */
  readonly announceEveryMs = 30_000;
  async announce(): Promise<void> {
    if (this.#socket !== undefined) await this.#send(this.#socket, 'here');
  }

  /** Listens on the first port that can be had. */
  async #open(): Promise<Socket> {
    const { addr, ports, iface, ttl, loop } = this.#config;
    const isV6 = addr.includes(':');
    let failure: unknown;
    for (const port of ports) {
      const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', reuseAddr: true });
      try {
        const listening = once(socket, 'listening');
        socket.bind(port);
        await listening;
        const chosen = iface === '0.0.0.0' || iface === '::' ? undefined : iface;
        socket.addMembership(addr, chosen);
        if (chosen !== undefined) socket.setMulticastInterface(chosen);
        socket.setMulticastTTL(ttl);
        socket.setMulticastLoopback(loop);
        socket.unref();
        socket.on('message', (datagram) => this.#receive(socket, datagram));
        socket.on('error', (error) => {
          this.#log.info('cluster_multicast_lost', { reason: messageOf(error) });
          this.#close();
        });
        return socket;
      } catch (error) {
        failure = error;
        socket.close();
      }
    }
    throw failure;
  }

  #close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  async #send(socket: Socket, kind: 'ask' | 'here'): Promise<void> {
    const line = JSON.stringify({ busbar: 1, kind, cluster: this.#clusterName, from: this.#id, place: formatPlace(this.#own) });
    await Promise.all(
      this.#config.ports.map(
        (port) => new Promise<void>((resolve, reject) => socket.send(line, port, this.#config.addr, (error) => (error ? reject(error) : resolve()))),
      ),
    );
  }

  #receive(socket: Socket, datagram: Buffer): void {
    const told = datagram.length > MAX_DATAGRAM_BYTES ? undefined : readDatagram(datagram);
    if (told === undefined || told.cluster !== this.#clusterName || told.from === this.#id) return;
    const key = addressKey(told.proposal.address);
    const isNew = !this.#heard.has(key);
    if (!isNew || this.#heard.size < MAX_REMEMBERED) this.#heard.set(key, { proposal: told.proposal, atMs: performance.now() });
    if (isNew && this.#heard.has(key) && !this.#collecting) this.onNews?.();
    if (told.kind !== 'ask' || this.#answering !== undefined) return;
    this.#answering = setTimeout(() => {
      this.#answering = undefined;
      // A send that fails now fails at our own next question too, and is told there.
      if (socket === this.#socket) this.#send(socket, 'here').catch(() => undefined);
    }, ANSWER_AFTER_MS);
    this.#answering.unref();
  }
}

interface Datagram {
  readonly kind: 'ask' | 'here';
  readonly cluster: string;
  readonly from: string;
  readonly proposal: Proposal;
}

/** Undefined for what is not ours. */
function readDatagram(datagram: Buffer): Datagram | undefined {
  let fields: Partial<Record<string, unknown>>;
  try {
    fields = JSON.parse(datagram.toString('utf8')) as Partial<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { busbar, kind, cluster, from, place } = fields ?? {};
  if (busbar !== 1 || (kind !== 'ask' && kind !== 'here') || typeof cluster !== 'string') return undefined;
  if (typeof from !== 'string' || !/^[0-9a-f]{16}$/.test(from) || typeof place !== 'string') return undefined;
  const proposal = parsePlace(place);
  return proposal && { kind, cluster, from, proposal };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
