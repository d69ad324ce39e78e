/**
 * What was changed at run time against what the configuration says: at a start the file, the environment and the command line win for
 * the same key (broker-contract 3.1); while the node runs a change holds.
 */
import type { Log } from '../base/log.ts';
import { canonical } from './keyIndex.ts';
import { isObject, type Json, type JsonObject } from './serviceJson.ts';

/** Canonical path of each key that the file, the environment or the command line sets → where it is said, such as `emqx.conf:3:7`. */
export type GivenKeys = ReadonlyMap<string, string>;

export interface Overridden {
  readonly key: string;
  readonly origin: string;
}

/**
 * `changes` without what the configuration says itself, and the keys it says something else for. `prefix` is the path of the whole;
 * `inForce` is what holds now. Undefined: nothing is left.
 */
export function yieldTo(given: GivenKeys, prefix: string, changes: Json, inForce: Json | undefined): { readonly json: Json | undefined; readonly overridden: readonly Overridden[] } {
  const origin = given.get(canonical(prefix));
  if (origin !== undefined) {
    const differs = JSON.stringify(changes) !== JSON.stringify(inForce);
    return { json: undefined, overridden: differs ? [{ key: prefix, origin }] : [] };
  }
  if (!isObject(changes)) return { json: changes, overridden: [] };
  const kept: Record<string, Json> = {};
  const overridden: Overridden[] = [];
  for (const [name, value] of Object.entries(changes)) {
    const inner = yieldTo(given, `${prefix}.${name}`, value, inForce !== undefined && isObject(inForce) ? inForce[name] : undefined);
    if (inner.json !== undefined) kept[name] = inner.json;
    overridden.push(...inner.overridden);
  }
  return { json: kept as JsonObject, overridden };
}

/** Tells the operator which changes do not hold here, and how to have them hold. */
export function logOverridden(log: Log, overridden: readonly Overridden[]): void {
  for (const { key, origin } of overridden) {
    const hint = 'The configuration wins at a start. Change it there too, or remove the key there to let the change of the cluster hold.';
    log.warn('runtime_setting_overridden', { key, by: origin, hint });
  }
}
