// Notices the death of the npm that started us. npm runs a script through a shell, and when npm is killed the shell lives on
// and waits: nothing tells the script. So the processes above are looked at once a second, only when npm is among them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const LOOK_MS = 1_000;

/** Calls `onDeath` once when the shell or the npm above this process is gone. @param {() => void} onDeath */
export function watchNpm(onDeath) {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const shell = process.ppid;
  const above = [shell, parentOf(shell)].filter((pid) => pid > 1);
  const timer = setInterval(() => {
    if (process.ppid === shell && above.every(isAlive)) return;
    clearInterval(timer);
    onDeath();
  }, LOOK_MS);
  timer.unref();
}

/** @param {number} pid */
function parentOf(pid) {
  try {
    // The name in brackets may hold spaces and brackets itself; the parent is the second field behind the last one.
    if (process.platform === 'linux') return Number(/.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
    return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return 0;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error.code === 'EPERM';
  }
}
