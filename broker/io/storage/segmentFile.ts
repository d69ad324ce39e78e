/** The store of segments on disk: hands them to its thread, and tells who waits when they are safe. */
import { Worker } from 'node:worker_threads';
import type { Log } from '../../base/log.ts';
import type { SegmentStore } from '../../storage/segmentStore.ts';
import type { Synchronous } from './segmentTable.ts';
import type { SegmentAnswer, SegmentTask, SegmentThreadData } from './segmentThread.ts';

export interface SegmentFileOptions {
  readonly path: string;
  readonly synchronous: Synchronous;
  /** The position of the first segment to come. */
  readonly end: number;
  readonly log: Log;
  /** The thread has ended by itself: a fault of ours, after which nothing can become safe any more. */
  readonly onFailure: (error: Error) => void;
}

export class SegmentFile implements SegmentStore {
  readonly #options: SegmentFileOptions;
  readonly #worker: Worker;
  /** Of the segments on their way, oldest first. */
  readonly #waiting: (() => void)[] = [];
  #firstWaiting: number;
  #end: number;
  #isFailing = false;
  #closed: (() => void) | undefined;

  constructor(options: SegmentFileOptions) {
    this.#options = options;
    this.#end = this.#firstWaiting = options.end;
    const file = import.meta.url.endsWith('.ts') ? './segmentThread.ts' : './segmentThread.js';
    const { path, synchronous } = options;
    this.#worker = new Worker(new URL(file, import.meta.url), { name: 'sessions', execArgv: [], workerData: { path, synchronous } satisfies SegmentThreadData });
    this.#worker.on('message', (answer: SegmentAnswer) => this.#answered(answer));
    this.#worker.on('error', (error: Error) => options.onFailure(error));
  }

  get end(): number {
    return this.#end;
  }

  append(segment: Buffer, done: () => void): void {
    const position = this.#end;
    this.#end += 1;
    this.#waiting.push(done);
    // Its memory goes over to the thread if nobody else has a part of it.
    const isAlone = segment.buffer.byteLength === segment.byteLength;
    this.#post({ op: 'append', position, bytes: segment }, isAlone ? [segment.buffer as ArrayBuffer] : []);
  }

  dropBefore(position: number): void {
    this.#post({ op: 'dropBefore', position });
  }

  /** Answers when all that was appended is safe and the file is closed. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => (this.#closed = resolve));
    this.#post({ op: 'close' });
    await closed;
    await this.#worker.terminate();
  }

  #post(task: SegmentTask, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(task, transfer);
  }

  #answered(answer: SegmentAnswer): void {
    const { path, log } = this.#options;
    switch (answer.op) {
      case 'safe': {
        if (this.#isFailing) log.info('session_store_written_again', { path });
        this.#isFailing = false;
        const count = answer.position - this.#firstWaiting + 1;
        this.#firstWaiting = answer.position + 1;
        for (const done of this.#waiting.splice(0, count)) done();
        return;
      }
      case 'failed':
        if (this.#isFailing) return;
        this.#isFailing = true;
        log.error('session_store_not_written', { path, reason: answer.reason, waiting: this.#waiting.length, hint: 'Messages of QoS 1 and 2 are not acknowledged until the disk can be written again.' });
        return;
      case 'closed':
        this.#closed?.();
    }
  }
}
