/** The saved connections and how their sessions stand. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { ClientState, ConnectionSpec } from '../../electron/contract/clients.ts';
import { useHostPort } from '../host/hostPort.ts';

export const useConnectionsStore = defineStore('connections', () => {
  const port = useHostPort();
  const specs = shallowRef<readonly ConnectionSpec[]>([]);
  const states = shallowRef<ReadonlyMap<string, ClientState>>(new Map());

  port.on('connection/changed', (next) => {
    specs.value = next;
  });
  port.on('client/changed', (next) => {
    states.value = new Map(states.value).set(next.id, next);
  });

  async function load(): Promise<void> {
    const [nextSpecs, nextStates] = await Promise.all([port.call('connection/list'), port.call('client/states')]);
    specs.value = nextSpecs;
    states.value = new Map(nextStates.map((state) => [state.id, state]));
  }

  /** Sessions of this workbench that are connected to a node, in order of their names. */
  function connectedTo(node: string): readonly ConnectionSpec[] {
    return specs.value
      .filter((spec) => spec.target.kind === 'node' && spec.target.node === node && states.value.get(spec.id)?.state === 'connected')
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  return { specs, states, load, connectedTo };
});
