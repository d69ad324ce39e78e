/**
 * Sessions in Redis (R71), version 6 or later, one server or one that follows another; not Redis Cluster, whose scripts cannot reach what
 * is in several places. Acknowledged messages are as safe as Redis was told to keep them: `appendonly yes` and `appendfsync always` for
 * the loss of power.
 */
import { createHash } from 'node:crypto';
import { createClient, RESP_TYPES } from '@redis/client';
import { messageOf } from '../../base/errors.ts';
import type { NodeId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { ClaimAnswer, ExternalStore, WriteAnswer } from '../../storage/externalStore.ts';
import { SESSION_SCRIPT } from './redisScript.ts';

const SCRIPT_ID = createHash('sha1').update(SESSION_SCRIPT).digest('hex');
/** What Redis has, as it is. */
const AS_BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };
const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_MS = 500;
/** A connection on which nothing comes for so long though it is asked is given up. */
const SILENT_MS = 8_000;
const PING_MS = 3_000;
/** Bytes of writes without an answer, beyond which `isFull` asks for publishers to be held back; nothing is dropped. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

export interface RedisStoreOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: boolean;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: number;
  /** In front of all keys; clusters that share a Redis have different ones. */
  readonly prefix: string;
  readonly log: Log;
  /** It is out of reach, or answers again. */
  readonly onState?: (isAway: boolean, reason: string) => void;
}

/** Something asked of Redis that has not been answered. */
interface Task {
  /** Of a write: those of one session are done in order. */
  readonly clientId: string | undefined;
  readonly args: readonly (string | Buffer)[];
  readonly bytes: number;
  /** Answers for the task, or false: it is to be sent again. */
  readonly answered: (reply: unknown) => boolean;
}

export class RedisStore implements ExternalStore {
  readonly #options: RedisStoreOptions;
  readonly #client;
  /** In the order in which they were asked for. */
  readonly #tasks = new Set<Task>();
  readonly #sent = new Set<Task>();
  /** The number of the last write of each session that is claimed here. */
  readonly #numbers = new Map<string, number>();
  #pendingBytes = 0;
  #retry: NodeJS.Timeout | undefined;
  #isFailing = false;
  #isClosed = false;

