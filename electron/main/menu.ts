/** The application menu: the system's own items by role, ours as commands to the page. */
import type { MenuItemConstructorOptions } from 'electron';
import type { WindowCommand } from '../contract/workbench.ts';
import type { ShellText } from './menuText.ts';

const WEBSITE = 'https://busbar.example';

export interface MenuActions {
  readonly command: (command: WindowCommand) => void;
  readonly openProject: () => void;
  readonly openWebsite: (address: string) => void;
}

export interface MenuOptions {
  readonly text: ShellText;
  readonly platform: NodeJS.Platform;
  /** Developer tools and reload, where the program does not run from a package. */
  readonly developer: boolean;
}

type Items = MenuItemConstructorOptions[];

export function menuTemplate(options: MenuOptions, actions: MenuActions): Items {
  const { text, platform } = options;
  const mac = platform === 'darwin';
  const command = (label: string, accelerator: string | undefined, name: WindowCommand['command']) => ({
    label,
    ...(accelerator === undefined ? {} : { accelerator }),
    // The page takes the key itself, as it does in a browser; the menu only shows it. (macOS asks the menu first.)
    registerAccelerator: false,
    click: () => actions.command({ command: name }),
  });
  const settings = command(text.settings, undefined, 'workbench.goTo.settings');
  const file: Items = [
    { label: text.openProject, accelerator: 'CmdOrCtrl+O', click: actions.openProject },
    { type: 'separator' },
    ...(mac ? [] : [settings, { type: 'separator' } as const]),
    mac ? { role: 'close', accelerator: 'Cmd+Shift+W' } : { role: 'quit' },
  ];
  const view: Items = [
    command(text.cluster, 'Alt+1', 'workbench.goTo.cluster'),
    command(text.clients, 'Alt+2', 'workbench.goTo.clients'),
    command(text.access, 'Alt+3', 'workbench.goTo.access'),
    { type: 'separator' },
    command(text.palette, 'CmdOrCtrl+P', 'workbench.palette'),
    command(text.sidebar, 'CmdOrCtrl+B', 'workbench.toggleSidebar'),
    command(text.panel, 'CmdOrCtrl+J', 'workbench.togglePanel'),
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'togglefullscreen' },
    ...(options.developer ? ([{ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' }] as const) : []),
  ];
  return [
    ...(mac ? [appMenu(settings)] : []),
    { label: text.file, submenu: file },
    { label: text.edit, submenu: editItems() },
    { label: text.view, submenu: view },
    // Not the role `windowMenu`: its Close takes the key that closes a tab of ours.
    { label: text.window, submenu: [{ role: 'minimize' }, { role: 'zoom' }, ...(mac ? ([{ type: 'separator' }, { role: 'front' }] as const) : [])] },
    { label: text.help, role: 'help', submenu: [{ label: text.website, click: () => actions.openWebsite(WEBSITE) }] },
  ];
}

/** macOS shows the application's own menu first and expects these items in it. */
function appMenu(settings: MenuItemConstructorOptions): MenuItemConstructorOptions {
  return {
    role: 'appMenu',
    submenu: [
      { role: 'about' },
      { type: 'separator' },
      settings,
      { type: 'separator' },
      { role: 'services' },
      { type: 'separator' },
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      { type: 'separator' },
      { role: 'quit' },
    ],
  };
}

function editItems(): Items {
  return [
    { role: 'undo' },
    { role: 'redo' },
    { type: 'separator' },
    { role: 'cut' },
    { role: 'copy' },
    { role: 'paste' },
    { role: 'delete' },
    { type: 'separator' },
    { role: 'selectAll' },
  ];
}
