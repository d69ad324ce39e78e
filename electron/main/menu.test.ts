import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import type { WindowCommand } from '../contract/workbench.ts';
import { menuTemplate } from './menu.ts';
import { shellText } from './menuText.ts';

function built(platform: NodeJS.Platform, language: 'en' | 'zh-CN' = 'en', developer = false) {
  const commands: WindowCommand[] = [];
  const actions = { command: (command: WindowCommand) => void commands.push(command), openProject: () => {}, openWebsite: () => {} };
  return { commands, template: menuTemplate({ text: shellText(language, 'en'), platform, developer }, actions) };
}

function flat(items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])]);
}

describe('the application menu', () => {
  it('sends each of its commands once', () => {
    const { commands, template } = built('linux');
    for (const item of flat(template)) if (item.click && item.label !== 'Busbar on the Web') (item.click as () => void)();
    expect(commands.map(({ command }) => command).toSorted()).toEqual([
      ...['workbench.goTo.access', 'workbench.goTo.clients', 'workbench.goTo.cluster', 'workbench.goTo.settings'],
      ...['workbench.palette', 'workbench.togglePanel', 'workbench.toggleSidebar'],
    ]);
  });

  it('gives no accelerator twice', () => {
    const keys = flat(built('linux').template).flatMap((item) => (item.accelerator ? [item.accelerator] : []));
    expect(keys).toHaveLength(new Set(keys).size);
  });

  it('begins with the application menu on macOS, where settings and quit live', () => {
    const { template } = built('darwin');
    expect(template[0]?.role).toBe('appMenu');
    expect(flat(template).filter((item) => item.role === 'quit')).toHaveLength(1);
    expect(flat(template).filter((item) => item.label === 'Settings')).toHaveLength(1);
  });

  it('offers developer tools only where asked', () => {
    expect(flat(built('linux').template).some((item) => item.role === 'toggleDevTools')).toBe(false);
    expect(flat(built('linux', 'en', true).template).some((item) => item.role === 'toggleDevTools')).toBe(true);
  });

  it('speaks Chinese: no label is left in English', () => {
    const english = new Set(flat(built('linux').template).map((item) => item.label).filter(Boolean));
    const chinese = flat(built('linux', 'zh-CN').template).map((item) => item.label).filter(Boolean);
    expect(chinese).toHaveLength(english.size);
    expect(chinese.filter((label) => english.has(label))).toEqual([]);
  });
});

describe('the language of the shell', () => {
  it.each([
    ['system', 'zh-TW', '文件'],
    ['system', 'de-DE', 'File'],
    ['en', 'zh-CN', 'File'],
    ['zh-CN', 'en-US', '文件'],
  ] as const)('%s on a %s system says %s', (choice, locale, word) => expect(shellText(choice, locale).file).toBe(word));
});
