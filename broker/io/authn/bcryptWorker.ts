/** The thread of bcrypt.ts: one question after the other. */
import { parentPort } from 'node:worker_threads';
import { compareSync, hashSync } from 'bcryptjs';
import { messageOf } from '../../base/errors.ts';

export type BcryptTask =
  | { readonly op: 'hash'; readonly password: Uint8Array; readonly rounds: number }
  | { readonly op: 'compare'; readonly password: Uint8Array; readonly hash: string };

export interface BcryptQuestion {
  readonly id: number;
  readonly task: BcryptTask;
}

export type BcryptAnswer = { readonly id: number; readonly value: string | boolean } | { readonly id: number; readonly error: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

parentPort?.on('message', ({ id, task }: BcryptQuestion) => {
  let answer: BcryptAnswer;
  try {
    answer = { id, value: run(task) };
  } catch (error) {
    answer = { id, error: messageOf(error) };
  }
  parentPort?.postMessage(answer);
});

function run(task: BcryptTask): string | boolean {
  const password = decode(task.password);
  if (password === undefined) return false;
  return task.op === 'hash' ? hashSync(password, task.rounds) : compareSync(password, task.hash);
}

/** The library takes text; bytes that are none match nothing. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
