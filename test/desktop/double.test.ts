import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import * as double from './harness/double/electron.ts';
import { BrowserWindow } from './harness/double/browserWindow.ts';
import { WebContentsDouble } from './harness/double/webContents.ts';
import { decodeTagged, encodeTagged } from './harness/tagged.ts';

/** What the double keeps for itself and for the tests; the application has no business with it, and its types do not know it. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  app: ['ready', 'isReadyNow', 'quitting', 'paths', 'protocolClients', 'becomeReady', 'reset'],
  ipcMain: ['handlers'],
  BrowserWindow: ['options', 'bounds', 'visible', 'maximized', 'minimized', 'focusCount', 'destroyed', 'overlay', 'tryClose', 'destroyAsync'],
  WebContents: ['destroyed', 'page', 'current', 'url', 'loading', 'queue', 'openHandler', 'preload', 'self', 'open', 'destroy', 'fromPage', 'answer', 'mayNavigate', 'receiveFrom', 'closePage'],
  Session: ['requestHandler', 'checkHandler', 'deviceHandler'],
};

/** Members of every class and interface in electron.d.ts, and the names main may import. */
const declared = new Map<string, Set<string>>();
const mainNames = new Set<string>();

beforeAll(() => {
  const file = join(dirname(createRequire(import.meta.url).resolve('electron/package.json')), 'electron.d.ts');
  const visit = (node: ts.Node): void => {
    if ((ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) && node.name) {
      const members = declared.get(node.name.text) ?? new Set();
      for (const member of node.members) if (member.name && ts.isIdentifier(member.name)) members.add(member.name.text);
      declared.set(node.name.text, members);
    }
    if (ts.isModuleDeclaration(node) && ['Main', 'Common'].includes(node.name.text) && node.body && ts.isModuleBlock(node.body)) {
      for (const statement of node.body.statements) {
        if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) mainNames.add(name.getText());
        if (ts.isClassDeclaration(statement) && statement.name) mainNames.add(statement.name.text);
      }
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
});

/** Own and inherited names up to EventEmitter, whose methods Electron's emitters share. */
function namesOf(value: object): string[] {
  const names = new Set<string>();
  for (let part: object | null = value; part && part !== Object.prototype && part.constructor?.name !== 'EventEmitter'; part = Object.getPrototypeOf(part) as object | null) {
    for (const name of Object.getOwnPropertyNames(part)) names.add(name);
  }
  return [...names].filter((name) => name !== 'constructor' && !name.startsWith('_'));
}

describe('the double of electron', () => {
  it('exports only what electron exports', () => {
    expect(Object.keys(double).filter((name) => !mainNames.has(name))).toEqual([]);
  });

  it.each([
    ['app', 'App', () => double.app],
    ['crashReporter', 'CrashReporter', () => double.crashReporter],
    ['dialog', 'Dialog', () => double.dialog],
    ['ipcMain', 'IpcMain', () => double.ipcMain],
    ['nativeTheme', 'NativeTheme', () => double.nativeTheme],
    ['net', 'Net', () => double.net],
    ['protocol', 'Protocol', () => double.protocol],
    ['screen', 'Screen', () => double.screen],
    ['shell', 'Shell', () => double.shell],
    ['Session', 'Session', () => double.session.defaultSession],
    ['BrowserWindow', 'BrowserWindow', () => BrowserWindow.prototype],
    ['WebContents', 'WebContents', () => WebContentsDouble.prototype],
  ])('%s has only members that Electron declares', (name, type, value) => {
    const known = new Set([...(declared.get(type) ?? []), ...(declared.get('BaseWindow') ?? []), ...(OWN[name] ?? [])]);
    expect(declared.has(type)).toBe(true);
    expect(namesOf(value()).filter((member) => !known.has(member) && !/^(domain|events)$/.test(member))).toEqual([]);
  });

  it('throws for an API it lacks instead of being undefined', () => {
    expect(() => (double.app as unknown as { getAppMetrics(): void }).getAppMetrics()).toThrow('the double has no electron app.getAppMetrics');
    expect(() => (double.shell as unknown as { beep(): void }).beep()).toThrow('the double has no electron shell.beep');
  });

  it('refuses what Electron refuses before it is ready, and insecure windows always', () => {
    expect(() => double.utilityProcess.fork('/x.js')).toThrow(/ready/);
    expect(() => new double.BrowserWindow({})).toThrow(/before app is ready/);
    double.app.becomeReady();
    expect(() => new double.BrowserWindow({ webPreferences: { contextIsolation: true, sandbox: true } })).toThrow(/insecure/);
  });

  it('carries what a structured clone carries, and refuses what it refuses', () => {
    const value = {
      ...{ nothing: undefined, none: null, big: 12n, nan: Number.NaN, date: new Date(5), list: [1, [2, undefined]], $: 'not a tag' },
      ...{ bytes: new Uint8Array([0, 255]), map: new Map([['a', new Set([1])]]), text: 'Grüße 世界 \u0000' },
    };
    expect(decodeTagged(encodeTagged(value))).toEqual(value);
    expect(() => encodeTagged({ run: () => 1 })).toThrow(/could not be cloned/);
  });
});
