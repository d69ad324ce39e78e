/** What the operating system says about the machine and this process, for `GET /nodes`. */
import { readFileSync } from 'node:fs';
import { freemem, loadavg, totalmem } from 'node:os';
import type { HostFacts } from '../core/adminAnswers.ts';

export function hostFacts(): HostFacts {
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
  return {
    load: [load1, load5, load15],
    memoryTotalBytes: totalmem(),
    memoryUsedBytes: totalmem() - freemem(),
    maxFds: MAX_FDS,
    activeResources: process.getActiveResourcesInfo().length,
    runtime: `Node.js ${process.versions.node}`,
    sysPath: process.cwd(),
  };
}

/** The soft limit of open files; 0 where the system does not tell. It does not change while a process runs. */
const MAX_FDS = readMaxFds();

function readMaxFds(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? 0 : Number(limit);
  } catch {
    return 0;
  }
}
