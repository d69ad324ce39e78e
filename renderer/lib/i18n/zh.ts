import { access } from './zh/access.ts';
import { clients } from './zh/clients.ts';
import { cluster } from './zh/cluster.ts';
import { errors } from './zh/errors.ts';
import { ui } from './zh/ui.ts';
import { workbench } from './zh/workbench.ts';

export const zh = { access, clients, cluster, errors, ui, workbench };