  /** Connects in the background; what is asked meanwhile waits. */
  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#client = createClient({
      ...(options.username === undefined ? {} : { username: options.username }),
      ...(options.password === undefined ? {} : { password: options.password }),
      database: options.database ?? 0,
      pingInterval: PING_MS,
      // What is not answered is sent again by us, in order.
      disableOfflineQueue: true,
      socket: { host: options.host, port: options.port, ...(options.tls === true ? { tls: true } : {}), connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENT_MS, reconnectStrategy: () => RETRY_MS },
    });
    this.#client.on('error', (error: unknown) => this.#failed(error));
    this.#client.on('ready', () => this.#sendAll());
    // It goes on trying by itself; what is wrong is told by `error`.
    this.#client.connect().catch((error: unknown) => this.#failed(error));
  }

  /** What was asked and is not answered. */
  get waiting(): number {
    return this.#tasks.size;
  }

  get isFull(): boolean {
    return this.#pendingBytes > MAX_PENDING_BYTES;
  }

  claim(clientId: string, fence: number, owner: NodeId, done: (answer: ClaimAnswer) => void): void {
    const { prefix } = this.#options;
    this.#script(clientId, ['claim', String(fence), owner, clientId, `${prefix}:claimed:`], (reply) => {
      const [kind, last, batches] = reply;
      if (kind === 'claimed') {
        this.#numbers.set(clientId, Number(last));
        done({ kind: 'claimed', batches: Array.isArray(batches) ? batches.filter((batch) => Buffer.isBuffer(batch)) : [] });
      } else done({ kind: 'stale', fence: Number(last) });
      return true;
    });
  }

  append(clientId: string, fence: number, batch: Buffer, done: (answer: WriteAnswer) => void): void {
    this.#write('append', clientId, fence, [batch], done);
  }

  replace(clientId: string, fence: number, batch: Buffer, done: (answer: WriteAnswer) => void): void {
    this.#write('replace', clientId, fence, [batch], done);
  }

  remove(clientId: string, fence: number, done: (answer: WriteAnswer) => void): void {
    this.#write('remove', clientId, fence, [clientId, `${this.#options.prefix}:claimed:`], done);
    this.#numbers.delete(clientId);
  }

  claimedBy(owner: NodeId, done: (clientIds: readonly string[]) => void): void {
    this.#ask(['SMEMBERS', `${this.#options.prefix}:claimed:${owner}`], (reply) => {
      done(Array.isArray(reply) ? reply.map(String).sort() : []);
      return true;
    });
  }

  announce(owner: NodeId, name: string): void {
    this.#ask(['HSET', `${this.#options.prefix}:nodes`, owner, name], () => true);
  }

  ownersNamed(name: string, done: (owners: readonly NodeId[]) => void): void {
    this.#ask(['HGETALL', `${this.#options.prefix}:nodes`], (reply) => {
      done(ownersOf(reply, name));
      return true;
    });
  }

  /** Answers when nothing is open any more, or after `limitMs`; what is open then was not confirmed to anybody. */
  async close(limitMs = CONNECT_TIMEOUT_MS): Promise<void> {
    const until = Date.now() + limitMs;
    while (this.#tasks.size > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#client.destroy();
  }

  #write(op: string, clientId: string, fence: number, rest: readonly (string | Buffer)[], done: (answer: WriteAnswer) => void): void {
    const number = (this.#numbers.get(clientId) ?? 0) + 1;
    this.#numbers.set(clientId, number);
    const task: Task = this.#script(clientId, [op, String(fence), String(number), ...rest], ([kind]) => {
      // One before it has failed and comes again first; if there is none, Redis has lost what it had, and all is to be written again.
      if (kind === 'gap' && !this.#isFirst(clientId, task)) return false;
      done(kind === 'stored' ? 'stored' : 'stale');
      return true;
    });
  }

  #isFirst(clientId: string, task: Task): boolean {
    for (const each of this.#tasks) if (each.clientId === clientId) return each === task;
    return true;
  }

  #script(clientId: string, args: readonly (string | Buffer)[], answered: (reply: readonly unknown[]) => boolean): Task {
    const base = `${this.#options.prefix}:{${clientId}}`;
    const answer = (reply: unknown): boolean => answered(Array.isArray(reply) ? [String(reply[0]), ...reply.slice(1)] : []);
    return this.#ask(['EVALSHA', SCRIPT_ID, '2', `${base}:meta`, `${base}:log`, ...args], answer, clientId);
  }

  #ask(args: readonly (string | Buffer)[], answered: (reply: unknown) => boolean, clientId?: string): Task {
    const task: Task = { clientId, args, answered, bytes: args.reduce((sum, arg) => sum + arg.length, 0) };
    this.#tasks.add(task);
    this.#pendingBytes += task.bytes;
    if (this.#client.isReady && this.#retry === undefined) this.#send(task);
    return task;
  }

  #send(task: Task): void {
    this.#sent.add(task);
    this.#client.sendCommand([...task.args], AS_BYTES).then(
      (reply) => this.#answered(task, reply),
      (error: unknown) => {
        this.#sent.delete(task);
        this.#failed(error);
      },
    );
  }

  #answered(task: Task, reply: unknown): void {
    this.#sent.delete(task);
    if (!task.answered(reply)) {
      this.#retrySoon();
      return;
    }
    this.#tasks.delete(task);
    this.#pendingBytes -= task.bytes;
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#options.log.info('session_store_written_again', { store: 'redis' });
    this.#options.onState?.(false, '');
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const reason = messageOf(error);
    // A Redis that was restarted has forgotten the script; that is no failure worth telling.
    if (!reason.startsWith('NOSCRIPT') && !this.#isFailing) {
      this.#isFailing = true;
      const hint = 'Messages of QoS 1 and 2 are not acknowledged, and sessions are not resumed, until Redis answers again.';
      this.#options.log.error('session_store_not_written', { store: 'redis', reason, waiting: this.#tasks.size, hint });
      this.#options.onState?.(true, reason);
    }
    this.#retrySoon();
  }

  #retrySoon(): void {
    this.#retry ??= setTimeout(() => this.#sendAll(), RETRY_MS);
  }

  /** All that is open, in order, once the script is there. */
  #sendAll(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#isClosed || !this.#client.isReady) return;
    this.#client.sendCommand(['SCRIPT', 'LOAD', SESSION_SCRIPT]).catch((error: unknown) => this.#failed(error));
    for (const task of this.#tasks) if (!this.#sent.has(task)) this.#send(task);
  }
}

/** HGETALL answers with pairs in one list, or, in later protocols, with a map. */
function ownersOf(reply: unknown, name: string): NodeId[] {
  const owners: NodeId[] = [];
  const take = (owner: unknown, named: unknown): void => void (String(named) === name && owners.push(String(owner) as NodeId));
  if (Array.isArray(reply)) for (let at = 0; at + 1 < reply.length; at += 2) take(reply[at], reply[at + 1]);
  else if (reply instanceof Map) for (const [owner, named] of reply) take(owner, named);
  else if (typeof reply === 'object' && reply !== null) for (const [owner, named] of Object.entries(reply)) take(owner, named);
  return owners;
}
