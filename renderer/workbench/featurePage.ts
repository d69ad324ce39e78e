/**
 * workbench/: the frame of the window: activity bar, sidebar, tabs and panes, panel, inspector, status bar, palette, keys.
 * It knows pages only through `FeaturePage`; renderer/pages.ts lists them. May import: ui, lib, stores, host. Must not: features.
 *
 * To add a page, write `features/<subject>/index.ts` that exports one FeaturePage, and list it in renderer/pages.ts:
 *
 *   export const accessPage: FeaturePage = {
 *     id: 'access', icon: 'acl', titleKey: 'access.title', order: 3,
 *     home: { view: 'access.rules', key: 'rules', params: {} },      // what the page shows before anything was opened
 *     views: { 'access.rules': { component: AclEditor, icon: 'acl', title: (_, t) => t('access.rules'), closable: false } },
 *     sidebar: AccessSidebar,                                        // rows of class bb-row in sections of class bb-section
 *     panels: [{ id: 'access.problems', titleKey: 'access.problems', component: ProblemsPanel, badge: () => … }],
 *     inspector: RuleInspector,
 *     commands: () => [{ id: 'access.save', titleKey: 'access.save', icon: 'acl', keys: ['Mod+S'], run: () => useAclStore().save() }],
 *     load: () => useAclStore().load(),                              // at start and after every reconnection to the host
 *   };
 *
 * `commands`, `title`, `badge`, `when` and the like run inside computed values with Pinia active: they may call `useXStore()`
 * and follow what they read. Opening views: `useTabsStore().open(page, ref)`; panel: `useLayoutStore().showPanel(id)`;
 * words to the reader: `useNoticesStore()`. Texts: lib/i18n/{en,zh}/<subject>.ts. Only what works is shown: no dead buttons.
 */
import type { Component } from 'vue';
import type { BbIconName } from '../ui/icons.ts';
import type { Tone } from '../ui/tone.ts';
import type { Command } from './commands.ts';
import type { ViewRef } from './paneTree.ts';

/** Kinds of things that pages show for each other (workbench/opener.ts). */
export type ThingKind = 'client' | 'aclRule' | 'explain' | 'node';

/** Translates a key; what vue-i18n's `t` does. */
export type Translate = (key: string, values?: Record<string, unknown>) => string;

/** A kind of thing that can be a tab or a pane of one. */
export interface ViewType {
  /** Gets the props `params: Record<string, string>`, `paneId: string` and `focused: boolean`. */
  readonly component: Component;
  readonly icon: BbIconName;
  readonly title: (params: Readonly<Record<string, string>>, t: Translate) => string;
  /** True unless said otherwise. */
  readonly closable?: boolean;
  readonly dirty?: (params: Readonly<Record<string, string>>) => boolean;
  /** The view draws its own head with the copper bar when focused; else the frame gives it one where a tab has several panes. */
  readonly ownHead?: boolean;
  /** May be split beside itself. False unless said otherwise. */
  readonly splittable?: boolean;
}

export interface PanelTab {
  readonly id: string;
  readonly titleKey: string;
  readonly component: Component;
  readonly badge?: () => { readonly text: string; readonly tone: Tone } | undefined;
  /** Present on every page, not only on its own. */
  readonly everywhere?: boolean;
}

/** What the palette offers for a prefix: `@` clients, `#` topics, `:` rules; without a prefix, things by name. */
export interface PaletteSource {
  readonly prefix: '' | '@' | '#' | ':';
  readonly items: () => readonly PaletteItem[];
}

export interface PaletteItem {
  readonly id: string;
  readonly title: string;
  readonly icon: BbIconName;
  /** Dim, at the right: where the thing is. */
  readonly context?: string | undefined;
  run(): void | Promise<void>;
}

export interface FeaturePage {
  /** Also its address: `#/cluster`. */
  readonly id: string;
  readonly icon: BbIconName;
  readonly titleKey: string;
  /** Place in the activity bar; from 100 on at its foot. */
  readonly order: number;
  /** Opened when the page has no tabs. */
  readonly home: ViewRef;
  /** By the name that ViewRef.view says. Names begin with the page's id. */
  readonly views: Readonly<Record<string, ViewType>>;
  /** Body of the sidebar below the page's heading; without one the page has no sidebar. */
  readonly sidebar?: Component;
  /** Icon buttons at the right of the heading. */
  readonly sidebarActions?: Component;
  /** Icon buttons at the right of the tab strip. */
  readonly tabActions?: Component;
  readonly panels?: readonly PanelTab[];
  readonly inspector?: Component;
  /** Whether the inspector has something to show; a narrow window gives its room to the panes while it has not. */
  readonly inspects?: () => boolean;
  /** Bar below the panel for changes that wait to be applied; draws nothing while there are none. */
  readonly staged?: Component;
  /** Items at the left of the status bar on every page: the workspace. */
  readonly statusWorkspace?: Component;
  /** Items at the right of the status bar while this page is shown: the focused pane. */
  readonly statusPane?: Component;
  readonly commands?: () => readonly Command[];
  readonly palette?: readonly PaletteSource[];
  /** Things this page shows when another one asks (workbench/opener.ts): it gets the id and opens or selects it. */
  readonly opens?: Partial<Record<ThingKind, (id: string) => void>>;
  /** Takes the whole page, without sidebar, tabs, panel and inspector, while `when` holds: first run. */
  readonly cover?: { readonly when: () => boolean; readonly component: Component };
  /** Reads what the page needs from the host. */
  readonly load?: () => Promise<void>;
}
