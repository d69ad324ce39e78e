/** The frame's own commands: palette, areas, theme, going to pages, closing and splitting. */
import type { Router } from 'vue-router';
import type { ThemeChoice } from '../lib/appearance.ts';
import { useSettingsStore } from '../stores/settings.ts';
import { walkAreas } from './areas.ts';
import type { Command } from './commands.ts';
import type { FeaturePage } from './featurePage.ts';
import { useLayoutStore } from './layout.ts';
import { useNavigationStore } from './navigation.ts';
import { usePaletteStore } from './paletteState.ts';
import { viewType } from './pageRegistry.ts';
import { useTabsStore } from './tabs.ts';

const THEMES: readonly ThemeChoice[] = ['system', 'light', 'dark', 'contrast'];

export function frameCommands(pages: readonly FeaturePage[], router: Router): () => readonly Command[] {
  const layout = useLayoutStore();
  const navigation = useNavigationStore();
  const palette = usePaletteStore();
  const settings = useSettingsStore();
  const tabs = useTabsStore();
  const lastFocus = new Map<string, HTMLElement>();
  const current = () => pages.find((page) => page.id === router.currentRoute.value.params['page']) ?? pages[0];
  const view = { contextKey: 'workbench.context.view' } as const;

  const split = (direction: 'row' | 'column') => {
    const page = current();
    const pane = page && tabs.focusedPane(page.id);
    if (page && pane) tabs.openBeside(page.id, pane.view, direction);
  };
  const canSplit = () => {
    const page = current();
    const pane = page && tabs.focusedPane(page.id);
    return pane !== undefined && viewType(pages, pane.view.view)?.splittable === true;
  };
  const closeTab = () => {
    const page = current();
    const pane = page && tabs.focusedPane(page.id);
    if (page && pane && viewType(pages, pane.view.view)?.closable !== false) tabs.closePane(page.id, pane.id);
  };
  const nextTheme = () => {
    const next = THEMES[(THEMES.indexOf(settings.settings.theme) + 1) % THEMES.length];
    return next ? settings.change({ theme: next }) : undefined;
  };

  const fixed: readonly Command[] = [
    { id: 'workbench.palette', titleKey: 'workbench.commands.palette', icon: 'search', keys: ['Mod+P'], hidden: true, run: () => palette.open() },
    { id: 'workbench.commands', titleKey: 'workbench.commands.commands', icon: 'search', keys: ['Mod+Shift+P', 'F1'], hidden: true, run: () => palette.open('> ') },
    { ...view, id: 'workbench.toggleSidebar', titleKey: 'workbench.toggle.sidebar', icon: 'sidebar', keys: ['Mod+B'], run: () => layout.toggle('sidebar') },
    { ...view, id: 'workbench.togglePanel', titleKey: 'workbench.toggle.panel', icon: 'panel', keys: ['Mod+J'], run: () => layout.toggle('panel') },
    { ...view, id: 'workbench.toggleInspector', titleKey: 'workbench.toggle.inspector', icon: 'inspector', keys: ['Mod+I'], run: () => layout.toggle('inspector') },
    { ...view, id: 'workbench.splitRight', titleKey: 'workbench.split.right', icon: 'splitRight', keys: ['Mod+\\'], when: canSplit, run: () => split('row') },
    { ...view, id: 'workbench.splitDown', titleKey: 'workbench.split.down', icon: 'splitDown', when: canSplit, run: () => split('column') },
    { ...view, id: 'workbench.closeTab', titleKey: 'workbench.commands.closeTab', icon: 'close', keys: ['Mod+W', 'Alt+W'], run: closeTab },
    { ...view, id: 'workbench.nextArea', titleKey: 'workbench.commands.nextArea', keys: ['F6'], run: () => walkAreas(1, lastFocus) },
    { ...view, id: 'workbench.previousArea', titleKey: 'workbench.commands.previousArea', keys: ['Shift+F6'], run: () => walkAreas(-1, lastFocus) },
    { ...view, id: 'workbench.theme', titleKey: 'workbench.commands.themeNext', icon: 'themeSystem', run: nextTheme },
  ];
  const goTo = pages.map((page, index): Command => ({
    id: `workbench.goTo.${page.id}`,
    titleKey: page.titleKey,
    icon: page.icon,
    contextKey: 'workbench.context.go',
    ...(index < 9 ? { keys: [`Alt+${index + 1}`] } : {}),
    run: () => navigation.go(page.id),
  }));
  return () => [...fixed, ...goTo];
}
