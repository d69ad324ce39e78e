/** One level of a TopicTrie and its children. */

export interface TrieNode<T> {
  readonly level: string;
  /** Undefined: no key ends here. */
  value: T | undefined;
  /** One child is held directly; two and more in a Map. */
  children: TrieNode<T> | Map<string, TrieNode<T>> | undefined;
}

export function newNode<T>(level: string): TrieNode<T> {
  return { level, value: undefined, children: undefined };
}

/** The child for one level, taken literally. */
export function childOf<T>(node: TrieNode<T>, level: string): TrieNode<T> | undefined {
  const children = node.children;
  if (children === undefined) return undefined;
  if (children instanceof Map) return children.get(level);
  return children.level === level ? children : undefined;
}

/** Adds a child for a level that has none yet. */
export function addChild<T>(node: TrieNode<T>, level: string): TrieNode<T> {
  const child = newNode<T>(level);
  const children = node.children;
  if (children === undefined) node.children = child;
  else if (children instanceof Map) children.set(level, child);
  else node.children = new Map([[children.level, children], [level, child]]);
  return child;
}

/** Removes a child that has neither value nor children. */
export function removeChild<T>(node: TrieNode<T>, child: TrieNode<T>): void {
  const children = node.children;
  if (!(children instanceof Map)) {
    node.children = undefined;
    return;
  }
  children.delete(child.level);
  // The Map keeps its last entry: a cursor may be walking it, and must still meet that child.
  if (children.size === 1) for (const last of children.values()) node.children = last;
}
