/** Theme, language and density: kept by the host, mirrored in the window so that the next start paints right at once. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Settings } from '../../electron/contract/workbench.ts';
import { useHostPort } from '../host/hostPort.ts';
import { applyAppearance, loadAppearance, resolveLocale, resolveTheme, saveAppearance, systemAppearance } from '../lib/appearance.ts';

export const useSettingsStore = defineStore('settings', () => {
  const port = useHostPort();
  const settings = shallowRef<Settings>(loadAppearance());
  const system = ref(systemAppearance());
  const theme = computed(() => resolveTheme(settings.value.theme, system.value));
  const locale = computed(() => resolveLocale(settings.value.language, system.value));

  function take(next: Settings): void {
    settings.value = next;
    saveAppearance(next);
    applyAppearance(theme.value, next.density, locale.value);
  }

  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) {
    matchMedia(query).addEventListener('change', () => {
      system.value = systemAppearance();
      take(settings.value);
    });
  }
  port.on('settings/changed', take);

  async function load(): Promise<void> {
    take(await port.call('settings/get'));
  }

  /** Shows the change at once and puts it back if the host refuses. */
  async function change(part: Partial<Settings>): Promise<void> {
    const before = settings.value;
    take({ ...before, ...part });
    try {
      take(await port.call('settings/set', part));
    } catch (error) {
      take(before);
      throw error;
    }
  }

  return { settings, theme, locale, load, change };
});
