/** The pages of this window, handed down from the composition root. */
import { inject, type InjectionKey } from 'vue';
import type { FeaturePage, ViewType } from './featurePage.ts';

export const PAGES: InjectionKey<readonly FeaturePage[]> = Symbol('pages');

/** In order of the activity bar. */
export function usePages(): readonly FeaturePage[] {
  return inject(PAGES) ?? [];
}

/** The kind of a view, wherever it was registered. */
export function viewType(pages: readonly FeaturePage[], view: string): ViewType | undefined {
  for (const page of pages) {
    const type = page.views[view];
    if (type) return type;
  }
  return undefined;
}
