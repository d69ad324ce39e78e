/** The context menu of a node, on the canvas, in the table and in the sidebar. */
import { computed, ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { useClusterStore } from '../../stores/cluster.ts';
import type { BbMenuItem } from '../../ui/BbMenu.vue';
import { useLayoutStore } from '../../workbench/layout.ts';
import { useClusterViewStore, type NodeAction } from './clusterView.ts';
import { ACTION_ICONS, actionsIn, useNodeActions } from './nodeActions.ts';
import { useNodeViews } from './nodeViews.ts';
import type { Point } from './polygon.ts';

export function useNodeMenu() {
  const { t } = useI18n();
  const actions = useNodeActions();
  const cluster = useClusterStore();
  const layout = useLayoutStore();
  const store = useClusterViewStore();
  const views = useNodeViews();
  const menu = ref<{ readonly node: string; readonly at: Point } | null>(null);

  const items = computed<BbMenuItem[]>(() => {
    const node = menu.value?.node;
    if (node === undefined) return [];
    const possible = actionsIn(cluster.node(node)?.state);
    return [
      { id: 'inspect', label: t('cluster.inspect'), icon: 'inspector' },
      ...(views.canOpenPane.value && cluster.node(node)?.state === 'running' ? [{ id: 'pane', label: t('cluster.openPane'), icon: 'plug' } as const] : []),
      { id: 'log', label: t('cluster.showLog'), icon: 'log' },
      ...(node in store.saved.pins ? [{ id: 'unpin', label: t('cluster.unpin'), icon: 'pin' } as const] : []),
      ...possible.map((action, index): BbMenuItem => ({ id: action, label: t(`cluster.actions.${action}`), icon: ACTION_ICONS[action], danger: action === 'kill', separated: index === 0 })),
    ];
  });

  function open(node: string, at: Point): void {
    menu.value = { node, at };
  }

  function close(): void {
    menu.value = null;
  }

  async function choose(id: string): Promise<void> {
    const node = menu.value?.node;
    close();
    if (node === undefined) return;
    if (id === 'inspect') {
      store.select(node);
      layout.showInspector();
    } else if (id === 'log') views.openLog(node);
    else if (id === 'pane') await views.openPane(node);
    else if (id === 'unpin') store.pin(node, null);
    else {
      if (id !== 'start') layout.showInspector();
      await actions.request(id as NodeAction, node);
    }
  }

  return { menu, items, open, close, choose };
}
