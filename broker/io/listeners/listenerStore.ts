/**
 * Listeners as they were changed at run time, in `data/configs/cluster.hocon`: read at the next start below the configuration file and
 * the environment, which win for the same key (broker-contract 3.1).
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { ListenerType } from '../../config/listenerConfig.ts';
import { mergeJson, type JsonObject } from '../../config/serviceJson.ts';
import { writeFileAtomically } from '../atomicFile.ts';

export const RUNTIME_CONFIG = join('configs', 'cluster.hocon');

interface Stored {
  readonly listeners: JsonObject;
}

export class ListenerStore {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(dataDir: string) {
    this.#path = join(dataDir, RUNTIME_CONFIG);
  }

  /** `settings` over what is stored for the listener. Rejects with DATA_DIR_UNUSABLE. */
  put(type: ListenerType, name: string, settings: JsonObject): Promise<void> {
    return this.#change(({ listeners }) => ({ listeners: mergeJson(listeners, { [type]: { [name]: settings } }) as JsonObject }));
  }

  /** The default listeners exist without a word: to be gone they must be off. */
  remove(type: ListenerType, name: string): Promise<void> {
    return this.#change(({ listeners }) => {
      const ofType = { ...(listeners[type] as JsonObject | undefined) };
      delete ofType[name];
      return { listeners: { ...listeners, [type]: name === 'default' ? { ...ofType, default: { enable: false } } : ofType } };
    });
  }

  #change(edit: (stored: Stored) => Stored): Promise<void> {
    const done = this.#last.then(async () => {
      try {
        await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
        // JSON is HOCON. It may hold the password of a key.
        await writeFileAtomically(this.#path, `${JSON.stringify(edit(await this.#read()), null, 2)}\n`, 0o600);
      } catch (cause) {
        const message = `The change is in force, but ${this.#path} cannot be written: ${messageOf(cause)}`;
        throw new BusbarError('DATA_DIR_UNUSABLE', message, { details: { path: this.#path }, cause });
      }
    });
    this.#last = done.catch(() => {}); // told to whoever asked for it
    return done;
  }

  async #read(): Promise<Stored> {
    const text = await readRuntimeConfig(this.#path);
    const stored = text === undefined ? {} : (JSON.parse(text) as Partial<Stored>);
    return { listeners: stored.listeners ?? {} };
  }
}

/** Undefined when nothing was ever changed. */
export async function readRuntimeConfig(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
