/**
 * The double of the module `electron` for the main process: what register.ts puts in its place. Windows are pages in a
 * real Chromium (world.ts). What Electron has and this lacks throws at the first touch; names are compared with
 * electron.d.ts by double.test.ts.
 */
export { app } from './app.ts';
export { BrowserWindow } from './browserWindow.ts';
export { crashReporter, dialog, nativeTheme, screen, shell } from './desktop.ts';
export { ipcMain } from './ipcMain.ts';
export { Menu } from './menu.ts';
export { net, protocol } from './protocol.ts';
export { session } from './session.ts';
export { utilityProcess } from './utilityProcess.ts';
