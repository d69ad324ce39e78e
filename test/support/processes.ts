import { spawn, type ChildProcessByStdio, type SpawnOptions } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { within } from './waitFor.ts';

/** What a test process may print before its oldest output is let go, in characters of each stream. */
const MAX_KEPT_OUTPUT = 1_000_000;
/** How long a process gets to end after SIGTERM before SIGKILL. */
const TERM_GRACE_MS = 5_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child of a test: bounded in time, its output at hand, ended by its own pid. */
export interface TestProcess {
  readonly pid: number;
  readonly stdin: Writable;
  /** All it printed so far (the last million characters). */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The first line, printed already or to come, that `wanted` accepts; rejects when the process ends without it. */
  readonly line: (wanted: (line: string) => boolean, limitMs?: number) => Promise<string>;
  readonly exited: Promise<Exit>;
  /** Like `exited`, but bounded. */
  readonly exit: (limitMs?: number) => Promise<Exit>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** SIGTERM, then SIGKILL after a grace; answers when it is gone. Harmless on a process that has ended. */
  readonly end: () => Promise<Exit>;
}

export interface StartOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  /** After this the process is killed: nothing a test starts outlives it. */
  readonly lifetimeMs?: number;
}

/** Starts a program without a shell. Close it in `afterEach` with `end()`. */
export function startProcess(command: string, args: readonly string[], options: StartOptions = {}): TestProcess {
  const { lifetimeMs = 120_000, ...spawnOptions } = options;
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(command, [...args], { ...spawnOptions, stdio: ['pipe', 'pipe', 'pipe'] });
  const out = keepText(child.stdout);
  const err = keepText(child.stderr);
  // A program that ends before it has read all is a fact for the test to see in its exit, not a crash of the test.
  child.stdin.on('error', () => {});
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  exited.catch(() => {}); // reported to whoever awaits it
  const lifetime = setTimeout(() => child.kill('SIGKILL'), lifetimeMs);
  lifetime.unref();
  const settled = exited.finally(() => clearTimeout(lifetime));
  settled.catch(() => {});
  const shown = `${command} ${args.join(' ')}`;
  return {
    pid: child.pid ?? -1,
    stdin: child.stdin,
    stdout: out.text,
    stderr: err.text,
    line: (wanted, limitMs = 10_000) => within(`a line of ${shown}`, findLine(out, exited, wanted, shown, err.text), limitMs),
    exited,
    exit: (limitMs = 10_000) => within(`the end of ${shown}`, exited, limitMs),
    kill: (signal) => void child.kill(signal),
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return exited;
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), TERM_GRACE_MS);
      return exited.finally(() => clearTimeout(hard));
    },
  };
}

/** Runs a program to its end and returns what it printed. */
export async function runProcess(command: string, args: readonly string[], options: StartOptions & { readonly input?: string } = {}) {
  const { input, ...startOptions } = options;
  const process = startProcess(command, args, startOptions);
  process.stdin.end(input ?? '');
  const exit = await process.exited;
  return { ...exit, stdout: process.stdout(), stderr: process.stderr() };
}

/** Whether a process of this id exists. A zombie counts as gone: it holds nothing any more. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/^\d+ \(.*\) Z/s.test(stat);
}

interface KeptText {
  readonly text: () => string;
  readonly onLine: (listener: (line: string) => void) => () => void;
}

function keepText(stream: Readable): KeptText {
  let text = '';
  let unfinished = '';
  const listeners = new Set<(line: string) => void>();
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-MAX_KEPT_OUTPUT);
    const lines = (unfinished + chunk).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) for (const listener of listeners) listener(line);
  });
  return {
    text: () => text,
    onLine(listener) {
      for (const line of text.split('\n').slice(0, -1)) listener(line);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function findLine(out: KeptText, exited: Promise<Exit>, wanted: (line: string) => boolean, shown: string, stderr: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const stop = out.onLine((line) => {
      if (!wanted(line)) return;
      resolve(line);
      queueMicrotask(() => stop());
    });
    exited.then(
      ({ code, signal }) => reject(new Error(`${shown} ended (${signal ?? code}) without the awaited line; stderr: ${stderr().slice(-2000)}`)),
      reject,
    );
  });
}
