import { fork as forkProcess, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ForkOptions } from 'electron';
import { appDouble, appParts } from './app.ts';
import { strict } from './strict.ts';

const BOOTSTRAP = fileURLToPath(new URL('./utilityBootstrap.ts', import.meta.url));

/** A Node process with `process.parentPort` in place of `process.send`, which is what a broker node sees of Electron. */
class UtilityProcessDouble extends EventEmitter {
  pid: number | undefined;
  stdout: Readable | null;
  stderr: Readable | null;
  child: ChildProcess;

  constructor(child: ChildProcess) {
    super();
    this.child = child;
    this.pid = child.pid;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    child.on('spawn', () => this.emit('spawn'));
    child.on('message', (message) => this.emit('message', message));
    child.on('exit', (code, signal) => {
      this.pid = undefined;
      children.delete(this);
      // Electron reports a signal by its number, as a shell does.
      this.emit('exit', code ?? (signal === 'SIGKILL' ? 9 : 15));
    });
  }
  postMessage(message: unknown): void {
    this.child.send(structuredClone(message) as object, () => {}); // a child that is gone takes no message; Electron drops it too
  }
  kill(): boolean {
    return this.child.kill('SIGTERM');
  }
}

const children = new Set<UtilityProcessDouble>();
appParts.liveChildren = () => [...children].flatMap((child) => (child.pid === undefined ? [] : [child.pid]));
appParts.endChildren = () => {
  for (const child of children) child.child.kill('SIGKILL');
};

export const utilityProcess = strict('utilityProcess', {
  fork(modulePath: string, args: string[] = [], options: ForkOptions = {}): UtilityProcessDouble {
    if (!appDouble.isReadyNow) throw new Error('utilityProcess.fork needs the application to be ready');
    if (!isAbsolute(modulePath) || !existsSync(modulePath)) throw new Error(`the entry of a utility process must exist: ${modulePath}`);
    const [stdin, stdout, stderr] = stdioOf(options.stdio);
    if (stdin !== 'ignore') throw new Error('stdin of a utility process is always ignored');
    const child = forkProcess(modulePath, args, {
      execArgv: ['--import', BOOTSTRAP, ...(options.execArgv ?? [])],
      serialization: 'advanced',
      stdio: [stdin, stdout, stderr, 'ipc'],
      ...(options.env ? { env: options.env as NodeJS.ProcessEnv } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    const utility = strict('UtilityProcess', new UtilityProcessDouble(child));
    children.add(utility);
    child.on('exit', () => children.delete(utility));
    return utility;
  },
});

function stdioOf(stdio: ForkOptions['stdio']): ['ignore' | 'pipe', 'pipe' | 'inherit' | 'ignore', 'pipe' | 'inherit' | 'ignore'] {
  type Mode = 'pipe' | 'inherit' | 'ignore';
  if (Array.isArray(stdio)) return [stdio[0] as 'ignore', stdio[1] as Mode, stdio[2] as Mode];
  const mode = (stdio ?? 'inherit') as Mode;
  return ['ignore', mode, mode];
}
