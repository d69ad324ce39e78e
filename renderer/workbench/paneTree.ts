/** The panes of one tab: a tree of splits whose leaves show views. Pure; every change gives a new tree. */

/** What a pane shows. Equal keys are the same thing: opening it again only goes there. */
export interface ViewRef {
  readonly view: string;
  readonly key: string;
  readonly params: Readonly<Record<string, string>>;
}

export interface Pane {
  readonly type: 'pane';
  readonly id: string;
  readonly view: ViewRef;
}
export interface Split {
  readonly type: 'split';
  readonly id: string;
  /** `row` = side by side. */
  readonly direction: 'row' | 'column';
  /** Share of the first side. */
  readonly ratio: number;
  readonly first: PaneTree;
  readonly second: PaneTree;
}
export type PaneTree = Pane | Split;

/** Left to right, top to bottom. */
export function panesOf(tree: PaneTree): readonly Pane[] {
  return tree.type === 'pane' ? [tree] : [...panesOf(tree.first), ...panesOf(tree.second)];
}

/** Puts `added` beside or below the pane `at`; the tree itself when that pane is not in it. */
export function splitPane(tree: PaneTree, at: string, direction: Split['direction'], added: Pane, splitId: string): PaneTree {
  if (tree.type === 'pane') {
    return tree.id === at ? { type: 'split', id: splitId, direction, ratio: 0.5, first: tree, second: added } : tree;
  }
  return { ...tree, first: splitPane(tree.first, at, direction, added, splitId), second: splitPane(tree.second, at, direction, added, splitId) };
}

/** Without the pane; its sibling takes the place. Null when it was the only one. */
export function closePane(tree: PaneTree, id: string): PaneTree | null {
  if (tree.type === 'pane') return tree.id === id ? null : tree;
  const first = closePane(tree.first, id);
  const second = closePane(tree.second, id);
  if (first === null) return second;
  if (second === null) return first;
  return { ...tree, first, second };
}

export function setRatio(tree: PaneTree, splitId: string, ratio: number): PaneTree {
  if (tree.type === 'pane') return tree;
  if (tree.id === splitId) return { ...tree, ratio };
  return { ...tree, first: setRatio(tree.first, splitId, ratio), second: setRatio(tree.second, splitId, ratio) };
}

/** Shows something else in one pane. */
export function replaceView(tree: PaneTree, id: string, view: ViewRef): PaneTree {
  if (tree.type === 'pane') return tree.id === id ? { ...tree, view } : tree;
  return { ...tree, first: replaceView(tree.first, id, view), second: replaceView(tree.second, id, view) };
}
