/** What the layers have set, by key: the value that won, and where it was said. */
import { describeOrigin, type Origin } from './assignments.ts';
import { parseHoconValue } from './hocon.ts';
import type { ConfigKey } from './schema.ts';
import { assert } from '../base/assert.ts';

interface Entry {
  readonly value: unknown;
  /** The spelling that was used. */
  readonly written: string;
  readonly origin: Origin;
}

export class Settings {
  readonly #entries = new Map<string, Entry>();

  /** The last call for a key wins. */
  set<T>(key: ConfigKey<T>, name: string | undefined, value: T, written: string, origin: Origin): void {
    this.#entries.set(pathOf(key, name), { value, written, origin });
  }

  /** What was set; undefined when nothing was (or when the value itself is undefined). */
  given<T>(key: ConfigKey<T>, name?: string): T | undefined {
    // The one assertion: `set` is the only writer and ties the type of the value to its key.
    return this.#entries.get(pathOf(key, name))?.value as T | undefined;
  }

  /** What was set, else the key's default. */
  get<T>(key: ConfigKey<T>, name?: string): T {
    const entry = this.#entries.get(pathOf(key, name));
    return entry ? (entry.value as T) : defaultOf(key);
  }

  /** How and where a key was set; undefined when its default holds. */
  origin(key: ConfigKey<unknown>, name?: string): { readonly written: string; readonly origin: Origin } | undefined {
    return this.#entries.get(pathOf(key, name));
  }

  /** Canonical path → place, of everything that was not said by one of `others`. */
  placesBeside(others: ReadonlySet<Origin>): ReadonlyMap<string, string> {
    return new Map([...this.#entries].filter(([, { origin }]) => !others.has(origin)).map(([path, { origin }]) => [path, describeOrigin(origin)]));
  }

  /** The names used below a prefix such as `listeners.tcp.`, sorted. */
  namesBelow(prefix: string): readonly string[] {
    const names = new Set<string>();
    for (const path of this.#entries.keys()) {
      const name = path.startsWith(prefix) ? path.slice(prefix.length).split('.')[0] : undefined;
      if (name !== undefined) names.add(name);
    }
    return [...names].sort();
  }
}

/** The default of a key, read by the same form as a value of the user. */
export function defaultOf<T>(key: ConfigKey<T>): T {
  assert(key.default !== undefined, `${key.path} has no default of its own`);
  const reading = key.type.read(parseHoconValue(key.default).value);
  assert(reading.ok, `the default of ${key.path} fits its form`);
  return reading.value;
}

function pathOf(key: ConfigKey<unknown>, name: string | undefined): string {
  return name === undefined ? key.path : key.path.replace('<name>', name);
}
