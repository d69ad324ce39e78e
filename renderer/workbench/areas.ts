/** F6 walks the areas of the window in the order side, panes, panel, inspector, status (ui.md section 13). */

export const AREAS = ['sidebar', 'main', 'panel', 'inspector', 'status'] as const;
const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), textarea, select, [tabindex="0"]';

/** Moves the focus to the next (1) or previous (-1) area that is on screen, to where the focus was in it last. */
export function walkAreas(step: 1 | -1, last: Map<string, HTMLElement>, root: ParentNode = document): void {
  const present = AREAS.flatMap((name) => {
    const element = root.querySelector<HTMLElement>(`[data-area="${name}"]`);
    return element ? [{ name, element }] : [];
  });
  if (present.length === 0) return;
  const active = document.activeElement;
  const here = present.findIndex(({ element }) => element.contains(active));
  const current = present[here];
  if (current && active instanceof HTMLElement) last.set(current.name, active);
  const from = here === -1 && step === -1 ? 0 : here;
  for (let count = 1; count <= present.length; count += 1) {
    const next = present[(from + step * count + present.length * 2) % present.length]!;
    const before = last.get(next.name);
    const target = before?.isConnected && next.element.contains(before) ? before : next.element.querySelector<HTMLElement>(FOCUSABLE);
    if (target) {
      target.focus();
      return;
    }
  }
}
