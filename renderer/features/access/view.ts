/** How the page shows the rules: mode, caret, and what its parts ask of the editor. */
import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import { useAccessStore } from '../../stores/access.ts';
import { useNoticesStore } from '../../stores/notices.ts';

export const PAGE = 'access';
export const RULES_VIEW = 'access.rules';
export const REVIEW_VIEW = 'access.review';
export const EXPLAIN_PANEL = 'access.explain';
export const PROBLEMS_PANEL = 'access.problems';

const INCOMING_BANNER = 'access.incoming';

export type RulesMode = 'text' | 'both' | 'cards';
export const MODES: readonly RulesMode[] = ['text', 'both', 'cards'];

/** A place the editor shall show; the number makes the same place twice two requests. */
export interface Jump {
  readonly offset: number;
  readonly focus: boolean;
  readonly nth: number;
}

export const useAccessView = defineStore('accessView', () => {
  const mode = ref<RulesMode>('both');
  /** 1-based, of the caret; null while no editor is shown. */
  const caret = shallowRef<{ readonly line: number; readonly column: number } | null>(null);
  const jump = shallowRef<Jump | null>(null);

  function goTo(offset: number, focus = true): void {
    jump.value = { offset, focus, nth: (jump.value?.nth ?? 0) + 1 };
  }

  askAboutIncoming();

  return { mode, caret, jump, goTo };
});

/** A version from outside beside a draft is a question that must be answered, wherever the reader is. */
function askAboutIncoming(): void {
  const access = useAccessStore();
  const notices = useNoticesStore();
  watch(
    () => access.incoming,
    (incoming) => {
      if (incoming === null) {
        notices.clearBanner(INCOMING_BANNER);
        return;
      }
      notices.setBanner({
        id: INCOMING_BANNER,
        tone: 'warn',
        key: 'access.incoming.title',
        detailKey: 'access.incoming.text',
        actions: [
          { key: 'access.incoming.theirs', run: () => access.discard() },
          { key: 'access.incoming.mine', primary: true, run: () => access.keepMine() },
        ],
      });
    },
  );
}
