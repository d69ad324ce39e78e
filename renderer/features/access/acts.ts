/** What a reader does on this page, for buttons, keys and the palette alike. */
import { useAccessStore } from '../../stores/access.ts';
import { useNoticesStore } from '../../stores/notices.ts';
import { applyEdits, type TextEdit } from '../../lib/acl/quickFixes.ts';
import { useLayoutStore } from '../../workbench/layout.ts';
import { useTabsStore } from '../../workbench/tabs.ts';
import { PAGE, PROBLEMS_PANEL, REVIEW_VIEW, RULES_VIEW, useAccessView } from './view.ts';

export function useAccessActs() {
  const access = useAccessStore();
  const view = useAccessView();
  const notices = useNoticesStore();
  const layout = useLayoutStore();
  const tabs = useTabsStore();

  function showRules(): void {
    tabs.open(PAGE, { view: RULES_VIEW, key: 'rules', params: {} });
  }

  /** Shows a place in the text, in a mode that has a text. */
  function goTo(offset: number, focus = true): void {
    showRules();
    if (view.mode === 'cards') view.mode = 'both';
    view.goTo(offset, focus);
  }

  function select(rule: number, focus = false): void {
    access.selectedRule = rule;
    const item = access.analysis?.file.items.find(({ node }) => node.number === rule);
    if (item && view.mode !== 'cards') view.goTo(item.node.start, focus);
  }

  /** Edits made for a text that has changed since are dropped: their places are no longer right. */
  function edit(edits: readonly TextEdit[]): boolean {
    const file = access.analysis?.file;
    if (!file || file.text !== access.draft || edits.length === 0) return false;
    access.setDraft(applyEdits(access.draft, edits));
    void access.check();
    return true;
  }

  function nextProblem(): void {
    const { problems, analysis } = access;
    if (!analysis || problems.length === 0) return;
    const caret = view.caret;
    const next =
      caret &&
      problems.find((problem) => problem.line > caret.line || (problem.line === caret.line && problem.column > caret.column));
    goTo((next ?? problems[0]!).start);
  }

  async function apply(): Promise<void> {
    if (!access.dirty && !access.outcome) return;
    try {
      const done = await access.apply();
      if (!done && access.errors > 0) {
        layout.showPanel(PROBLEMS_PANEL);
        const first = access.problems.find((problem) => problem.severity === 'error');
        if (first) goTo(first.start, false);
      }
    } catch (error) {
      notices.failed(error, 'access.failed.apply');
    }
  }

  function review(): void {
    tabs.open(PAGE, { view: REVIEW_VIEW, key: 'review', params: {} });
  }

  function discard(): void {
    access.discard();
    tabs.closeWhere(PAGE, ({ view: shown }) => shown === REVIEW_VIEW);
  }

  return { showRules, goTo, select, edit, nextProblem, apply, review, discard };
}
