/** Looks at the heap of a Node process from outside, after a full collection: start it with `--inspect=127.0.0.1:0`. */
import { readFile } from 'node:fs/promises';
import type { TestProcess } from './processes.ts';
import { within } from './waitFor.ts';

export const INSPECT = '--inspect=127.0.0.1:0';
const URL_LINE = /Debugger listening on (ws:\/\/\S+)/;
const ANSWER_LIMIT_MS = 20_000;

interface Answer {
  readonly id: number;
  readonly result?: { readonly usedSize?: number };
  readonly error?: { readonly message: string };
}

export class HeapProbe {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** The process must have printed the address of its inspector, which Node does first of all. */
  static async open(process: TestProcess): Promise<HeapProbe> {
    const url = URL_LINE.exec(process.stderr())?.[1];
    if (url === undefined) throw new Error(`the process was not started with ${INSPECT}`);
    const socket = new WebSocket(url);
    await within('the inspector', new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`the inspector at ${url} does not answer`)));
    }));
    const probe = new HeapProbe(socket);
    await probe.#call('HeapProfiler.enable');
    return probe;
  }

  async #call(method: string): Promise<Answer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method }));
    const { error, ...rest } = await within(method, answer, ANSWER_LIMIT_MS);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return { ...rest };
  }

  /** Bytes of JavaScript objects that are still reachable. */
  async liveBytes(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage');
    const { result } = await this.#call('Runtime.getHeapUsage');
    return result?.usedSize ?? Number.NaN;
  }

  close(): void {
    this.#socket.close();
  }
}

/** Resident memory of a process as Linux tells it. */
export async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
