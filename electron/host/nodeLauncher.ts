/** How a broker node becomes a process. Electron's utility processes are another launcher, in electron/main. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import type { SupervisorMessage } from '../../broker/api/schema/control.ts';
import { toDisposable } from '../../broker/base/disposable.ts';
import type { Disposable } from '../../broker/base/disposable.ts';

export interface NodeExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why no process came to be, in words; null when one did. */
  readonly error: string | null;
}

/** One running child. Its end of the control channel closes with this process, and the child stops then. */
export interface NodeChild {
  /** Undefined before it is known (utility processes) and when there was no process. */
  readonly pid: number | undefined;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Does nothing when the channel has closed. */
  send(message: SupervisorMessage): void;
  /** At once and without mercy; the end shows in `onExit`. */
  kill(): void;
  /** What the child sent, unchecked. */
  onMessage(listener: (message: unknown) => void): Disposable;
  /** Exactly once, after the last output. */
  onExit(listener: (exit: NodeExit) => void): Disposable;
}

export interface NodeLauncher {
  /** `args` as on the command line of the broker, without program and entry. */
  launch(args: readonly string[]): NodeChild;
}

export interface ChildProcessLauncherOptions {
  /** The broker's entry; default: the build beside this bundle, or the source when the host itself runs from source. */
  readonly entry?: string;
  /** A Node 24; default: the one this runs on. */
  readonly execPath?: string;
}

/** Launches nodes as children of plain Node. */
export function childProcessLauncher(options: ChildProcessLauncherOptions = {}): NodeLauncher {
  const entry = options.entry ?? brokerEntry();
  return {
    launch: (args) =>
      childOf(
        fork(entry, [...args], {
          execPath: options.execPath ?? process.execPath,
          execArgv: [],
          // No NODE_COMPILE_CACHE: a node that has a control channel did not end within 5 s while Node wrote it.
          env: cleanEnvironment(process.env),
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        }),
      ),
  };
}

/** The broker that belongs to this host: from source beside source, from the build beside the build. */
export function brokerEntry(moduleUrl: string = import.meta.url): string {
  const relative = moduleUrl.endsWith('.ts') ? '../../broker/main.ts' : '../broker/node.js';
  // In a package the broker lies unpacked, so that a plain Node can read it too.
  return fileURLToPath(new URL(relative, moduleUrl)).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
}

/** Settings in a user's shell must not reach the nodes: the project alone says how they run. */
export function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(EMQX_|BUSBAR_|NODE_OPTIONS$|NODE_CHANNEL_)/.test(name)));
}

function childOf(child: ChildProcess): NodeChild {
  let failure: string | null = null;
  // A spawn error has no exit; a kill or send that fails later changes nothing about a running child.
  child.on('error', (error) => {
    failure = error.message;
    if (child.pid === undefined) child.emit('close', null, null);
  });
  return {
    get pid() {
      return child.pid;
    },
    stdout: child.stdout,
    stderr: child.stderr,
    send: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
    kill: () => void child.kill('SIGKILL'),
    onMessage: (listener) => {
      child.on('message', listener);
      return toDisposable(() => child.off('message', listener));
    },
    onExit: (listener) => {
      let told = false;
      const close = (code: number | null, signal: string | null) => {
        if (told) return;
        told = true;
        listener({ code, signal, error: child.pid === undefined ? failure : null });
      };
      child.on('close', close);
      return toDisposable(() => child.off('close', close));
    },
  };
}
