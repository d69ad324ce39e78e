/**
 * The project's access rules: the file the host keeps, the draft in this window, what is wrong with it, and how the nodes took it.
 * A draft survives a reload of the window; it leaves only by being applied or discarded.
 */
import { defineStore } from 'pinia';
import { computed, inject, ref, shallowRef } from 'vue';
import type { AclFile } from '../../electron/contract/access.ts';
import { failureOf, type Failure } from '../host/failure.ts';
import { useHostPort } from '../host/hostPort.ts';
import type { Analysis } from '../lib/acl/analysis.ts';
import { ACL_ANALYST, startAclAnalyst } from '../lib/acl/analyst.ts';
import { diffRules } from '../lib/acl/ruleDiff.ts';

/** A pause in typing after which the text is read anew. */
const CHECK_AFTER_MS = 120;
const DRAFT_KEY = 'busbar.aclDraft';

interface KeptDraft {
  /** Hash of the text the draft began from. */
  readonly base: string;
  readonly text: string;
}

/** What became of the last "apply". */
export interface Outcome {
  readonly timeMs: number;
  readonly nodes: AclFile['nodes'];
}

function readKeptDraft(): KeptDraft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(DRAFT_KEY) ?? 'null') as Partial<KeptDraft> | null;
    return typeof kept?.base === 'string' && typeof kept.text === 'string' ? { base: kept.base, text: kept.text } : null;
  } catch {
    return null;
  }
}

export const useAccessStore = defineStore('access', () => {
  const port = useHostPort();
  const analyst = inject(ACL_ANALYST, startAclAnalyst, true);

  /** As the project has it; null until the host answered. */
  const file = shallowRef<AclFile | null>(null);
  const draft = ref('');
  /** A newer version came from outside while there are changes here: the reader decides. */
  const incoming = shallowRef<AclFile | null>(null);
  /** Of the newest text that was read; `checkedText` tells which one. */
  const analysis = shallowRef<Analysis | null>(null);
  const savedAnalysis = shallowRef<Analysis | null>(null);
  const checkedText = ref<string | null>(null);
  const loadFailure = shallowRef<Failure | null>(null);
  const applying = ref(false);
  const outcome = shallowRef<Outcome | null>(null);
  /** Number of the rule under the caret or chosen in the cards. */
  const selectedRule = ref<number | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const dirty = computed(() => file.value !== null && draft.value !== file.value.text);
  /** The analysis speaks of the text that is on screen. */
  const current = computed(() => checkedText.value === draft.value);
  const problems = computed(() => analysis.value?.problems ?? []);
  const errors = computed(() => problems.value.filter((problem) => problem.severity === 'error').length);
  const warnings = computed(() => problems.value.filter((problem) => problem.severity === 'warning').length);
  const diff = computed(() =>
    savedAnalysis.value && analysis.value ? diffRules(savedAnalysis.value.file, analysis.value.file) : null,
  );

  port.on('acl/changed', (next) => take(next));

  function keepDraft(): void {
    if (file.value && dirty.value)
      localStorage.setItem(DRAFT_KEY, JSON.stringify({ base: file.value.hash, text: draft.value } satisfies KeptDraft));
    else localStorage.removeItem(DRAFT_KEY);
  }

  /** The host's version; a draft is never thrown away for it. */
  function take(next: AclFile): void {
    const before = file.value;
    const touched = dirty.value;
    if (touched && before && next.text !== before.text && next.text !== draft.value) {
      incoming.value = next;
      return;
    }
    file.value = next;
    incoming.value = null;
    if (!touched) draft.value = next.text;
    keepDraft();
    if (before?.text !== next.text || savedAnalysis.value === null) void checkSaved(next.text);
    if (checkedText.value !== draft.value) void check();
  }

  async function checkSaved(text: string): Promise<void> {
    const result = await analyst.check('saved', text);
    if (file.value?.text === text) savedAnalysis.value = result;
  }

  /** Reads the draft now. */
  async function check(): Promise<void> {
    clearTimeout(timer);
    const text = draft.value;
    const result = await analyst.check('draft', text);
    if (draft.value !== text) return;
    analysis.value = result;
    checkedText.value = text;
  }

  function setDraft(text: string): void {
    if (text === draft.value) return;
    draft.value = text;
    outcome.value = null;
    keepDraft();
    clearTimeout(timer);
    timer = setTimeout(() => void check(), CHECK_AFTER_MS);
  }

  async function load(): Promise<void> {
    try {
      const next = await port.call('acl/get');
      loadFailure.value = null;
      const kept = file.value === null ? readKeptDraft() : null;
      if (kept && kept.text !== next.text) {
        draft.value = kept.text;
        file.value = next;
        // The file went on without the draft: show both.
        if (kept.base !== next.hash) incoming.value = next;
        void checkSaved(next.text);
        void check();
        return;
      }
      take(next);
    } catch (error) {
      loadFailure.value = failureOf(error);
    }
  }

  function discard(): void {
    if (!file.value) return;
    outcome.value = null;
    setDraft(incoming.value?.text ?? file.value.text);
    if (incoming.value) take(incoming.value);
    void check();
  }

  /** Keeps the draft over a version that came from outside. */
  function keepMine(): void {
    if (!incoming.value) return;
    const next = incoming.value;
    incoming.value = null;
    file.value = next;
    keepDraft();
    void checkSaved(next.text);
  }

  /** Writes the draft and puts it in force on every running node. False when the text has errors; throws what the host throws. */
  async function apply(): Promise<boolean> {
    if (applying.value || !file.value) return false;
    applying.value = true;
    outcome.value = null;
    try {
      if (!current.value) await check();
      if (errors.value > 0) return false;
      const result = await port.call('acl/save', { text: draft.value });
      if (!result.ok) return false;
      incoming.value = null;
      file.value = result.file;
      keepDraft();
      outcome.value = { timeMs: Date.now(), nodes: result.file.nodes };
      void checkSaved(result.file.text);
      return true;
    } finally {
      applying.value = false;
    }
  }

  function dismissOutcome(): void {
    outcome.value = null;
  }

  return {
    file,
    draft,
    incoming,
    analysis,
    savedAnalysis,
    loadFailure,
    applying,
    outcome,
    selectedRule,
    dirty,
    current,
    problems,
    errors,
    warnings,
    diff,
    load,
    setDraft,
    check,
    discard,
    keepMine,
    apply,
    dismissOutcome,
    explain: analyst.explain,
  };
});
