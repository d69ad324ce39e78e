import type { MenuItemConstructorOptions } from 'electron';
import { appParts } from './app.ts';
import { strict } from './strict.ts';

/** A menu is kept as the tree it was built from; the harness clicks by path. */
export class MenuDouble {
  items: MenuItemConstructorOptions[];
  constructor(items: MenuItemConstructorOptions[] = []) {
    this.items = items;
  }
  static buildFromTemplate(template: MenuItemConstructorOptions[]): MenuDouble {
    return new MenuDouble(check(template));
  }
  static setApplicationMenu(menu: MenuDouble | null): void {
    menuState.application = menu;
  }
  static getApplicationMenu(): MenuDouble | null {
    return menuState.application;
  }
}

export const menuState: { application: MenuDouble | null } = { application: null };
appParts.reset.push(() => {
  menuState.application = null;
});
export const Menu = strict('Menu', MenuDouble);

/** Electron throws for an item that has neither label nor role, and two items on one accelerator are a mistake of ours. */
function check(template: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  const seen = new Set<string>();
  const visit = (items: readonly MenuItemConstructorOptions[]) => {
    for (const item of items) {
      if (!item.label && !item.role && item.type !== 'separator') throw new Error('a menu item needs a label, a role or to be a separator');
      const key = item.accelerator;
      if (typeof key === 'string') {
        if (seen.has(key)) throw new Error(`two menu items share ${key}`);
        seen.add(key);
      }
      if (Array.isArray(item.submenu)) visit(item.submenu);
    }
  };
  visit(template);
  return template;
}

/** The item at `File/Settings`. */
export function menuItem(path: string): MenuItemConstructorOptions {
  let items = menuState.application?.items ?? [];
  let found: MenuItemConstructorOptions | undefined;
  for (const label of path.split('/')) {
    found = items.find((item) => item.label === label || item.role === label);
    if (!found) throw new Error(`no menu item ${label} of ${path}; there are: ${items.map((item) => item.label ?? item.role ?? '-').join(', ')}`);
    items = Array.isArray(found.submenu) ? found.submenu : [];
  }
  return found ?? {};
}
