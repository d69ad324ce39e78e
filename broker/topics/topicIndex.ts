/**
 * Who is interested in a topic: any number of values per filter. Routes, subscriptions and rules are kept in one of these.
 *
 *     const index = new TopicIndex<Subscription>();
 *     if (index.add('a/+', subscription) === 'first') cluster.routeAdded('a/+');
 *     index.match('a/b', (subscription) => …);
 */
import { hasWildcard } from './topicFilter.ts';
import { TopicTrie } from './topicTrie.ts';

/** Up to here removal looks through an array; above it a Set keeps mass disconnects linear. */
const MAX_ARRAY_VALUES = 16;

/** Most filters have one value: it is stored itself, and only the second one costs a container. */
class Several<T> {
  values: T[] | Set<T>;

  constructor(first: T, second: T) {
    this.values = [first, second];
  }
}

type Stored<T> = T | Several<T>;

/**
 * `T` must not include undefined; values are told apart by identity. Filters without wildcards live in a Map, so that the
 * usual look-up is one hash, and only wildcard filters in a trie (126 bytes a filter, hot-path.md section 6).
 */
export class TopicIndex<T> {
  readonly #exact = new Map<string, Stored<T>>();
  readonly #wildcard = new TopicTrie<Stored<T>>();
  #size = 0;

  /** Number of (filter, value) pairs. */
  get size(): number {
    return this.#size;
  }

  /** Number of filters with at least one value. */
  get filterCount(): number {
    return this.#exact.size + this.#wildcard.size;
  }

  /** The filter has a value. */
  has(filter: string): boolean {
    return this.#storeOf(filter).get(filter) !== undefined;
  }

  /** Adds a value under a valid filter. `first`: the filter is new here. `present`: it had this value already. */
  add(filter: string, value: T): 'first' | 'added' | 'present' {
    const store = this.#storeOf(filter);
    const stored = store.get(filter);
    if (stored === undefined) store.set(filter, value);
    else if (stored instanceof Several) {
      if (!addTo(stored, value)) return 'present';
    } else if (stored === value) return 'present';
    else store.set(filter, new Several(stored, value));
    this.#size += 1;
    return stored === undefined ? 'first' : 'added';
  }

  /** Removes a value. `last`: the filter is gone with it. `absent`: there was no such value. */
  remove(filter: string, value: T): 'last' | 'removed' | 'absent' {
    const store = this.#storeOf(filter);
    const stored = store.get(filter);
    if (stored === undefined) return 'absent';
    if (stored instanceof Several) {
      if (!removeFrom(stored, value)) return 'absent';
      const left = onlyValue(stored);
      if (left !== undefined) store.set(filter, left);
      this.#size -= 1;
      return 'removed';
    }
    if (stored !== value) return 'absent';
    store.delete(filter);
    this.#size -= 1;
    return 'last';
  }

  /**
   * Visits the values of all filters that match a topic name: once per filter, so a value under two of them comes twice.
   * `visit` must not change this index.
   */
  match(topic: string, visit: (value: T) => void): void {
    const exact = this.#exact.get(topic);
    if (exact !== undefined) visitStored(exact, visit);
    if (this.#wildcard.size > 0) this.#wildcard.match(topic, (stored) => visitStored(stored, visit));
  }

  #storeOf(filter: string): Map<string, Stored<T>> | TopicTrie<Stored<T>> {
    return hasWildcard(filter) ? this.#wildcard : this.#exact;
  }
}

function addTo<T>(several: Several<T>, value: T): boolean {
  const values = several.values;
  if (!Array.isArray(values)) {
    if (values.has(value)) return false;
    values.add(value);
    return true;
  }
  if (values.includes(value)) return false;
  values.push(value);
  if (values.length > MAX_ARRAY_VALUES) several.values = new Set(values);
  return true;
}

function removeFrom<T>(several: Several<T>, value: T): boolean {
  const values = several.values;
  if (!Array.isArray(values)) return values.delete(value);
  const at = values.indexOf(value);
  if (at === -1) return false;
  values.splice(at, 1);
  return true;
}

/** The value that is left when it is the only one; two at least make a container worth its while. */
function onlyValue<T>(several: Several<T>): T | undefined {
  const values = several.values;
  if (Array.isArray(values)) return values.length === 1 ? values[0] : undefined;
  if (values.size > 1) return undefined;
  for (const value of values) return value;
  return undefined;
}

function visitStored<T>(stored: Stored<T>, visit: (value: T) => void): void {
  if (stored instanceof Several) stored.values.forEach((value) => visit(value));
  else visit(stored);
}
