/** Broker nodes as Electron's utility processes: full Node, one process each, gone with the application. */
import { utilityProcess, type UtilityProcess } from 'electron';
import { toDisposable } from '../../broker/base/disposable.ts';
import { cleanEnvironment, type NodeChild, type NodeExit, type NodeLauncher } from '../host/nodeLauncher.ts';

/** How long the end of a child waits for its last output; then it is told without it. */
const OUTPUT_LIMIT_MS = 1_000;

/** `entry` is the absolute path of the broker's bundle. Only to be used when the application is ready. */
export function utilityLauncher(entry: string): NodeLauncher {
  return {
    launch: (args) => {
      const options = { stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[], serviceName: 'Busbar broker node', env: cleanEnvironment(process.env) };
      try {
        return childOf(utilityProcess.fork(entry, [...args], options));
      } catch (error) {
        return stillborn(String(error));
      }
    },
  };
}

function childOf(child: UtilityProcess): NodeChild {
  let killed = false;
  // `kill()` of a utility process is a request to end; only the system's SIGKILL is certain.
  const killNow = () => {
    if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
  };
  child.once('spawn', () => killed && killNow());
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const ended = new Promise<NodeExit>((resolve) => {
    const outputs = streams.map((stream) => new Promise<void>((done) => stream.once('close', () => done())));
    child.once('exit', (code) => {
      const exit: NodeExit = killed ? { code: null, signal: 'SIGKILL', error: null } : { code, signal: null, error: null };
      const limit = setTimeout(() => resolve(exit), OUTPUT_LIMIT_MS);
      void Promise.all(outputs).then(() => {
        clearTimeout(limit);
        resolve(exit);
      });
    });
  });
  return {
    get pid() {
      return child.pid;
    },
    stdout: child.stdout as NodeChild['stdout'],
    stderr: child.stderr as NodeChild['stderr'],
    send: (message) => child.postMessage(message),
    kill: () => {
      killed = true;
      killNow();
    },
    onMessage: (listener) => {
      child.on('message', listener);
      return toDisposable(() => child.off('message', listener));
    },
    onExit: (listener) => tellOnce(ended, listener),
  };
}

/** A child that never came to be; it says so where its end is asked for. */
function stillborn(error: string): NodeChild {
  const exit = Promise.resolve<NodeExit>({ code: null, signal: null, error });
  const nothing = toDisposable(() => {});
  return { pid: undefined, stdout: null, stderr: null, send() {}, kill() {}, onMessage: () => nothing, onExit: (listener) => tellOnce(exit, listener) };
}

function tellOnce(exit: Promise<NodeExit>, listener: (exit: NodeExit) => void) {
  let wanted = true;
  void exit.then((result) => wanted && listener(result));
  return toDisposable(() => (wanted = false));
}
