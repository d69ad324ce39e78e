/** Opening what belongs to a node: its log in a tab, a client pane connected to it. */
import { computed } from 'vue';
import { useClientsStore } from '../../stores/clients.ts';
import { useConnectionsStore } from '../../stores/connections.ts';
import { useNoticesStore } from '../../stores/notices.ts';
import { useOpener } from '../../workbench/opener.ts';
import { useTabsStore } from '../../workbench/tabs.ts';
import type { ViewRef } from '../../workbench/paneTree.ts';
import { newConnection } from './newConnection.ts';

export const TOPOLOGY_VIEW: ViewRef = { view: 'cluster.topology', key: 'topology', params: {} };
export const logView = (node: string): ViewRef => ({ view: 'cluster.log', key: `log:${node}`, params: { node } });

export function useNodeViews() {
  const clients = useClientsStore();
  const connections = useConnectionsStore();
  const notices = useNoticesStore();
  const opener = useOpener();
  const tabs = useTabsStore();
  const canOpenPane = computed(() => opener.can('client'));

  function openLog(node: string): void {
    tabs.open('cluster', logView(node));
  }

  /** Makes a connection to the node, connects it, and shows its pane. */
  async function openPane(node: string): Promise<void> {
    try {
      const spec = newConnection(node, connections.specs);
      await clients.save(spec);
      await clients.connect(spec.id);
      opener.open('client', spec.id);
    } catch (error) {
      notices.failed(error, 'cluster.failed.openPane', { node });
    }
  }

  return { canOpenPane, openLog, openPane, showClient: (id: string) => opener.open('client', id) };
}
