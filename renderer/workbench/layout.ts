/** Which areas of the frame are open and how large they are. Saved in the window. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { keepSaved, readSaved } from './saved.ts';

/** Below these the narrow and the low rules hold (ui.md section 2). */
const NARROW_QUERY = '(max-width: 1180px)';
const LOW_QUERY = '(max-height: 760px)';

const LIMITS = { sidebar: [180, 420], inspector: [240, 520], panel: [120, 720] } as const;
type Sized = keyof typeof LIMITS;

interface SavedLayout {
  sidebarOpen: boolean;
  panelOpen: boolean;
  inspectorOpen: boolean;
  /** Pixels; 0 = the standard size of the token. */
  sidebarWidth: number;
  inspectorWidth: number;
  panelHeight: number;
  panelTab: string;
}
const STANDARD: SavedLayout = { sidebarOpen: true, panelOpen: false, inspectorOpen: true, sidebarWidth: 0, inspectorWidth: 0, panelHeight: 0, panelTab: '' };
const FIELD = { sidebar: 'sidebarWidth', inspector: 'inspectorWidth', panel: 'panelHeight' } as const;

export const useLayoutStore = defineStore('layout', () => {
  const layout = ref(readSaved('layout', STANDARD));
  keepSaved('layout', layout);
  const narrow = ref(matchMedia(NARROW_QUERY).matches);
  const low = ref(matchMedia(LOW_QUERY).matches);
  matchMedia(NARROW_QUERY).addEventListener('change', (event) => {
    narrow.value = event.matches;
    overlayOpen.value = false;
  });
  matchMedia(LOW_QUERY).addEventListener('change', (event) => {
    low.value = event.matches;
  });
  /** In a narrow window the sidebar lies over the panes, and goes away when something was chosen. */
  const overlayOpen = ref(false);
  const sidebarShown = computed(() => (narrow.value ? overlayOpen.value : layout.value.sidebarOpen));

  function toggle(area: Sized): void {
    if (area === 'sidebar' && narrow.value) overlayOpen.value = !overlayOpen.value;
    else if (area === 'sidebar') layout.value.sidebarOpen = !layout.value.sidebarOpen;
    else if (area === 'panel') layout.value.panelOpen = !layout.value.panelOpen;
    else layout.value.inspectorOpen = !layout.value.inspectorOpen;
  }

  function showPanel(tab: string): void {
    layout.value.panelTab = tab;
    layout.value.panelOpen = true;
  }

  function showInspector(): void {
    layout.value.inspectorOpen = true;
  }

  function closeOverlay(): void {
    overlayOpen.value = false;
  }

  function resize(area: Sized, pixels: number): void {
    const [least, most] = LIMITS[area];
    layout.value[FIELD[area]] = Math.round(Math.min(most, Math.max(least, pixels)));
  }

  function resetSize(area: Sized): void {
    layout.value[FIELD[area]] = 0;
  }

  return { layout, narrow, low, overlayOpen, sidebarShown, toggle, showPanel, showInspector, closeOverlay, resize, resetSize };
});
