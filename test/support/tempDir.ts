import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new empty directory below the system's temporary one. Symbolic links are resolved, so that paths compare equal. */
export async function createTempDir(prefix = 'busbar-test-'): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), prefix)));
}

/** Removes it and all below it. Retries: a process that just died may still be letting go of a file. */
export async function removeTempDir(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Runs `use` with a new directory and removes it afterwards, whatever happens. */
export async function withTempDir<T>(prefix: string, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await createTempDir(prefix);
  try {
    return await use(directory);
  } finally {
    await removeTempDir(directory);
  }
}
