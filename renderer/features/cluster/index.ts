/**
 * features/cluster/: the Cluster page: first run, topology, nodes, time, logs.
 * In: stores/cluster, logs, connections. Out: one FeaturePage. Pure parts: health, polygon, links, nodeCards, timeBar, logLines.
 */
import { useClusterStore } from '../../stores/cluster.ts';
import { useLogsStore } from '../../stores/logs.ts';
import type { Command } from '../../workbench/commands.ts';
import type { FeaturePage, PaletteItem } from '../../workbench/featurePage.ts';
import { useLayoutStore } from '../../workbench/layout.ts';
import { useNavigationStore } from '../../workbench/navigation.ts';
import { useTabsStore } from '../../workbench/tabs.ts';
import ClusterSidebar from './ClusterSidebar.vue';
import ClusterSidebarActions from './ClusterSidebarActions.vue';
import ClusterStatusItems from './ClusterStatusItems.vue';
import ClusterStatusPane from './ClusterStatusPane.vue';
import { useClusterViewStore } from './clusterView.ts';
import FirstRun from './FirstRun.vue';
import LogPanel from './LogPanel.vue';
import LogView from './LogView.vue';
import { ACTION_ICONS, actionsIn, useNodeActions } from './nodeActions.ts';
import NodeInspector from './NodeInspector.vue';
import { logView, TOPOLOGY_VIEW } from './nodeViews.ts';
import ProblemsPanel from './ProblemsPanel.vue';
import TopologyView from './TopologyView.vue';

const context = { contextKey: 'cluster.title' } as const;

function clusterCommands(): readonly Command[] {
  const cluster = useClusterStore();
  const layout = useLayoutStore();
  const store = useClusterViewStore();
  const actions = useNodeActions();
  const navigation = useNavigationStore();
  const tabs = useTabsStore();
  const { nodes, state } = cluster.status;
  const showLog = (name: string) => {
    tabs.open('cluster', logView(name));
    navigation.go('cluster');
  };
  const idle = nodes.some((node) => node.state === 'stopped' || node.state === 'failed');
  return [
    { ...context, id: 'cluster.start', titleKey: 'cluster.commands.start', icon: 'play', when: () => idle, run: () => cluster.start() },
    { ...context, id: 'cluster.stop', titleKey: 'cluster.commands.stop', icon: 'stop', when: () => state !== 'none' && state !== 'stopped', run: () => cluster.stop() },
    { ...context, id: 'cluster.addNode', titleKey: 'cluster.addNode', icon: 'add', run: () => cluster.addNode() },
    { ...context, id: 'cluster.log', titleKey: 'cluster.commands.log', icon: 'log', run: () => layout.showPanel('cluster.log') },
    { ...context, id: 'cluster.table', titleKey: store.saved.table ? 'cluster.commands.picture' : 'cluster.commands.table', icon: 'table', run: () => void (store.saved.table = !store.saved.table) },
    { ...context, id: 'cluster.pause', titleKey: store.live ? 'cluster.time.pause' : 'cluster.time.resume', icon: store.live ? 'pause' : 'play', when: () => nodes.length > 0, run: () => store.togglePause() },
    ...nodes.flatMap(({ name, state: nodeState }): Command[] => [
      ...actionsIn(nodeState).map((action): Command => ({ ...context, id: `cluster.${action}.${name}`, titleKey: `cluster.commands.node.${action}`, values: { node: name }, icon: ACTION_ICONS[action], run: () => actions.request(action, name) })),
      { ...context, id: `cluster.log.${name}`, titleKey: 'cluster.commands.node.log', values: { node: name }, icon: 'log', run: () => showLog(name) },
    ]),
  ];
}

function nodeItems(): readonly PaletteItem[] {
  const navigation = useNavigationStore();
  const store = useClusterViewStore();
  return useClusterStore().status.nodes.map((node) => ({
    id: `node.${node.name}`,
    title: node.name,
    icon: 'node',
    context: `127.0.0.1:${node.ports.mqtt}`,
    run: () => {
      store.select(node.name);
      navigation.go('cluster');
    },
  }));
}

export const clusterPage: FeaturePage = {
  id: 'cluster',
  icon: 'cluster',
  order: 1,
  titleKey: 'cluster.title',
  home: TOPOLOGY_VIEW,
  views: {
    'cluster.topology': { component: TopologyView, icon: 'cluster', title: (_, t) => t('cluster.topology'), closable: false, splittable: true },
    'cluster.log': { component: LogView, icon: 'log', title: (params, t) => t('cluster.logOf', { node: params['node'] ?? '' }), splittable: true },
  },
  sidebar: ClusterSidebar,
  sidebarActions: ClusterSidebarActions,
  inspector: NodeInspector,
  inspects: () => useClusterViewStore().selected !== null,
  panels: [
    { id: 'cluster.log', titleKey: 'cluster.log.title', component: LogPanel, everywhere: true },
    {
      id: 'cluster.problems',
      titleKey: 'cluster.problemsTitle',
      component: ProblemsPanel,
      everywhere: true,
      badge: () => {
        const { length } = useClusterViewStore().problems;
        return length > 0 ? { text: String(length), tone: 'warn' } : undefined;
      },
    },
  ],
  statusWorkspace: ClusterStatusItems,
  statusPane: ClusterStatusPane,
  commands: clusterCommands,
  palette: [{ prefix: '', items: nodeItems }],
  opens: { node: (name) => useClusterViewStore().select(name) },
  cover: {
    when: () => {
      const cluster = useClusterStore();
      return cluster.loaded && cluster.status.nodes.length === 0;
    },
    component: FirstRun,
  },
  load: async () => {
    await Promise.all([useClusterStore().load(), useLogsStore().load()]);
  },
};
