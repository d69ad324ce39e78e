import { access } from './en/access.ts';
import { clients } from './en/clients.ts';
import { cluster } from './en/cluster.ts';
import { errors } from './en/errors.ts';
import { ui } from './en/ui.ts';
import { workbench } from './en/workbench.ts';

export const en = { access, clients, cluster, errors, ui, workbench };
