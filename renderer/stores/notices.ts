/**
 * What the workbench tells without being asked: toasts, their history behind the bell, and the banner under the tabs.
 * Texts are keys with values, so that a change of language changes them too.
 */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { failureOf, type Failure } from '../host/failure.ts';

export type NoticeTone = 'allow' | 'deny' | 'warn' | 'info';
export type NoticeValues = Readonly<Record<string, string | number>>;

export interface NoticeAction {
  readonly key: string;
  readonly values?: NoticeValues;
  readonly primary?: boolean;
  run(): void | Promise<void>;
}

export interface NoticeRequest {
  readonly tone: NoticeTone;
  readonly key: string;
  readonly values?: NoticeValues;
  readonly action?: NoticeAction;
  /** The host's own report, shown below the sentence. */
  readonly failure?: Failure;
}

export interface Notice extends NoticeRequest {
  readonly id: number;
  readonly timeMs: number;
  /** Equal notices merge and count. */
  readonly times: number;
}

export interface BannerRequest {
  /** The subject that sets and clears it, e.g. `host.lost`. */
  readonly id: string;
  readonly tone: NoticeTone;
  readonly key: string;
  readonly values?: NoticeValues;
  readonly detailKey?: string;
  readonly actions?: readonly NoticeAction[];
}

/** Toasts on screen at once; older ones stay behind the bell. */
export const MOST_TOASTS = 3;
/** Notices kept behind the bell; the oldest go first. */
export const MOST_NOTICES = 100;
const SUCCESS_MS = 5_000;
const BADNESS: Readonly<Record<NoticeTone, number>> = { deny: 3, warn: 2, info: 1, allow: 0 };

export const useNoticesStore = defineStore('notices', () => {
  const history = ref<Notice[]>([]);
  const toastIds = ref<number[]>([]);
  const unread = ref(0);
  const banners = ref<BannerRequest[]>([]);
  const toasts = computed(() => toastIds.value.flatMap((id) => history.value.find((notice) => notice.id === id) ?? []));
  /** The worst banner first; equal ones in order of arrival. */
  const ranked = computed(() => [...banners.value].sort((a, b) => BADNESS[b.tone] - BADNESS[a.tone]));
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  let lastId = 0;

  function dismiss(id: number): void {
    clearTimeout(timers.get(id));
    timers.delete(id);
    toastIds.value = toastIds.value.filter((other) => other !== id);
  }

  function show(request: NoticeRequest): number {
    const same = history.value.find((notice) => toastIds.value.includes(notice.id) && isSame(notice, request));
    const id = same?.id ?? ++lastId;
    const notice: Notice = { ...request, id, timeMs: Date.now(), times: (same?.times ?? 0) + 1 };
    history.value = [notice, ...history.value.filter((other) => other.id !== id)].slice(0, MOST_NOTICES);
    toastIds.value = [...toastIds.value.filter((other) => other !== id), id].slice(-MOST_TOASTS);
    unread.value += 1;
    if (request.tone === 'allow' || request.tone === 'info') {
      clearTimeout(timers.get(id));
      timers.set(id, setTimeout(() => dismiss(id), SUCCESS_MS));
    }
    return id;
  }

  /** Tells that an action failed: what was tried, and the host's report. Stays until dismissed. */
  function failed(error: unknown, key: string, values: NoticeValues = {}): void {
    show({ tone: 'deny', key, values, failure: failureOf(error) });
  }

  function setBanner(banner: BannerRequest): void {
    banners.value = [...banners.value.filter((other) => other.id !== banner.id), banner];
  }

  function clearBanner(id: string): void {
    banners.value = banners.value.filter((banner) => banner.id !== id);
  }

  function clearHistory(): void {
    for (const id of toastIds.value) dismiss(id);
    history.value = [];
    unread.value = 0;
  }

  function markRead(): void {
    unread.value = 0;
  }

  return { history, toasts, unread, banners: ranked, show, failed, dismiss, setBanner, clearBanner, clearHistory, markRead };
});

function isSame(notice: Notice, request: NoticeRequest): boolean {
  const told = (one: NoticeRequest) => JSON.stringify([one.tone, one.key, one.values ?? {}, one.failure?.message]);
  return told(notice) === told(request);
}
