/**
 * One value per name or filter, found from either side: `match` gives the stored filters a topic name matches,
 * `find` the stored names a filter matches. Subscriptions use the first, retained messages the second.
 *
 * Each node is one level. A node with one child holds it directly and gets a Map from the second child on: in real
 * topic trees most nodes have one child, which makes this a third of the size of a Map per node (hot-path.md section 6).
 * Stored under `a/b`, `a/+/c` and `a/#`:
 *
 *     root ─ a ─┬─ b = value
 *               ├─ + ─ c = value
 *               └─ # = value
 *
 * `match('a/b')` goes down level by level with all nodes that still fit: {a}, then {b, +}, and looks for `#` below each.
 */
import { TopicCursor } from './topicCursor.ts';
import { splitLevels } from './topicName.ts';
import { addChild, childOf, newNode, removeChild, type TrieNode } from './trieNode.ts';

/** Values are found by key, replaced and removed one by one. `T` must not include undefined. */
export class TopicTrie<T> {
  readonly #root: TrieNode<T> = newNode('');
  #size = 0;
  /** Keys often come in runs that differ in their last level: where the last one was stored, its level and slash in front of that. */
  #lastParent: TrieNode<T> | undefined;
  #lastPrefix = '';

  /** Number of stored keys. */
  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    let node: TrieNode<T> | undefined = this.#root;
    for (let start = 0; ; ) {
      const end = key.indexOf('/', start);
      node = childOf(node, end === -1 ? key.slice(start) : key.slice(start, end));
      if (node === undefined) return undefined;
      if (end === -1) return node.value;
      start = end + 1;
    }
  }

  /** Stores the value and returns the one it replaces. */
  set(key: string, value: T): T | undefined {
    const last = key.lastIndexOf('/') + 1;
    const parent = this.#parentOf(key, last);
    const level = key.slice(last);
    const node = childOf(parent, level) ?? addChild(parent, level);
    const replaced = node.value;
    node.value = value;
    if (replaced === undefined) this.#size += 1;
    return replaced;
  }

  /** The node under which the last level of a key, which begins at `last`, has its own. */
  #parentOf(key: string, last: number): TrieNode<T> {
    const prefix = this.#lastPrefix;
    if (this.#lastParent !== undefined && prefix.length === last && key.startsWith(prefix)) return this.#lastParent;
    let node = this.#root;
    for (let start = 0; start < last; ) {
      const end = key.indexOf('/', start);
      const level = key.slice(start, end);
      node = childOf(node, level) ?? addChild(node, level);
      start = end + 1;
    }
    this.#lastParent = node;
    this.#lastPrefix = key.slice(0, last);
    return node;
  }

  /** Removes the key and returns its value. Nodes that lead nowhere any more go with it. */
  delete(key: string): T | undefined {
    const path: TrieNode<T>[] = [this.#root];
    for (const level of splitLevels(key)) {
      const child = childOf(path[path.length - 1]!, level);
      if (child === undefined) return undefined;
      path.push(child);
    }
    const leaf = path[path.length - 1]!;
    const removed = leaf.value;
    if (removed === undefined) return undefined;
    leaf.value = undefined;
    this.#size -= 1;
    // It may be one of those that go.
    this.#lastParent = undefined;
    for (let at = path.length - 1; at > 0; at -= 1) {
      const node = path[at]!;
      if (node.value !== undefined || node.children !== undefined) break;
      removeChild(path[at - 1]!, node);
    }
    return removed;
  }

  /** Calls `visit` with the value of every stored filter that matches the topic name, shorter filters first. */
  match(topic: string, visit: (value: T) => void): void {
    let nodes: TrieNode<T>[] = [this.#root];
    // MQTT-4.7.2-1: names that begin with $ are out of reach for a wildcard on the first level.
    let wildcards = topic.charCodeAt(0) !== 0x24;
    let start = 0;
    // Level by level instead of by recursion: the number of levels is the client's choice, the stack is not.
    while (nodes.length > 0) {
      const slash = topic.indexOf('/', start);
      const level = slash === -1 ? topic.slice(start) : topic.slice(start, slash);
      const next: TrieNode<T>[] = [];
      for (let index = 0; index < nodes.length; index += 1) {
        const node = nodes[index]!;
        if (wildcards) {
          visitValue(childOf(node, '#'), visit);
          pushChild(next, node, '+');
        }
        pushChild(next, node, level);
      }
      nodes = next;
      if (slash === -1) break;
      wildcards = true;
      start = slash + 1;
    }
    for (let index = 0; index < nodes.length; index += 1) {
      const node = nodes[index]!;
      visitValue(node, visit);
      // `a/#` matches `a` (section 4.7.1.2).
      visitValue(childOf(node, '#'), visit);
    }
  }

  /** A cursor over the values of all stored topic names that the filter matches. See TopicCursor for what it promises. */
  find(filter: string): TopicCursor<T> {
    return new TopicCursor(this.#root, splitLevels(filter), false);
  }

  /** A cursor over all values, those below `$…` included. */
  all(): TopicCursor<T> {
    return new TopicCursor(this.#root, ['#'], true);
  }
}

function pushChild<T>(list: TrieNode<T>[], node: TrieNode<T>, level: string): void {
  const child = childOf(node, level);
  if (child !== undefined) list.push(child);
}

function visitValue<T>(node: TrieNode<T> | undefined, visit: (value: T) => void): void {
  if (node?.value !== undefined) visit(node.value);
}
