/** What the window remembers about client panes: the chosen message, what is being typed, and which dialog is open. */
import { defineStore } from 'pinia';
import { reactive, ref, shallowReactive, toRaw, watch } from 'vue';
import { FORMAT_IDS, type FormatId } from '../../../electron/payload/codec.ts';
import { noFields, type PropertyFields } from './composerDraft.ts';

export interface Draft {
  topic: string;
  payload: string;
  format: FormatId;
  qos: 0 | 1 | 2;
  retain: boolean;
  properties: PropertyFields;
}

export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const SAVED_DRAFTS = 'busbar.drafts';
/** Publishes remembered per client, newest first. */
export const MOST_HISTORY = 50;
/** Typed text per draft that is kept over a reload; a longer one lives until the window closes. */
const MOST_SAVED_CHARACTERS = 100_000;

const newDraft = (): Draft => ({ topic: '', payload: '', format: 'json', qos: 0, retain: false, properties: noFields() });

export type Dialog = { readonly kind: 'new' } | { readonly kind: 'edit' | 'remove' | 'clear'; readonly id: string };

export const useClientsView = defineStore('clientsView', () => {
  /** The message in the inspector panel. */
  const chosen = ref<{ readonly id: string; readonly seq: number } | null>(null);
  const dialog = ref<Dialog | null>(null);
  /** The one subscription of a client whose messages alone are shown. */
  const solo = reactive<Record<string, string>>({});
  const drafts = reactive<Record<string, Draft>>(readDrafts());
  const history = reactive<Record<string, Draft[]>>({});
  /** Files dropped on a composer, in place of its text; they live until the window closes. */
  const files = shallowReactive(new Map<string, DroppedFile>());
  /** Raised to ask the focused pane for an act that lives in one of its parts. */
  const wish = ref<{ readonly id: string; readonly part: 'subscribe' | 'find' | 'publish'; readonly at: number } | null>(null);

  function draftOf(id: string): Draft {
    return (drafts[id] ??= newDraft());
  }

  function remember(id: string): void {
    const past = (history[id] ??= []);
    const draft = structuredClone(toRaw(draftOf(id)));
    const same = past.findIndex((other) => other.topic === draft.topic && other.payload === draft.payload && other.format === draft.format);
    if (same !== -1) past.splice(same, 1);
    past.unshift(draft);
    past.length = Math.min(past.length, MOST_HISTORY);
  }

  function forget(id: string): void {
    delete drafts[id];
    delete history[id];
    delete solo[id];
    if (chosen.value?.id === id) chosen.value = null;
  }

  function ask(id: string, part: 'subscribe' | 'find' | 'publish'): void {
    wish.value = { id, part, at: (wish.value?.at ?? 0) + 1 };
  }

  watch(drafts, () => localStorage.setItem(SAVED_DRAFTS, JSON.stringify(shortOf(drafts))), { deep: true });

  return { chosen, dialog, solo, history, files, wish, draftOf, remember, forget, ask };
});

function shortOf(drafts: Readonly<Record<string, Draft>>): Record<string, Draft> {
  return Object.fromEntries(Object.entries(drafts).filter(([, draft]) => draft.payload.length <= MOST_SAVED_CHARACTERS));
}

/** What an earlier window left; anything that is no draft is passed over. */
function readDrafts(): Record<string, Draft> {
  let saved: unknown;
  try {
    saved = JSON.parse(localStorage.getItem(SAVED_DRAFTS) ?? '{}');
  } catch {
    return {};
  }
  if (typeof saved !== 'object' || saved === null) return {};
  return Object.fromEntries(Object.entries(saved).filter((entry): entry is [string, Draft] => isDraft(entry[1])).map(([id, draft]) => [id, { ...draft, properties: { ...noFields(), ...draft.properties } }]));
}

function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) return false;
  const { topic, payload, format, qos, retain } = value as Partial<Record<keyof Draft, unknown>>;
  const formats: readonly unknown[] = FORMAT_IDS;
  return typeof topic === 'string' && typeof payload === 'string' && formats.includes(format) && (qos === 0 || qos === 1 || qos === 2) && typeof retain === 'boolean';
}
