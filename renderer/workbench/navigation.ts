/** Going to a page from commands and stores, which have no router. The frame follows. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';

export const useNavigationStore = defineStore('navigation', () => {
  /** A new object for every wish, so that the same page can be wished for twice. */
  const wish = shallowRef<{ readonly page: string } | null>(null);

  function go(page: string): void {
    wish.value = { page };
  }

  return { wish, go };
});
