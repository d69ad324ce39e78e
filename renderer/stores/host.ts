/**
 * stores/: one Pinia store per subject. In: answers and events of the host. Out: state for components, actions that call the host.
 * May import: api, host, lib. Must not: components, features. Begin here for the connection, at cluster.ts for the data.
 */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { AppInfo } from '../../electron/contract/workbench.ts';
import { useHostPort, type HostState } from '../host/hostPort.ts';

/** How this window stands to its host. */
export const useHostStore = defineStore('host', () => {
  const port = useHostPort();
  const state = ref<HostState>(port.state);
  /** When the connection was lost; null while it holds. What is on screen is from then. */
  const lostAtMs = ref<number | null>(null);
  const info = shallowRef<AppInfo | null>(null);

  port.onState((next) => {
    const wasOnline = state.value === 'online';
    state.value = next;
    if (next === 'online') lostAtMs.value = null;
    else if (wasOnline) lostAtMs.value = Date.now();
  });

  async function load(): Promise<void> {
    info.value = await port.call('app/info');
  }

  return { state, lostAtMs, info, load };
});
