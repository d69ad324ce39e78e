/** The last retained message of every topic, found by filter. Bounded by `retainer.*`; a trie is the store itself. */
import type { Millis } from '../base/ids.ts';
import type { Message } from '../protocol/message.ts';
import type { TopicCursor } from '../topics/topicCursor.ts';
import { TopicTrie } from '../topics/topicTrie.ts';
import { StoredMessage, type Retainable } from './storedMessage.ts';

export interface RetainedLimits {
  /** 0 = no limit. */
  readonly maxRetainedMessages: number;
  readonly maxPayloadSize: number;
  /** Life of a message without an expiry of its own; Number.POSITIVE_INFINITY = for ever. */
  readonly msgExpiryIntervalMs: Millis;
}

/** `tooLarge` and `full`: not stored, and what was stored before stays as it was. */
export type StoreResult = 'stored' | 'deleted' | 'tooLarge' | 'full';

/** The other nodes: what is stored here is stored there, and the newest by the order of acceptance stays (R38). */
export interface RetainedShare {
  /** Stamps the message and puts it in force by `hold`. */
  put(topic: string, message: StoredMessage): void;
  /** Deletes here by `drop`, and there. */
  remove(topic: string): void;
  /** It has expired here, as it does everywhere. */
  ended(topic: string): void;
}

export class RetainedStore {
  readonly #trie = new TopicTrie<StoredMessage>();
  #limits: RetainedLimits;
  /** Undefined: what is stored here stays here. */
  share: RetainedShare | undefined;

  constructor(limits: RetainedLimits) {
    this.#limits = limits;
  }

  /** New limits concern what is stored from now on; a new expiry also what is stored already. */
  limit(limits: RetainedLimits): void {
    this.#limits = limits;
  }

  get size(): number {
    return this.#trie.size;
  }

  /**
   * Takes a PUBLISH with RETAIN 1: an empty payload deletes [MQTT-3.3.1-6], [MQTT-3.3.1-7], another one replaces
   * [MQTT-3.3.1-5]. Everything is copied: one small retained message must not keep a read buffer alive.
   */
  store(source: Retainable): StoreResult {
    if (source.payloadLength === 0) {
      this.remove(source.topic);
      return 'deleted';
    }
    if (source.payloadLength > this.#limits.maxPayloadSize) return 'tooLarge';
    const { maxRetainedMessages } = this.#limits;
    if (maxRetainedMessages > 0 && this.#trie.size >= maxRetainedMessages && this.#trie.get(source.topic) === undefined) return 'full';
    const message = new StoredMessage(source);
    const share = this.#shareOf(source.topic);
    if (share === undefined) this.#trie.set(source.topic, message);
    else share.put(source.topic, message);
    return 'stored';
  }

  /** What a node says of itself is no other node's business, and not to be read after its end. */
  #shareOf(topic: string): RetainedShare | undefined {
    return topic.startsWith('$SYS/') ? undefined : this.share;
  }

  /** In force from now on, whatever limits say: other nodes have it too. */
  hold(topic: string, message: StoredMessage): void {
    this.#trie.set(topic, message);
  }

  /** Gone from here alone. */
  drop(topic: string): void {
    this.#trie.delete(topic);
  }

  /** A cursor over the messages a filter matches; `$…` is out of reach for a leading wildcard [MQTT-4.7.2-1]. */
  find(topicFilter: string): TopicCursor<StoredMessage> {
    return this.#trie.find(topicFilter);
  }

  /** True when there was one. */
  remove(topic: string): boolean {
    const had = this.#trie.get(topic) !== undefined;
    const share = this.#shareOf(topic);
    if (share === undefined) this.#trie.delete(topic);
    else share.remove(topic);
    return had;
  }

  get(topic: string): StoredMessage | undefined {
    return this.#trie.get(topic);
  }

  /** A cursor over everything, for the sweep of expired messages. */
  all(): TopicCursor<StoredMessage> {
    return this.#trie.all();
  }

  /** An expired message is none [MQTT-3.3.2-5]; it is removed when it is met. */
  removeIfExpired(message: Message, nowMs: Millis): boolean {
    const seconds = message.properties.messageExpiryInterval;
    const lifeMs = seconds === undefined ? this.#limits.msgExpiryIntervalMs : seconds * 1000;
    if (nowMs - message.timestampMs < lifeMs) return false;
    const { topic } = message;
    if (this.#trie.get(topic) === message) {
      this.#trie.delete(topic);
      this.#shareOf(topic)?.ended(topic);
    }
    return true;
  }
}
