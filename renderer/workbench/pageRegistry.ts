/** The pages of this window, told once by startWorkbench. A store, because commands ask for them outside of components. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { FeaturePage, ViewType } from './featurePage.ts';

export const usePageRegistry = defineStore('pages', () => {
  /** In order of the activity bar. */
  const pages = shallowRef<readonly FeaturePage[]>([]);
  return { pages };
});

/** In order of the activity bar. */
export function usePages(): readonly FeaturePage[] {
  return usePageRegistry().pages;
}

/** The kind of a view, wherever it was registered. */
export function viewType(pages: readonly FeaturePage[], view: string): ViewType | undefined {
  for (const page of pages) {
    const type = page.views[view];
    if (type) return type;
  }
  return undefined;
}
