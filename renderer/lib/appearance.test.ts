import { beforeEach, describe, expect, it } from 'vitest';
import { applyAppearance, DEFAULT_APPEARANCE, loadAppearance, resolveLocale, resolveTheme, saveAppearance } from './appearance.ts';

const system = { dark: false, moreContrast: false, language: 'de-DE' };

describe('theme and language', () => {
  beforeEach(() => localStorage.clear());

  it('follows the system unless something was chosen', () => {
    expect(resolveTheme('system', system)).toBe('light');
    expect(resolveTheme('system', { ...system, dark: true })).toBe('dark');
    expect(resolveTheme('system', { ...system, dark: true, moreContrast: true })).toBe('contrast');
    expect(resolveTheme('light', { ...system, dark: true })).toBe('light');
  });
  it('speaks Chinese to Chinese systems and English to all others', () => {
    expect(['zh-CN', 'zh-TW', 'ZH'].map((language) => resolveLocale('system', { ...system, language }))).toEqual(['zh-CN', 'zh-CN', 'zh-CN']);
    expect(resolveLocale('system', system)).toBe('en');
    expect(resolveLocale('zh-CN', system)).toBe('zh-CN');
  });
  it('keeps the choice, and takes the defaults for anything unreadable', () => {
    saveAppearance({ theme: 'dark', language: 'zh-CN', density: 'compact' });
    expect(loadAppearance()).toEqual({ theme: 'dark', language: 'zh-CN', density: 'compact' });
    localStorage.setItem('busbar.appearance', '{broken');
    expect(loadAppearance()).toEqual(DEFAULT_APPEARANCE);
  });
  it('puts the choice on the root element and tells canvases', () => {
    const root = document.createElement('html');
    let told = 0;
    root.addEventListener('busbar:theme', () => (told += 1));
    applyAppearance('contrast', 'relaxed', 'zh-CN', root);
    expect([root.dataset['theme'], root.dataset['density'], root.lang, root.classList.contains('dark'), told]).toEqual(['contrast', 'relaxed', 'zh-CN', true, 1]);
  });
});
