/**
 * features/clients/: the MQTT clients of the workbench: panes with subscriptions, messages and a composer.
 * In: connections, states and messages of the host, by stores. Out: calls to it. May import: ui, lib, stores, workbench.
 * Begin at ClientPane.vue; acts.ts has what a user does to a client, describe.ts the words for how it stands.
 */
import { useConnectionsStore } from '../../stores/connections.ts';
import type { Command } from '../../workbench/commands.ts';
import type { FeaturePage } from '../../workbench/featurePage.ts';
import { useNavigationStore } from '../../workbench/navigation.ts';
import { useTabsStore } from '../../workbench/tabs.ts';
import { PAGE, PANE_VIEW, paneOf, useClientActs } from './acts.ts';
import ClientPane from './ClientPane.vue';
import ClientsSidebar from './ClientsSidebar.vue';
import ClientStatus from './ClientStatus.vue';
import ClientTabActions from './ClientTabActions.vue';
import { targetText } from './describe.ts';
import MessagePanel from './MessagePanel.vue';
import { useClientsView } from './view.ts';

function commandsOfPage(): readonly Command[] {
  const connections = useConnectionsStore();
  const tabs = useTabsStore();
  const view = useClientsView();
  const acts = useClientActs();
  const focused = connections.specs.find(({ id }) => id === tabs.focusedPane(PAGE)?.view.key);
  const state = focused && connections.states.get(focused.id)?.state;
  const contextKey = 'clients.title';
  const goTo = (part: 'subscribe' | 'find' | 'publish') => () => focused && view.ask(focused.id, part);
  return [
    {
      id: 'clients.new',
      titleKey: 'clients.command.new',
      icon: 'add',
      contextKey,
      keys: ['Mod+N', 'Mod+Alt+N'],
      run: () => {
        tabs.open(PAGE, tabs.focusedPane(PAGE)?.view ?? paneOf(''));
        view.dialog = { kind: 'new' };
      },
    },
    { id: 'clients.connect', titleKey: 'clients.command.connect', icon: 'plug', contextKey, when: () => focused !== undefined && state !== 'connected', run: () => focused && acts.connect(focused) },
    { id: 'clients.disconnect', titleKey: 'clients.command.disconnect', icon: 'unplug', contextKey, when: () => focused !== undefined && state === 'connected', run: () => focused && acts.disconnect(focused) },
    { id: 'clients.subscribe', titleKey: 'clients.command.subscribe', icon: 'subscribe', contextKey, when: () => focused !== undefined, run: goTo('subscribe') },
    { id: 'clients.publish', titleKey: 'clients.command.publish', icon: 'publish', contextKey, when: () => focused !== undefined, run: goTo('publish') },
    { id: 'clients.find', titleKey: 'clients.command.focusSearch', icon: 'search', contextKey, keys: ['Mod+F'], when: () => focused !== undefined, run: goTo('find') },
  ];
}

/** Opens the client's pane and goes to this page: the palette may be asked from any. */
function showClient(id: string): void {
  useClientActs().open(id);
  useNavigationStore().go(PAGE);
}

export const clientsPage: FeaturePage = {
  id: PAGE,
  icon: 'clients',
  titleKey: 'clients.title',
  order: 2,
  home: paneOf(''),
  views: {
    [PANE_VIEW]: {
      component: ClientPane,
      icon: 'plug',
      ownHead: true,
      title: (params, t) => useConnectionsStore().specs.find(({ id }) => id === params['id'])?.name ?? t('clients.title'),
    },
  },
  sidebar: ClientsSidebar,
  tabActions: ClientTabActions,
  panels: [{ id: 'clients.message', titleKey: 'clients.message.title', component: MessagePanel }],
  statusPane: ClientStatus,
  opens: { client: (id) => useClientActs().open(id) },
  commands: commandsOfPage,
  palette: [
    {
      prefix: '@',
      items: () => useConnectionsStore().specs.map((spec) => ({ id: spec.id, title: spec.name, icon: 'plug', context: targetText(spec), run: () => showClient(spec.id) })),
    },
  ],
};
