import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { world } from '../world.ts';
import { preventable, strict } from './strict.ts';

/** What `app` needs to know of windows and children, registered by them: imports in the other direction would be a cycle. */
export const appParts = { closeWindows: async (): Promise<boolean> => true, liveChildren: (): number[] => [], endChildren: (): void => {}, reset: [] as (() => void)[] };

class AppDouble extends EventEmitter {
  ready = Promise.withResolvers<void>();
  isReadyNow = false;
  quitting = false;
  paths = new Map<string, string>();
  protocolClients: string[] = [];
  name = 'busbar';

  whenReady(): Promise<void> {
    return this.ready.promise;
  }
  isReady(): boolean {
    return this.isReadyNow;
  }
  get isPackaged(): boolean {
    return world.options.packaged ?? false;
  }
  requestSingleInstanceLock(): boolean {
    return world.options.firstInstance ?? true;
  }
  getPath(name: string): string {
    return this.paths.get(name) ?? (name === 'userData' ? world.options.userData : join(world.options.userData, name));
  }
  setPath(name: string, path: string): void {
    if (this.isReadyNow) throw new Error('the double: setPath after ready comes too late for the real thing');
    this.paths.set(name, path);
  }
  getAppPath(): string {
    return world.options.appPath;
  }
  getVersion(): string {
    return (JSON.parse(readFileSync(join(world.options.appPath, 'package.json'), 'utf8')) as { version: string }).version;
  }
  getName(): string {
    return this.name;
  }
  setName(name: string): void {
    this.name = name;
  }
  getLocale(): string {
    if (!this.isReadyNow) throw new Error('the double: getLocale is empty before ready');
    return world.options.locale ?? 'en-US';
  }
  setAsDefaultProtocolClient(scheme: string): boolean {
    this.protocolClients.push(scheme);
    return true;
  }
  setAppUserModelId(): void {}
  focus(): void {}

  quit(): void {
    if (this.quitting) return;
    const before = preventable({});
    this.emit('before-quit', before);
    if (before.defaultPrevented) return;
    this.quitting = true;
    void appParts.closeWindows().then((allClosed) => {
      if (!allClosed) {
        this.quitting = false; // a window refused to close: the quit is off
        return;
      }
      const will = preventable({});
      this.emit('will-quit', will);
      if (!will.defaultPrevented) this.exit(0);
      else this.quitting = false;
    });
  }

  /** Ends at once, without asking anybody. The process of the test lives on. */
  exit(code = 0): void {
    if (world.exitCode !== null) return;
    world.childrenAtExit = appParts.liveChildren();
    world.exitCode = code;
    this.emit('quit', {}, code);
    appParts.endChildren(); // a utility process ends with the application
    world.emit('exit', code);
  }

  /** For the harness: the moment Electron is ready. */
  becomeReady(): void {
    this.isReadyNow = true;
    this.emit('will-finish-launching');
    this.emit('ready', {}, {});
    this.ready.resolve();
  }

  reset(): void {
    this.removeAllListeners();
    this.ready = Promise.withResolvers<void>();
    this.isReadyNow = false;
    this.quitting = false;
    this.paths.clear();
    this.protocolClients = [];
    for (const part of appParts.reset) part();
  }
}

export const appDouble = new AppDouble();
export const app = strict('app', appDouble);
