/** Processes that run seeds side by side. A seed that never ends, or takes its process down, is an error of that seed and of no other. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeedResult } from './profile.ts';
import type { Job } from './swarmWorker.ts';

const WORKER = fileURLToPath(new URL('swarmWorker.ts', import.meta.url));
/** A seed takes a tenth of a second; one that takes this long will not end. */
const SEED_LIMIT_MS = 60_000;

interface Task {
  readonly job: Job;
  readonly done: (result: SeedResult) => void;
}

export class SwarmPool {
  readonly #tasks: Task[] = [];
  readonly #workers = new Set<ChildProcess>();
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(size: number) {
    for (let index = 0; index < size; index += 1) this.#start();
  }

  run(job: Job): Promise<SeedResult> {
    return new Promise((done) => {
      this.#tasks.push({ job, done });
      this.#waiting.shift()?.();
    });
  }

  close(): void {
    this.#closed = true;
    for (const worker of this.#workers) worker.kill('SIGKILL');
  }

  #start(): void {
    const worker = fork(WORKER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#workers.add(worker);
    let current: Task | undefined;
    let timer: NodeJS.Timeout | undefined;
    const next = () => {
      current = this.#tasks.shift();
      if (current === undefined) {
        this.#waiting.push(next);
        return;
      }
      timer = setTimeout(() => worker.kill('SIGKILL'), SEED_LIMIT_MS);
      worker.send(current.job);
    };
    worker.on('message', (result: SeedResult) => {
      clearTimeout(timer);
      current?.done(result);
      next();
    });
    worker.on('exit', (code, signal) => {
      clearTimeout(timer);
      this.#workers.delete(worker);
      this.#waiting = this.#waiting.filter((waiting) => waiting !== next);
      if (this.#closed) return;
      current?.done({
        errors: [`The process ended (${signal ?? code}): it took more than ${SEED_LIMIT_MS / 1_000} s, or died`],
        totals: {},
      });
      this.#start();
    });
    next();
  }
}
