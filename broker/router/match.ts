/**
 * The look-up of publishing: topic → compiled route, remembered per topic (hot-path.md section 6).
 *
 * A change to a filter without wildcards makes the one entry stale that has its name. A change to a wildcard filter advances an epoch: that
 * of its first level, or the common one when the first level is a wildcard itself; entries compiled under older
 * epochs are compiled again on their next use. Constant wildcard churn costs one match per publish, never more.
 *
 * The cache has two generations: when the young one is full it becomes the old one and the old one is dropped; a hit in the
 * old one moves the entry to the young. Topics that are used once cost a match, never memory for good.
 */
import type { NodeName } from '../base/ids.ts';
import { hasWildcard } from '../topics/topicFilter.ts';
import { NO_GROUPS, type Routes } from './routes.ts';
import type { SharedGroup } from './sharedGroup.ts';

/** Entries per generation; two generations are kept. */
export const MAX_TOPIC_ENTRIES = 50_000;
/** Longer topics are matched each time: a client that invents them must not fill the memory with their names. */
export const MAX_REMEMBERED_TOPIC = 1_024;

/** Topics that were looked up once and are remembered so far by their hash alone. */
const MET_SLOTS = 16_384;

/** The generation of an entry that never was in the cache. */
const FORGOTTEN = -2;

export interface TopicEntry<S extends object> {
  readonly topic: string;
  receivers: readonly S[];
  nodes: readonly NodeName[];
  /** Of each, one member gets the message. The same empty list for all topics that have none. */
  groups: readonly SharedGroup<S>[];
  /** Sum of the two epochs that concern the topic, at the time of compiling; of an entry outside the cache the changes so far; -1 = compile again. */
  compiledAt: number;
  readonly firstLevel: Epoch;
  /** The generation of the cache in which it became one of the young. */
  generation: number;
}

/** Counts changes to wildcard filters below one first level. */
interface Epoch {
  value: number;
}

/** Of entries that the cache does not hold: any change makes them stale. */
const UNREMEMBERED: Epoch = { value: 0 };

/** Of an entry that is not compiled yet. */
const NOTHING: readonly never[] = [];

export class RouteCache<S extends object> {
  readonly #routes: Routes<S>;
  readonly #merge: (matched: readonly S[]) => readonly S[];
  readonly #maxEntries: number;
  #young = new Map<string, TopicEntry<S>>();
  #old = new Map<string, TopicEntry<S>>();
  /** Changes to filters whose first level is a wildcard. */
  #rootEpoch = 0;
  #epochs = new Map<string, Epoch>();
  #generation = 0;
  /** To any filter. */
  #changes = 0;
  /** By hash of a topic: the one that was looked up last without an entry. */
  readonly #metHashes = new Int32Array(MET_SLOTS);

  /** `merge` joins what one receiver matched more than once. */
  constructor(routes: Routes<S>, merge: (matched: readonly S[]) => readonly S[], maxEntries = MAX_TOPIC_ENTRIES) {
    this.#routes = routes;
    this.#merge = merge;
    this.#maxEntries = maxEntries;
  }

  /** The compiled route of a valid topic name. Use it at once: a later change may make it stale. */
  lookUp(topic: string): TopicEntry<S> {
    let entry = this.#young.get(topic);
    if (entry === undefined) entry = this.#fromOld(topic) ?? this.#add(topic);
    if (entry.compiledAt !== this.#rootEpoch + entry.firstLevel.value) this.#compile(entry);
    return entry;
  }

  /** The same for an entry got earlier, which the cache may have forgotten meanwhile: one compare instead of a look-up. */
  again(entry: TopicEntry<S>): TopicEntry<S> {
    if (entry.firstLevel === UNREMEMBERED) return entry.compiledAt === this.#changes ? entry : this.lookUp(entry.topic);
    if (entry.generation + 1 < this.#generation) return this.lookUp(entry.topic);
    if (entry.compiledAt !== this.#rootEpoch + entry.firstLevel.value) this.#compile(entry);
    return entry;
  }

  /** A subscriber, a route row or a shared group of this filter came or went; changes inside a group do not matter here. */
  filterChanged(topicFilter: string): void {
    this.#changes += 1;
    if (!hasWildcard(topicFilter)) {
      const entry = this.#young.get(topicFilter) ?? this.#old.get(topicFilter);
      if (entry !== undefined) entry.compiledAt = -1;
      return;
    }
    const level = firstLevelOf(topicFilter);
    if (level === '+' || level === '#') this.#rootEpoch += 1;
    else {
      // No entry below this level was ever compiled: nothing can be stale.
      const epoch = this.#epochs.get(level);
      if (epoch !== undefined) epoch.value += 1;
    }
  }

  /** Any number of filters changed: all is compiled again on its next use. */
  allChanged(): void {
    this.#changes += 1;
    this.#rootEpoch += 1;
  }

  #fromOld(topic: string): TopicEntry<S> | undefined {
    const entry = this.#old.get(topic);
    if (entry === undefined) return undefined;
    this.#old.delete(topic);
    this.#insert(topic, entry);
    return entry;
  }

  #add(topic: string): TopicEntry<S> {
    const firstLevel = topic.length > MAX_REMEMBERED_TOPIC || !this.#met(topic) ? UNREMEMBERED : this.#epochOf(firstLevelOf(topic));
    const entry: TopicEntry<S> = { topic, receivers: NOTHING, nodes: NOTHING, groups: NO_GROUPS, compiledAt: -1, firstLevel, generation: FORGOTTEN };
    if (firstLevel === UNREMEMBERED) return entry;
    this.#insert(topic, entry);
    return entry;
  }

  /** Whether the topic was looked up before, as far as a small table remembers. Many topics are used once, and are not worth an entry. */
  #met(topic: string): boolean {
    let hash = topic.length;
    for (let at = 0; at < topic.length; at += 1) hash = (Math.imul(hash, 31) + topic.charCodeAt(at)) | 0;
    const slot = (hash ^ (hash >>> 16)) & (MET_SLOTS - 1);
    if (this.#metHashes[slot] === hash) return true;
    this.#metHashes[slot] = hash;
    return false;
  }

  #insert(topic: string, entry: TopicEntry<S>): void {
    if (this.#young.size >= this.#maxEntries) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#generation += 1;
      this.#forgetUnusedEpochs();
      this.#epochs.set(firstLevelOf(topic), entry.firstLevel);
    }
    entry.generation = this.#generation;
    this.#young.set(topic, entry);
  }

  #epochOf(level: string): Epoch {
    let epoch = this.#epochs.get(level);
    if (epoch === undefined) this.#epochs.set(level, (epoch = { value: 0 }));
    return epoch;
  }

  /** Epochs live as long as entries that refer to them. */
  #forgetUnusedEpochs(): void {
    const used = new Map<string, Epoch>();
    for (const entry of this.#old.values()) used.set(firstLevelOf(entry.topic), entry.firstLevel);
    this.#epochs = used;
  }

  #compile(entry: TopicEntry<S>): void {
    entry.receivers = this.#merge(this.#routes.matchLocal(entry.topic));
    entry.nodes = this.#routes.matchRemote(entry.topic);
    entry.groups = this.#routes.matchGroups(entry.topic);
    entry.compiledAt = entry.firstLevel === UNREMEMBERED ? this.#changes : this.#rootEpoch + entry.firstLevel.value;
  }
}

function firstLevelOf(text: string): string {
  const slash = text.indexOf('/');
  return slash === -1 ? text : text.slice(0, slash);
}
