/** bcrypt on a thread of its own: in JavaScript one hash takes tens of milliseconds, in which the loop would serve nobody. */
import { Worker } from 'node:worker_threads';
import type { Disposable } from '../../base/disposable.ts';
import type { BcryptAnswer, BcryptQuestion, BcryptTask } from './bcryptWorker.ts';

export class Bcrypt implements Disposable {
  readonly #waiting = new Map<number, (answer: BcryptAnswer) => void>();
  #lastId = 0;
  /** Started by the first hash; it does not keep the process alive. */
  #worker: Worker | undefined;

  /** At most 72 bytes of a password count, as everywhere. Rejects when it is not UTF-8 text. */
  async hash(password: Uint8Array, rounds: number): Promise<string> {
    const answer = await this.#ask({ op: 'hash', password, rounds });
    if (typeof answer !== 'string') throw new Error('the password is not UTF-8 text');
    return answer;
  }

  /** False also for what is no bcrypt hash. */
  async matches(password: Uint8Array, hash: string): Promise<boolean> {
    return (await this.#ask({ op: 'compare', password, hash })) === true;
  }

  dispose(): void {
    void this.#worker?.terminate();
  }

  #ask(task: BcryptTask): Promise<string | boolean> {
    const worker = (this.#worker ??= this.#start());
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => ('error' in answer ? reject(new Error(answer.error)) : resolve(answer.value)));
      worker.postMessage({ id, task } satisfies BcryptQuestion);
    });
  }

  #start(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './bcryptWorker.ts' : './bcryptWorker.js';
    const worker = new Worker(new URL(file, import.meta.url), { name: 'bcrypt', execArgv: [] });
    worker.unref();
    worker.on('message', (answer: BcryptAnswer) => this.#settle(answer));
    worker.on('error', (error: Error) => this.#failed(worker, error.message));
    worker.on('exit', () => this.#failed(worker, 'the bcrypt thread has ended'));
    return worker;
  }

  #settle(answer: BcryptAnswer): void {
    const settle = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    settle?.(answer);
  }

  /** The next hash starts another thread. */
  #failed(worker: Worker, error: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const id of [...this.#waiting.keys()]) this.#settle({ id, error });
  }
}
