/** The Settings page. */
import type { FeaturePage } from '../../workbench/featurePage.ts';
import SettingsView from './SettingsView.vue';

export const settingsPage: FeaturePage = {
  id: 'settings',
  icon: 'settings',
  order: 100,
  titleKey: 'workbench.settings.title',
  home: { view: 'settings.all', key: 'all', params: {} },
  views: { 'settings.all': { component: SettingsView, icon: 'settings', title: (_, t) => t('workbench.settings.title'), closable: false } },
};
