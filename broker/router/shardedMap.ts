/**
 * A Map of very many texts that grows and shrinks in small steps: one Map stands still for tens of milliseconds when it makes room for
 * its millionth entry, sixty-four of them make room at different times.
 */
const SHARDS = 64;
/** Characters looked at to choose a shard, spread over the text. */
const LOOKS = 32;

export class ShardedMap<V> {
  readonly #shards: readonly Map<string, V>[] = Array.from({ length: SHARDS }, () => new Map<string, V>());

  /** Where the key belongs: for more than one call about it. */
  shardOf(key: string): Map<string, V> {
    const { length } = key;
    const step = length > LOOKS ? Math.floor(length / LOOKS) : 1;
    let hash = length;
    for (let at = 0; at < length; at += step) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
    return this.#shards[(hash ^ (hash >>> 15)) & (SHARDS - 1)] as Map<string, V>;
  }

  get(key: string): V | undefined {
    return this.shardOf(key).get(key);
  }

  has(key: string): boolean {
    return this.shardOf(key).has(key);
  }

  /** As of a Map: entries that stay are met once, whatever is put or removed on the way. */
  *entries(): Generator<[string, V], undefined> {
    for (const shard of this.#shards) yield* shard;
    return undefined;
  }
}
