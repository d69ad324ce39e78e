/** Whether the palette is open, what is typed in it, and what was run last. */
import { defineStore } from 'pinia';
import { ref } from 'vue';
import { keepSaved, readSaved } from './saved.ts';

/** Entries remembered for the empty query. */
export const MOST_RECENT = 8;

export const usePaletteStore = defineStore('palette', () => {
  const isOpen = ref(false);
  const query = ref('');
  const recent = ref<readonly string[]>(readSaved<{ ids: string[] }>('palette', { ids: [] }).ids);
  keepSaved('palette', () => ({ ids: recent.value }));

  function open(prefix = ''): void {
    query.value = prefix;
    isOpen.value = true;
  }

  function close(): void {
    isOpen.value = false;
  }

  function remember(id: string): void {
    recent.value = [id, ...recent.value.filter((other) => other !== id)].slice(0, MOST_RECENT);
  }

  return { isOpen, query, recent, open, close, remember };
});
