/** One page asks another to show a thing by its kind: the topology asks for a client's pane without knowing the Clients page. */
import type { ThingKind } from './featurePage.ts';
import { useNavigationStore } from './navigation.ts';
import { usePages } from './pageRegistry.ts';

export function useOpener() {
  const pages = usePages();
  const navigation = useNavigationStore();
  const pageFor = (kind: ThingKind) => pages.find((page) => page.opens?.[kind]);

  return {
    /** Whether any page shows such things; without one the action must not be offered. */
    can: (kind: ThingKind): boolean => pageFor(kind) !== undefined,
    open(kind: ThingKind, id: string): void {
      const page = pageFor(kind);
      if (!page) return;
      page.opens?.[kind]?.(id);
      navigation.go(page.id);
    },
  };
}
