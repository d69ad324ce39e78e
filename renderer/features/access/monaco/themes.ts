/** Monaco's themes from our tokens, resolved when they are needed: Monaco takes hex only. */
import type * as MonacoApi from 'monaco-editor/editor.js';
import type { editor as MonacoEditor } from 'monaco-editor/editor.js';

type Monaco = typeof MonacoApi;
type ReadToken = (name: string) => string;

export const MONACO_THEME = 'busbar';

/** `#rgb`, `#rrggbb` or `#rrggbbaa` in the long form that Monaco takes. */
export function toHex(value: string): string {
  const text = value.trim();
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text);
  return short ? `#${short[1]}${short[1]}${short[2]}${short[2]}${short[3]}${short[3]}` : text;
}

function ruleOf(read: ReadToken, token: string, name: string, fontStyle?: string): MonacoEditor.ITokenThemeRule {
  return { token, foreground: toHex(read(name)).slice(1, 7), ...(fontStyle && { fontStyle }) };
}

/** The table of ui.md section 11. */
export function themeData(read: ReadToken, base: MonacoEditor.BuiltinTheme): MonacoEditor.IStandaloneThemeData {
  const color = (name: string): string => toHex(read(name));
  return {
    base,
    inherit: true,
    rules: [
      ruleOf(read, '', '--bb-code-text'),
      ruleOf(read, 'keyword.allow', '--bb-allow', 'bold'),
      ruleOf(read, 'keyword.deny', '--bb-deny', 'bold'),
      ruleOf(read, 'type', '--bb-code-atom'),
      ruleOf(read, 'string', '--bb-code-string'),
      ruleOf(read, 'string.regex', '--bb-code-regex'),
      ruleOf(read, 'variable.placeholder', '--bb-code-hole', 'bold'),
      ruleOf(read, 'number', '--bb-code-number'),
      ruleOf(read, 'key', '--bb-code-key'),
      ruleOf(read, 'comment', '--bb-code-comment'),
      ruleOf(read, 'delimiter', '--bb-code-punct'),
      ruleOf(read, 'invalid', '--bb-deny'),
    ],
    colors: {
      'editor.background': color('--bb-surface'),
      'editor.foreground': color('--bb-code-text'),
      'editor.lineHighlightBackground': color('--bb-code-line'),
      'editor.selectionBackground': color('--bb-code-select'),
      'editor.inactiveSelectionBackground': color('--bb-code-select'),
      'editor.wordHighlightBackground': color('--bb-code-select'),
      'editor.findMatchBackground': color('--bb-accent-line'),
      'editor.findMatchHighlightBackground': color('--bb-code-select'),
      'editorCursor.foreground': color('--bb-text'),
      'editorWhitespace.foreground': color('--bb-line-strong'),
      'editorIndentGuide.background1': color('--bb-line'),
      'editorLineNumber.foreground': color('--bb-text-3'),
      'editorLineNumber.activeForeground': color('--bb-text'),
      'editorGutter.background': color('--bb-surface'),
      'editorOverviewRuler.border': color('--bb-line'),
      'editorOverviewRuler.errorForeground': color('--bb-deny'),
      'editorOverviewRuler.warningForeground': color('--bb-link-slow'),
      'editorOverviewRuler.infoForeground': color('--bb-info'),
      'editorBracketMatch.background': color('--bb-sunken'),
      'editorBracketMatch.border': color('--bb-line-control'),
      'editorWidget.background': color('--bb-overlay'),
      'editorWidget.foreground': color('--bb-text'),
      'editorWidget.border': color('--bb-line-strong'),
      'editorHoverWidget.background': color('--bb-overlay'),
      'editorHoverWidget.foreground': color('--bb-text'),
      'editorHoverWidget.border': color('--bb-line-strong'),
      'editorSuggestWidget.background': color('--bb-overlay'),
      'editorSuggestWidget.border': color('--bb-line-strong'),
      'editorSuggestWidget.foreground': color('--bb-text'),
      'editorSuggestWidget.selectedBackground': color('--bb-selected'),
      'editorSuggestWidget.selectedForeground': color('--bb-text'),
      'editorSuggestWidget.highlightForeground': color('--bb-accent'),
      'list.hoverBackground': color('--bb-selected'),
      'menu.background': color('--bb-overlay'),
      'menu.foreground': color('--bb-text'),
      'menu.border': color('--bb-line-strong'),
      'menu.selectionBackground': color('--bb-selected'),
      'menu.selectionForeground': color('--bb-text'),
      'input.background': color('--bb-surface'),
      'input.border': color('--bb-line-control'),
      'inputOption.activeBackground': color('--bb-selected'),
      'inputOption.activeBorder': color('--bb-accent'),
      focusBorder: color('--bb-focus'),
      'scrollbarSlider.background': `${color('--bb-line-strong').slice(0, 7)}99`,
      'scrollbarSlider.hoverBackground': color('--bb-line-control'),
      'scrollbarSlider.activeBackground': color('--bb-line-control'),
      'editorError.foreground': color('--bb-deny'),
      'editorWarning.foreground': color('--bb-link-slow'),
      'editorInfo.foreground': color('--bb-info'),
      'diffEditor.insertedLineBackground': color('--bb-allow-soft'),
      'diffEditor.insertedTextBackground': `${color('--bb-allow-line').slice(0, 7)}66`,
      'diffEditor.removedLineBackground': color('--bb-deny-soft'),
      'diffEditor.removedTextBackground': `${color('--bb-deny-line').slice(0, 7)}66`,
      'diffEditor.border': color('--bb-line'),
      'diffEditor.diagonalFill': color('--bb-line'),
      'diffEditor.unchangedRegionBackground': color('--bb-side'),
      'diffEditor.unchangedRegionForeground': color('--bb-text-2'),
    },
  };
}

function baseOf(theme: string | undefined): MonacoEditor.BuiltinTheme {
  if (theme === 'contrast') return 'hc-black';
  return theme === 'dark' ? 'vs-dark' : 'vs';
}

/** Defines the theme of this moment and again whenever the window's changes. */
export function followTheme(monaco: Monaco): void {
  const root = document.documentElement;
  const define = (): void => {
    const style = getComputedStyle(root);
    const name = `${MONACO_THEME}-${root.dataset['theme'] ?? 'light'}`;
    monaco.editor.defineTheme(
      name,
      themeData((token) => style.getPropertyValue(token), baseOf(root.dataset['theme'])),
    );
    monaco.editor.setTheme(name);
  };
  define();
  root.addEventListener('busbar:theme', define);
}
