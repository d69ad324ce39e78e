/** The request that is explained, and the answer by the draft and by the rules the project has. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { AclClient, AclRequest } from '../../broker/access/acl/decision.ts';
import type { Explanations } from '../lib/acl/analysis.ts';
import { useAccessStore } from './access.ts';

/** As the form holds it: an empty username is none. */
export interface ExplainForm {
  clientId: string;
  username: string;
  peerHost: string;
  action: 'publish' | 'subscribe';
  topic: string;
  qos: 0 | 1 | 2;
  retain: boolean;
}

export function requestOf(form: ExplainForm): { client: AclClient; request: AclRequest } {
  return {
    client: { clientId: form.clientId, username: form.username === '' ? undefined : form.username, peerHost: form.peerHost },
    request: { action: form.action, topic: form.topic, qos: form.qos, retain: form.action === 'publish' && form.retain },
  };
}

export const useAccessExplainStore = defineStore('accessExplain', () => {
  const access = useAccessStore();
  const form = ref<ExplainForm>({
    clientId: '',
    username: '',
    peerHost: '127.0.0.1',
    action: 'publish',
    topic: '',
    qos: 0,
    retain: false,
  });
  const answer = shallowRef<Explanations>({ draft: null, saved: null });
  const asked = computed(() => form.value.topic !== '');
  /** Of the draft; of the saved rules while the draft has errors. */
  const shown = computed(() => (asked.value ? (answer.value.draft ?? answer.value.saved) : null));
  const fromSaved = computed(() => asked.value && answer.value.draft === null && answer.value.saved !== null);
  const stepByRule = computed(() => new Map(fromSaved.value ? [] : shown.value?.steps.map((step) => [step.rule, step])));

  async function explain(): Promise<void> {
    if (!asked.value) return;
    const { client, request } = requestOf(form.value);
    answer.value = await access.explain(client, request);
  }

  watch([() => JSON.stringify(form.value), () => access.analysis, () => access.savedAnalysis], () => void explain());

  function ask(next: Partial<ExplainForm>): void {
    form.value = { ...form.value, ...next };
  }

  return { form, asked, answer, shown, fromSaved, stepByRule, ask };
});
