import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BusbarError } from '../../broker/base/errors.ts';
import { readIfExists } from './atomicFile.ts';
import { displayPath } from './projectLayout.ts';

export interface ProjectLock {
  release(): void;
}

/**
 * Claims a project folder for this process. The lock is SQLite's lock of a small file, which the system lets go when
 * the process dies in whatever way: a lock file with a pid would stay behind after SIGKILL. Throws PROJECT_LOCKED.
 */
export async function lockProject(lockFile: string, root: string): Promise<ProjectLock> {
  await mkdir(dirname(lockFile), { recursive: true, mode: 0o700 });
  const holderFile = `${lockFile}.pid`;
  const database = new DatabaseSync(lockFile);
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    const holder = await readIfExists(holderFile);
    const who = holder ? ` (process ${holder.trim()})` : '';
    throw new BusbarError('PROJECT_LOCKED', `The project ${displayPath(root)} is open in another Busbar${who}.`, { cause, details: { path: root } });
  }
  await writeFile(holderFile, `${process.pid}\n`);
  let held = true;
  return {
    release: () => {
      if (!held) return;
      held = false;
      database.close();
    },
  };
}
