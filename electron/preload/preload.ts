/**
 * preload/: gives our page one pipe to the workbench host, `window.busbar`, and nothing else.
 * Runs sandboxed in front of the page, bundled to one CommonJS file. May import: electron/contract. This file is all of it.
 */
import { contextBridge, ipcRenderer } from 'electron';
import { CHANNELS, TAKEN_EVERY } from '../contract/ipcChannels.ts';
import type { PreloadBridge } from '../contract/pipe.ts';

const listeners = new Set<(message: unknown) => void>();
let taken = 0;

ipcRenderer.on(CHANNELS.message, (_event, message: unknown) => {
  for (const listener of [...listeners]) listener(message);
  taken += 1;
  if (taken < TAKEN_EVERY) return;
  ipcRenderer.send(CHANNELS.taken, taken);
  taken = 0;
});

const bridge: PreloadBridge = {
  postMessage: (message) => ipcRenderer.send(CHANNELS.message, message),
  onMessage: (listener) => {
    // Wrapped, so that the same function registered twice counts twice and is undone once each.
    const entry = (message: unknown) => listener(message);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  },
};
contextBridge.exposeInMainWorld('busbar', bridge);
ipcRenderer.send(CHANNELS.open);
