/** Key combinations: how they are written in code (`Mod+Shift+P`), recognised in events, and printed for people. */

export interface KeyPlatform {
  readonly mac: boolean;
  /** In a browser tab some combinations never reach the page. */
  readonly browser: boolean;
}

/** Taken by the browser itself; a command that uses one needs a second combination. */
const BROWSER_OWN = new Set(['Mod+N', 'Mod+T', 'Mod+W', 'Mod+Shift+N', 'Mod+Shift+T', 'Mod+Shift+W', 'Mod+Tab', 'Mod+R', ...'123456789'.split('').map((digit) => `Mod+${digit}`)]);

/** The combination that works here: the first that the browser leaves to us. */
export function usableKey(keys: readonly string[] | undefined, platform: KeyPlatform): string | undefined {
  return keys?.find((combination) => !platform.browser || !BROWSER_OWN.has(combination));
}

/** Whether the event is this combination. Letters by what they print, everything else by name. */
export function isKey(event: KeyboardEvent, combination: string, platform: KeyPlatform): boolean {
  const parts = combination.split('+');
  const key = parts.at(-1) ?? '';
  const mod = platform.mac ? event.metaKey : event.ctrlKey;
  const otherMod = platform.mac ? event.ctrlKey : event.metaKey;
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    mod === parts.includes('Mod') &&
    otherMod === false &&
    event.altKey === parts.includes('Alt') &&
    event.shiftKey === parts.includes('Shift')
  );
}

const MAC_SIGNS: Readonly<Record<string, string>> = { Mod: '⌘', Shift: '⇧', Alt: '⌥', Enter: '⏎', Escape: 'esc' };
const OTHER_NAMES: Readonly<Record<string, string>> = { Mod: 'Ctrl', Escape: 'Esc', Delete: 'Del', ArrowUp: '↑', ArrowDown: '↓' };

/** As printed on keys: `Ctrl Shift P`, on a Mac `⌘ ⇧ P`. */
export function printKey(combination: string | undefined, platform: KeyPlatform): string | undefined {
  if (combination === undefined) return undefined;
  const names = platform.mac ? MAC_SIGNS : OTHER_NAMES;
  return combination
    .split('+')
    .map((part) => names[part] ?? part)
    .join(' ');
}

/** Whether plain letters belong to the focused thing and must not be taken as shortcuts. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select, .monaco-editor *'));
}

export function currentPlatform(): KeyPlatform {
  return { mac: /mac/i.test(navigator.platform), browser: !('busbar' in window) };
}
