/** The small parts: shell, dialog, nativeTheme, screen, crashReporter. */
import { EventEmitter } from 'node:events';
import { DISPLAY, world, type DialogAnswer } from '../world.ts';
import { appParts } from './app.ts';
import { strict } from './strict.ts';

export const shell = strict('shell', {
  openExternal(address: string): Promise<void> {
    world.openedOutside.push(address);
    return Promise.resolve();
  },
});

/** Dialogs take what the test queued. One nobody expected is a fault: a real one would hang the application. */
function show(kind: DialogAnswer['kind'], args: readonly unknown[]): unknown {
  const options = args.at(-1);
  world.dialogsShown.push({ kind, options });
  const next = world.dialogAnswers.shift();
  if (next?.kind === kind) return next.answer;
  const problem = `unscripted dialog ${kind}: ${JSON.stringify(args.length > 1 && kind === 'showErrorBox' ? args : options)}`;
  world.problems.push(problem);
  throw new Error(problem);
}

export const dialog = strict('dialog', {
  showMessageBox: async (...args: unknown[]): Promise<unknown> => show('showMessageBox', args),
  showOpenDialog: async (...args: unknown[]): Promise<unknown> => show('showOpenDialog', args),
  showErrorBox: (title: string, content: string): void => void show('showErrorBox', [{ title, content }]),
});

class NativeThemeDouble extends EventEmitter {
  themeSource: 'system' | 'light' | 'dark' = 'system';
  get shouldUseDarkColors(): boolean {
    return this.themeSource === 'system' ? (world.options.dark ?? false) : this.themeSource === 'dark';
  }
  get shouldUseHighContrastColors(): boolean {
    return false;
  }
}
export const nativeThemeDouble = new NativeThemeDouble();
export const nativeTheme = strict('nativeTheme', nativeThemeDouble);
appParts.reset.push(() => {
  nativeThemeDouble.removeAllListeners();
  nativeThemeDouble.themeSource = 'system';
});

const displays = () => world.options.displays ?? [DISPLAY];
export const screen = strict('screen', {
  getAllDisplays: () => [...displays()],
  getPrimaryDisplay: () => displays()[0] ?? DISPLAY,
});

export const crashReporter = strict('crashReporter', {
  start(options: { uploadToServer?: boolean }): void {
    if (options.uploadToServer !== false) throw new Error('the double: crash reports must stay on this machine');
  },
});
