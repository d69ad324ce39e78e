/** The open tabs of every page and the panes in them. Saved in the window. */
import { defineStore } from 'pinia';
import { ref } from 'vue';
import { closePane, panesOf, replaceView, setRatio, splitPane, type Pane, type PaneTree, type Split, type ViewRef } from './paneTree.ts';
import { keepSaved, readSaved } from './saved.ts';

export interface Tab {
  readonly id: string;
  readonly root: PaneTree;
  /** Pane that has the focus, or had it last. */
  readonly focused: string;
}
export interface PageTabs {
  readonly tabs: readonly Tab[];
  readonly active: string | null;
}

const NO_TABS: PageTabs = { tabs: [], active: null };

export const useTabsStore = defineStore('tabs', () => {
  const pages = ref<Record<string, PageTabs>>(readSaved<{ pages: Record<string, PageTabs> }>('tabs', { pages: {} }).pages);
  keepSaved('tabs', () => ({ pages: pages.value }));
  let lastId = Math.max(0, ...Object.values(pages.value).flatMap(idsOf));

  const newId = () => String(++lastId);
  const newPane = (view: ViewRef): Pane => ({ type: 'pane', id: newId(), view });
  const ofPage = (page: string): PageTabs => pages.value[page] ?? NO_TABS;

  function set(page: string, next: PageTabs): void {
    pages.value = { ...pages.value, [page]: next };
  }

  function change(page: string, tabId: string, turn: (tab: Tab) => Tab): void {
    const { tabs, active } = ofPage(page);
    set(page, { tabs: tabs.map((tab) => (tab.id === tabId ? turn(tab) : tab)), active });
  }

  function activeTab(page: string): Tab | undefined {
    const { tabs, active } = ofPage(page);
    return tabs.find((tab) => tab.id === active);
  }

  function focusedPane(page: string): Pane | undefined {
    const tab = activeTab(page);
    return tab && panesOf(tab.root).find((pane) => pane.id === tab.focused);
  }

  /** Goes to the pane that shows this, wherever it is; opens a tab for it where there is none. */
  function open(page: string, view: ViewRef): void {
    const { tabs } = ofPage(page);
    for (const tab of tabs) {
      const pane = panesOf(tab.root).find((other) => isSame(other.view, view));
      if (!pane) continue;
      set(page, { tabs: tabs.map((other) => (other.id === tab.id ? { ...other, focused: pane.id } : other)), active: tab.id });
      return;
    }
    const pane = newPane(view);
    const tab: Tab = { id: newId(), root: pane, focused: pane.id };
    set(page, { tabs: [...tabs, tab], active: tab.id });
  }

  /** Opens the view beside or below the focused pane of the active tab. */
  function openBeside(page: string, view: ViewRef, direction: Split['direction'] = 'row'): void {
    const tab = activeTab(page);
    if (!tab) {
      open(page, view);
      return;
    }
    const pane = newPane(view);
    change(page, tab.id, (old) => ({ ...old, root: splitPane(old.root, old.focused, direction, pane, newId()), focused: pane.id }));
  }

  function activate(page: string, tabId: string): void {
    set(page, { ...ofPage(page), active: tabId });
  }

  /** The tab at its right, else at its left, becomes active. */
  function close(page: string, tabId: string): void {
    const { tabs, active } = ofPage(page);
    const at = tabs.findIndex((tab) => tab.id === tabId);
    const rest = tabs.filter((tab) => tab.id !== tabId);
    set(page, { tabs: rest, active: active === tabId ? (rest[Math.min(at, rest.length - 1)]?.id ?? null) : active });
  }

  function closePaneOf(page: string, paneId: string): void {
    const tab = ofPage(page).tabs.find((other) => panesOf(other.root).some((pane) => pane.id === paneId));
    if (!tab) return;
    const root = closePane(tab.root, paneId);
    if (root === null) close(page, tab.id);
    else change(page, tab.id, () => ({ ...tab, root, focused: panesOf(root)[0]!.id }));
  }

  /** Closes every pane that shows something for which `gone` holds: a deleted connection, a removed node. */
  function closeWhere(page: string, gone: (view: ViewRef) => boolean): void {
    for (const tab of ofPage(page).tabs) {
      for (const pane of panesOf(tab.root)) if (gone(pane.view)) closePaneOf(page, pane.id);
    }
  }

  function focusPane(page: string, tabId: string, paneId: string): void {
    change(page, tabId, (tab) => (tab.focused === paneId ? tab : { ...tab, focused: paneId }));
  }

  function resize(page: string, tabId: string, splitId: string, ratio: number): void {
    change(page, tabId, (tab) => ({ ...tab, root: setRatio(tab.root, splitId, ratio) }));
  }

  function replace(page: string, paneId: string, view: ViewRef): void {
    const { tabs, active } = ofPage(page);
    set(page, { tabs: tabs.map((tab) => ({ ...tab, root: replaceView(tab.root, paneId, view) })), active });
  }

  return { pages, ofPage, activeTab, focusedPane, open, openBeside, activate, close, closePane: closePaneOf, closeWhere, focusPane, resize, replace };
});

function isSame(a: ViewRef, b: ViewRef): boolean {
  return a.view === b.view && a.key === b.key;
}

function idsOf(page: PageTabs): readonly number[] {
  const inTree = (tree: PaneTree): readonly string[] => (tree.type === 'pane' ? [tree.id] : [tree.id, ...inTree(tree.first), ...inTree(tree.second)]);
  return page.tabs.flatMap((tab) => [tab.id, ...inTree(tab.root)]).map(Number).filter(Number.isFinite);
}
