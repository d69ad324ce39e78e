import { EventEmitter } from 'node:events';
import { appParts } from './app.ts';
import { strict } from './strict.ts';

class IpcMainDouble extends EventEmitter {
  handlers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>();

  handle(channel: string, handler: (event: unknown, ...args: unknown[]) => unknown): void {
    if (this.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.handlers.set(channel, handler);
  }
  removeHandler(channel: string): void {
    this.handlers.delete(channel);
  }
}

export const ipcMainDouble = new IpcMainDouble();
export const ipcMain = strict('ipcMain', ipcMainDouble);
appParts.reset.push(() => {
  ipcMainDouble.removeAllListeners();
  ipcMainDouble.handlers.clear();
});
