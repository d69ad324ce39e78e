/** The Help page. */
import type { FeaturePage } from '../../workbench/featurePage.ts';
import HelpView from './HelpView.vue';

export const helpPage: FeaturePage = {
  id: 'help',
  icon: 'help',
  order: 101,
  titleKey: 'workbench.help.title',
  home: { view: 'help.keys', key: 'keys', params: {} },
  views: { 'help.keys': { component: HelpView, icon: 'help', title: (_, t) => t('workbench.help.title'), closable: false } },
};
