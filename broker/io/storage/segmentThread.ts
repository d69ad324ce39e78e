/**
 * The thread that writes segments (hot-path.md section 9): a commit waits for the disk, and the loop of the broker must not. One row a
 * commit; SQLite says when it is safe. What cannot be written is tried again: nobody is told that it is safe before it is.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../base/errors.ts';
import { SegmentTable, type Synchronous } from './segmentTable.ts';

/** The log of SQLite is moved into its file when it has grown by this; commits wait meanwhile, so it is done often and takes little. */
const LOG_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 1_000;
/** Old segments are deleted a few at a time, between commits. */
const DELETE_SLICE = 32;

export interface SegmentThreadData {
  readonly path: string;
  readonly synchronous: Synchronous;
}

export type SegmentTask =
  | { readonly op: 'append'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly op: 'dropBefore'; readonly position: number }
  | { readonly op: 'close' };

/** `safe`: and all before it. `failed`: is tried again. */
export type SegmentAnswer =
  | { readonly op: 'safe'; readonly position: number }
  | { readonly op: 'failed'; readonly reason: string }
  | { readonly op: 'closed' };

const { path, synchronous } = workerData as SegmentThreadData;
const table = SegmentTable.open(path, synchronous);
const tasks: SegmentTask[] = [];
let logBytes = 0;
let dropTo = 0;
let isRunning = false;

parentPort?.on('message', (task: SegmentTask) => {
  tasks.push(task);
  if (!isRunning) run();
});

function answer(message: SegmentAnswer): void {
  parentPort?.postMessage(message);
}

function run(): void {
  isRunning = true;
  while (tasks.length > 0) {
    const task = tasks[0]!;
    try {
      if (!perform(task)) return;
    } catch (error) {
      answer({ op: 'failed', reason: messageOf(error) });
      setTimeout(run, RETRY_MS);
      return;
    }
    tasks.shift();
  }
  isRunning = false;
  if (dropTo > 0) setImmediate(dropSlice);
}

/** False when the thread has ended. */
function perform(task: SegmentTask): boolean {
  switch (task.op) {
    case 'append':
      table.append(task.position, task.bytes);
      answer({ op: 'safe', position: task.position });
      logBytes += task.bytes.length;
      if (logBytes > LOG_BYTES) moveLog();
      return true;
    case 'dropBefore':
      dropTo = task.position;
      return true;
    case 'close':
      table.close();
      answer({ op: 'closed' });
      parentPort?.close();
      return false;
  }
}

/** Housekeeping: a failure here costs room on the disk, and the next commit tells of it if it is a lasting one. */
function moveLog(): void {
  try {
    table.moveLog();
    logBytes = 0;
  } catch (error) {
    answer({ op: 'failed', reason: messageOf(error) });
  }
}

function dropSlice(): void {
  if (isRunning || dropTo === 0) return;
  try {
    if (!table.dropSome(dropTo, DELETE_SLICE)) dropTo = 0;
    else setImmediate(dropSlice);
  } catch (error) {
    dropTo = 0;
    answer({ op: 'failed', reason: messageOf(error) });
  }
}
