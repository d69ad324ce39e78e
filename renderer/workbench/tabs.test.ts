import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';
import { nextTick } from 'vue';
import { panesOf, type ViewRef } from './paneTree.ts';
import { useTabsStore } from './tabs.ts';

const view = (key: string): ViewRef => ({ view: 'clients.pane', key, params: { id: key } });

describe('tabs', () => {
  beforeEach(() => {
    localStorage.clear();
    setActivePinia(createPinia());
  });
  const keys = () => {
    const tabs = useTabsStore();
    return tabs.ofPage('clients').tabs.map((tab) => panesOf(tab.root).map((pane) => pane.view.key));
  };

  it('open once per thing and go there the second time', () => {
    const tabs = useTabsStore();
    tabs.open('clients', view('a'));
    tabs.open('clients', view('b'));
    tabs.open('clients', view('a'));
    expect(keys()).toEqual([['a'], ['b']]);
    expect(tabs.focusedPane('clients')?.view.key).toBe('a');
  });
  it('split the focused pane and find panes inside splits', () => {
    const tabs = useTabsStore();
    tabs.open('clients', view('a'));
    tabs.openBeside('clients', view('b'));
    tabs.open('clients', view('c'));
    tabs.open('clients', view('b'));
    expect(keys()).toEqual([['a', 'b'], ['c']]);
    expect(tabs.focusedPane('clients')?.view.key).toBe('b');
  });
  it('activate the neighbour when closed', () => {
    const tabs = useTabsStore();
    for (const key of ['a', 'b', 'c']) tabs.open('clients', view(key));
    tabs.activate('clients', tabs.ofPage('clients').tabs[1]!.id);
    tabs.close('clients', tabs.activeTab('clients')!.id);
    expect([keys(), tabs.focusedPane('clients')?.view.key]).toEqual([[['a'], ['c']], 'c']);
    tabs.close('clients', tabs.activeTab('clients')!.id);
    tabs.close('clients', tabs.activeTab('clients')!.id);
    expect(tabs.ofPage('clients')).toEqual({ tabs: [], active: null });
  });
  it('close every pane of a thing that is gone', () => {
    const tabs = useTabsStore();
    tabs.open('clients', view('a'));
    tabs.openBeside('clients', view('gone'));
    tabs.open('clients', { ...view('gone'), view: 'clients.settings' });
    tabs.closeWhere('clients', ({ key }) => key === 'gone');
    expect(keys()).toEqual([['a']]);
  });
  it('are there again after a reload, and new ids do not collide with old ones', async () => {
    useTabsStore().open('clients', view('a'));
    await nextTick();
    setActivePinia(createPinia());
    const tabs = useTabsStore();
    tabs.open('clients', view('b'));
    expect(keys()).toEqual([['a'], ['b']]);
    const ids = tabs.ofPage('clients').tabs.flatMap((tab) => [tab.id, tab.focused]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
