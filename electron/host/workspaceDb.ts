/** The workspace database as the host sees it: requests to a worker thread, answered in order. */
import { Worker } from 'node:worker_threads';
import { BusbarError } from '../../broker/base/errors.ts';
import type { ClientMessage } from '../contract/clients.ts';
import type { PageQuery, StoredTotals } from './workspaceStore.ts';

/** Messages handed over and not yet stored. Beyond, clients stop reading from their brokers until there is room. */
export const MAX_UNSTORED = 20_000;

export type StoreRequest =
  | { readonly op: 'totals'; readonly client: string }
  | { readonly op: 'append'; readonly client: string; readonly messages: readonly ClientMessage[] }
  | { readonly op: 'setAck'; readonly client: string; readonly seq: number; readonly ack: number }
  | { readonly op: 'read'; readonly client: string; readonly query: PageQuery }
  | { readonly op: 'clear'; readonly client: string }
  | { readonly op: 'close' };

export type StoreAnswer = { readonly id: number; readonly ok: true; readonly value: unknown } | { readonly id: number; readonly ok: false; readonly message: string };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class WorkspaceDb {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #unstored = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #failure: Error | undefined;

  constructor(path: string) {
    this.#worker = new Worker(workerUrl(import.meta.url), { workerData: path, name: 'workspace', execArgv: [] });
    this.#worker.on('message', (answer: StoreAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.ok) waiting?.resolve(answer.value);
      else waiting?.reject(broken(answer.message));
    });
    this.#worker.on('error', (error: Error) => this.#fail(broken(error.message)));
    this.#worker.on('exit', () => this.#fail(broken('its thread has ended')));
  }

  totals(client: string): Promise<StoredTotals> {
    return this.#ask({ op: 'totals', client }) as Promise<StoredTotals>;
  }

  async append(client: string, messages: readonly ClientMessage[]): Promise<StoredTotals> {
    this.#unstored += messages.length;
    try {
      return (await this.#ask({ op: 'append', client, messages })) as StoredTotals;
    } finally {
      this.#unstored -= messages.length;
      if (this.#unstored <= MAX_UNSTORED) this.#room?.resolve();
      if (this.#unstored <= MAX_UNSTORED) this.#room = undefined;
    }
  }

  /** Undefined when more may come at once, else a promise of room. */
  get room(): Promise<void> | undefined {
    if (this.#unstored <= MAX_UNSTORED) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  async setAck(client: string, seq: number, ack: number): Promise<void> {
    await this.#ask({ op: 'setAck', client, seq, ack });
  }

  read(client: string, query: PageQuery): Promise<ClientMessage[]> {
    return this.#ask({ op: 'read', client, query }) as Promise<ClientMessage[]>;
  }

  async clear(client: string): Promise<void> {
    await this.#ask({ op: 'clear', client });
  }

  async close(): Promise<void> {
    if (!this.#failure) await this.#ask({ op: 'close' });
    await this.#worker.terminate();
  }

  #ask(request: StoreRequest): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, request });
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure);
    this.#waiting.clear();
    this.#room?.resolve();
  }
}

/** The worker's file: source beside source, its own bundle beside a bundle. */
function workerUrl(moduleUrl: string): URL {
  return new URL(moduleUrl.endsWith('.ts') ? './workspaceWorker.ts' : './workspaceWorker.js', moduleUrl);
}

function broken(problem: string): BusbarError {
  return new BusbarError('WORKSPACE_UNUSABLE', `The message history cannot be used: ${problem}.`);
}
