/**
 * features/access/: the access rules: text and cards of one tree, explain, problems, apply.
 * In: the rules file and the answers of nodes, by stores; the language itself from broker/access/acl. Out: calls to the host.
 * May import: ui, lib, stores, workbench, broker/access/acl. Begin at RulesView.vue; acts.ts has what a reader does.
 */
import { useAccessStore } from '../../stores/access.ts';
import { useClusterStore } from '../../stores/cluster.ts';
import type { Command } from '../../workbench/commands.ts';
import type { FeaturePage, PaletteItem } from '../../workbench/featurePage.ts';
import { useLayoutStore } from '../../workbench/layout.ts';
import AccessSidebar from './AccessSidebar.vue';
import AccessStatus from './AccessStatus.vue';
import AccessTabActions from './AccessTabActions.vue';
import { useAccessActs } from './acts.ts';
import ExplainPanel from './ExplainPanel.vue';
import ProblemsPanel from './ProblemsPanel.vue';
import ReviewView from './ReviewView.vue';
import RulesView from './RulesView.vue';
import StagedBar from './StagedBar.vue';
import { EXPLAIN_PANEL, PAGE, PROBLEMS_PANEL, REVIEW_VIEW, RULES_VIEW, useAccessView } from './view.ts';

function fileName(): string {
  return useAccessStore().file?.path.split('/').at(-1) ?? 'acl.conf';
}

function commandsOfPage(): readonly Command[] {
  const access = useAccessStore();
  const acts = useAccessActs();
  const layout = useLayoutStore();
  const contextKey = 'access.title';
  return [
    {
      id: 'access.apply',
      titleKey: 'access.commands.apply',
      icon: 'acl',
      contextKey,
      keys: ['Mod+S'],
      when: () => access.file !== null,
      run: () => acts.apply(),
    },
    {
      id: 'access.review',
      titleKey: 'access.commands.review',
      icon: 'splitRight',
      contextKey,
      when: () => access.dirty,
      run: () => acts.review(),
    },
    {
      id: 'access.discard',
      titleKey: 'access.commands.discard',
      icon: 'delete',
      contextKey,
      when: () => access.dirty,
      run: () => acts.discard(),
    },
    {
      id: 'access.explain',
      titleKey: 'access.commands.explain',
      icon: 'search',
      contextKey,
      run: () => layout.showPanel(EXPLAIN_PANEL),
    },
    {
      id: 'access.problems',
      titleKey: 'access.commands.problems',
      icon: 'warn',
      contextKey,
      run: () => layout.showPanel(PROBLEMS_PANEL),
    },
    {
      id: 'access.nextProblem',
      titleKey: 'access.commands.nextProblem',
      icon: 'warn',
      contextKey,
      when: () => access.problems.length > 0,
      run: () => acts.nextProblem(),
    },
  ];
}

function paletteRules(): readonly PaletteItem[] {
  const access = useAccessStore();
  const acts = useAccessActs();
  const file = access.analysis?.file;
  return (file?.items ?? []).map(({ node }) => ({
    id: `access.rule.${node.number}`,
    title: `${node.number}  ${file?.text.slice(node.start, node.end).replace(/\s+/g, ' ').slice(0, 90) ?? ''}`,
    icon: 'acl' as const,
    context: fileName(),
    run: () => acts.goTo(node.start),
  }));
}

export const accessPage: FeaturePage = {
  id: PAGE,
  icon: 'acl',
  titleKey: 'access.title',
  order: 3,
  home: { view: RULES_VIEW, key: 'rules', params: {} },
  views: {
    [RULES_VIEW]: { component: RulesView, icon: 'acl', title: fileName, closable: false, dirty: () => useAccessStore().dirty },
    [REVIEW_VIEW]: { component: ReviewView, icon: 'splitRight', title: (_, t) => t('access.review') },
  },
  sidebar: AccessSidebar,
  tabActions: AccessTabActions,
  panels: [
    { id: EXPLAIN_PANEL, titleKey: 'access.panel.explain', component: ExplainPanel },
    {
      id: PROBLEMS_PANEL,
      titleKey: 'access.panel.problems',
      component: ProblemsPanel,
      badge: () => {
        const { problems, errors, warnings } = useAccessStore();
        if (problems.length === 0) return undefined;
        return { text: String(problems.length), tone: errors > 0 ? 'deny' : warnings > 0 ? 'warn' : 'info' };
      },
    },
  ],
  staged: StagedBar,
  statusPane: AccessStatus,
  // What is to be explained stands in the store; the id is of no use.
  opens: { explain: () => useLayoutStore().showPanel(EXPLAIN_PANEL) },
  commands: commandsOfPage,
  palette: [{ prefix: ':', items: paletteRules }],
  load: async () => {
    // Watches for versions from outside, whichever page is shown.
    useAccessView();
    const cluster = useClusterStore();
    await Promise.all([useAccessStore().load(), cluster.loaded ? undefined : cluster.load()]);
  },
};
