/** Pages that have their place but not yet their content. Each leaves this list when it is built. */
import type { FeaturePage } from '../../workbench/featurePage.ts';
import type { BbIconName } from '../../ui/icons.ts';
import LaterView from './LaterView.vue';

const later = (id: 'trace' | 'load' | 'monitor', icon: BbIconName, order: number): FeaturePage => ({
  id,
  icon,
  order,
  titleKey: `workbench.later.${id}.title`,
  home: { view: `${id}.later`, key: 'later', params: { subject: id } },
  views: { [`${id}.later`]: { component: LaterView, icon, title: (_, t) => t(`workbench.later.${id}.title`), closable: false } },
});

export const laterPages: readonly FeaturePage[] = [later('trace', 'trace', 4), later('load', 'load', 5), later('monitor', 'monitor', 6)];
