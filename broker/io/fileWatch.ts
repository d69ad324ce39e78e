/** Tells when files have changed and come to rest: certificates that another program renews. */
import { watch, type FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import type { Log } from '../base/log.ts';

/** Several files are replaced one after the other: a certificate and its key belong together. */
const SETTLE_MS = 300;

export class FileWatch implements Disposable {
  readonly #paths: readonly string[];
  readonly #changed: () => void;
  readonly #log: Log;
  readonly #watchers = new DisposableStore();
  #stamps = '';
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(paths: readonly string[], changed: () => void, log: Log) {
    this.#paths = [...new Set(paths)];
    this.#changed = changed;
    this.#log = log;
  }

  /** Watches folders, not files: programs replace files, and the folder sees that too; also the folder of a linked file. */
  async start(): Promise<void> {
    this.#stamps = await this.#stampsNow();
    const real = await Promise.all(this.#paths.map((path) => realpath(path).catch(() => path)));
    for (const folder of new Set([...this.#paths, ...real].map((path) => dirname(path)))) {
      if (this.#disposed) return;
      try {
        const watcher: FSWatcher = watch(folder, { persistent: false }, () => this.#touched());
        watcher.on('error', (error) => this.#log.warn('file_watch_failed', { folder, reason: messageOf(error) }));
        this.#watchers.add(toDisposable(() => watcher.close()));
      } catch (error) {
        this.#log.warn('file_watch_failed', { folder, reason: messageOf(error) });
      }
    }
  }

  #touched(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), SETTLE_MS);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const stamps = await this.#stampsNow();
    if (this.#disposed || stamps === this.#stamps) return;
    this.#stamps = stamps;
    this.#changed();
  }

  async #stampsNow(): Promise<string> {
    const stamps = await Promise.all(
      this.#paths.map(async (path) => {
        const found = await stat(path, { bigint: true }).catch(() => undefined);
        return found === undefined ? 'missing' : `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
      }),
    );
    return stamps.join('\n');
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#watchers.dispose();
  }
}
