/**
 * The words of the product in English and Simplified Chinese: one file per subject and language. vue-i18n turns messages into
 * data when it first needs them, without `eval`, so the page's policy stays strict (test/visual proves it in Chromium).
 */
import { createI18n } from 'vue-i18n';
import type { Locale } from '../appearance.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type Messages = typeof en;

export function createWords(locale: Locale) {
  return createI18n({ legacy: false, locale, fallbackLocale: 'en', messages: { en, 'zh-CN': zh }, missingWarn: false, fallbackWarn: false });
}

export type Words = ReturnType<typeof createWords>;
