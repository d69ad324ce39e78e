import { describe, expect, it } from 'vitest';
import { isKey, isTyping, printKey, usableKey } from './keys.ts';

const linux = { mac: false, browser: false };
const mac = { mac: true, browser: false };
const press = (init: KeyboardEventInit) => new KeyboardEvent('keydown', init);

describe('keys', () => {
  it('are recognised with exactly their modifiers', () => {
    expect(isKey(press({ key: 'P', ctrlKey: true, shiftKey: true }), 'Mod+Shift+P', linux)).toBe(true);
    expect(isKey(press({ key: 'p', ctrlKey: true }), 'Mod+P', linux)).toBe(true);
    expect(isKey(press({ key: 'p', ctrlKey: true, altKey: true }), 'Mod+P', linux)).toBe(false);
    expect(isKey(press({ key: 'p', metaKey: true }), 'Mod+P', linux)).toBe(false);
    expect(isKey(press({ key: 'p', metaKey: true }), 'Mod+P', mac)).toBe(true);
    expect(isKey(press({ key: 'F6' }), 'F6', linux)).toBe(true);
  });
  it('are printed as on the keyboard', () => {
    expect([printKey('Mod+Shift+P', linux), printKey('Mod+Shift+P', mac), printKey(undefined, linux)]).toEqual(['Ctrl Shift P', '⌘ ⇧ P', undefined]);
  });
  it('leave to the browser what is its own', () => {
    expect(usableKey(['Mod+N', 'Alt+N'], linux)).toBe('Mod+N');
    expect(usableKey(['Mod+N', 'Alt+N'], { ...linux, browser: true })).toBe('Alt+N');
    expect(usableKey(['Mod+W'], { ...linux, browser: true })).toBeUndefined();
  });
  it('know when somebody types', () => {
    document.body.innerHTML = '<input id="a"><button id="b"></button>';
    expect(['a', 'b'].map((id) => isTyping(document.getElementById(id)))).toEqual([true, false]);
  });
});
