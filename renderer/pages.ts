/** The pages of the workbench, in any order: `order` decides. */
import { accessPage } from './features/access/index.ts';
import { clientsPage } from './features/clients/index.ts';
import { clusterPage } from './features/cluster/index.ts';
import { helpPage } from './features/help/index.ts';
import { laterPages } from './features/later/index.ts';
import { settingsPage } from './features/settings/index.ts';
import type { FeaturePage } from './workbench/featurePage.ts';

export const pages: readonly FeaturePage[] = [clusterPage, clientsPage, accessPage, ...laterPages, settingsPage, helpPage];
