/** A walk over a trie that can be taken in slices, so that `#` over a million topics never holds up the event loop. */
import { childOf, type TrieNode } from './trieNode.ts';

type Children<T> = TrieNode<T> | MapIterator<TrieNode<T>>;

/** In place of a depth: children of the root below a wildcard, where names that begin with `$` are left out. */
const FIRST_LEVEL = -1;

/**
 * The trie may change between slices. A topic that stays stored from `find` to the end is visited exactly once, with the
 * value it then has; one that is removed before its turn is not visited; one that is stored meanwhile may or may not be;
 * one that is removed and stored again may be visited again.
 */
export class TopicCursor<T> {
  readonly #levels: readonly string[];
  /** A stack of children still to be entered, and for each how many levels of the filter lie above them. */
  readonly #children: Children<T>[] = [];
  readonly #depths: number[] = [];

  /** Made by `TopicTrie.find` and `all`. `withDollar`: a wildcard on the first level reaches `$…` too. */
  constructor(root: TrieNode<T>, levels: readonly string[], withDollar: boolean) {
    this.#levels = levels;
    const wildcardFirst = levels[0] === '#' || levels[0] === '+';
    if (wildcardFirst && !withDollar) this.#push(root, FIRST_LEVEL);
    else this.#enter(root, 0);
  }

  /** True when nothing is left to visit. */
  get done(): boolean {
    return this.#children.length === 0;
  }

  /**
   * Goes on until `maxNodes` nodes were entered (values visited are never more), `visit` returned false (that value
   * counts as visited), or the end is reached. Returns `done`.
   */
  advance(maxNodes: number, visit: (value: T) => boolean): boolean {
    let budget = maxNodes;
    while (budget > 0 && !this.done) {
      let depth = this.#depths[this.#depths.length - 1]!;
      const node = this.#take();
      if (node === undefined) continue;
      budget -= 1;
      if (depth === FIRST_LEVEL) {
        if (node.level.startsWith('$')) continue; // MQTT-4.7.2-1
        depth = this.#levels[0] === '+' ? 1 : 0;
      }
      const value = this.#enter(node, depth);
      if (value !== undefined && !visit(value)) break;
    }
    return this.done;
  }

  /** The next child on top of the stack; undefined when there was none left. */
  #take(): TrieNode<T> | undefined {
    const top = this.#children[this.#children.length - 1]!;
    if ('level' in top) {
      this.#pop();
      return top;
    }
    const step = top.next();
    if (step.done !== true) return step.value;
    this.#pop();
    return undefined;
  }

  /** Puts those children on the stack that the filter goes on with; returns the value if the filter matches here. */
  #enter(node: TrieNode<T>, depth: number): T | undefined {
    if (depth === this.#levels.length) return node.value;
    const level = this.#levels[depth]!;
    if (level === '#') {
      this.#push(node, depth);
      return node.value;
    }
    if (level === '+') {
      this.#push(node, depth + 1);
      return undefined;
    }
    const child = childOf(node, level);
    if (child !== undefined) {
      this.#children.push(child);
      this.#depths.push(depth + 1);
    }
    return undefined;
  }

  #push(node: TrieNode<T>, depth: number): void {
    const children = node.children;
    if (children === undefined) return;
    this.#children.push(children instanceof Map ? children.values() : children);
    this.#depths.push(depth);
  }

  #pop(): void {
    this.#children.pop();
    this.#depths.pop();
  }
}
