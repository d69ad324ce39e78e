/**
 * Theme, language and density as the root element carries them. `public/theme.js` does the same before the first paint
 * from what `saveAppearance` left, so that no window flashes white.
 */

export type ThemeChoice = 'system' | 'light' | 'dark' | 'contrast';
export type LanguageChoice = 'system' | 'en' | 'zh-CN';
export type Density = 'compact' | 'normal' | 'relaxed';
export type Theme = Exclude<ThemeChoice, 'system'>;
export type Locale = 'en' | 'zh-CN';

export interface Appearance {
  readonly theme: ThemeChoice;
  readonly language: LanguageChoice;
  readonly density: Density;
}

export const DEFAULT_APPEARANCE: Appearance = { theme: 'system', language: 'system', density: 'normal' };

/** What the system asks for. */
export interface SystemAppearance {
  readonly dark: boolean;
  readonly moreContrast: boolean;
  readonly language: string;
}

export function resolveTheme(choice: ThemeChoice, system: SystemAppearance): Theme {
  if (choice !== 'system') return choice;
  if (system.moreContrast) return 'contrast';
  return system.dark ? 'dark' : 'light';
}

export function resolveLocale(choice: LanguageChoice, system: SystemAppearance): Locale {
  const language = choice === 'system' ? system.language : choice;
  return language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

export function systemAppearance(): SystemAppearance {
  return {
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    moreContrast: matchMedia('(prefers-contrast: more)').matches,
    language: navigator.language,
  };
}

const STORAGE_KEY = 'busbar.appearance';

/** Kept in the window so that the next one starts in the right theme before the host answers. */
export function saveAppearance(appearance: Appearance, storage: Storage = localStorage): void {
  storage.setItem(STORAGE_KEY, JSON.stringify(appearance));
}

/** What was kept; the defaults where nothing readable is. */
export function loadAppearance(storage: Storage = localStorage): Appearance {
  try {
    return { ...DEFAULT_APPEARANCE, ...(JSON.parse(storage.getItem(STORAGE_KEY) ?? '{}') as Partial<Appearance>) };
  } catch {
    return DEFAULT_APPEARANCE;
  }
}

/** Puts theme, density and language on the root element; canvases listen for `busbar:theme` and read their tokens again. */
export function applyAppearance(theme: Theme, density: Density, locale: Locale, root: HTMLElement = document.documentElement): void {
  root.dataset['theme'] = theme;
  root.dataset['density'] = density;
  root.classList.toggle('dark', theme !== 'light');
  root.lang = locale;
  root.dispatchEvent(new CustomEvent('busbar:theme'));
}
