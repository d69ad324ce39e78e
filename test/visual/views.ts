/** What is photographed: page, scene, window, theme, language, and what is done before the picture. */
import type { Page } from 'playwright-core';

export interface View {
  readonly name: string;
  readonly page: string;
  readonly scene: string;
  readonly theme: 'light' | 'dark' | 'contrast';
  readonly lang: 'en' | 'zh-CN';
  readonly size: { readonly width: number; readonly height: number };
  readonly still?: boolean;
  readonly settleMs?: number;
  readonly act?: (page: Page) => Promise<void>;
}

const LARGE = { width: 1440, height: 900 };
const SMALL = { width: 1024, height: 700 };
const base = { page: 'cluster', scene: 'busy', theme: 'light', lang: 'en', size: LARGE } as const;

export const VIEWS: readonly View[] = [
  { ...base, name: 'settings-light', page: 'settings' },
  { ...base, name: 'help-dark', page: 'help', theme: 'dark' },
  { ...base, name: 'trace-small-zh', page: 'trace', lang: 'zh-CN', size: SMALL },
  { ...base, name: 'palette-light', act: async (page) => page.keyboard.press('F1') },
];
