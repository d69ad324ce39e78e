/** What helps to look into a node, and is off: `debug.*`. Busbar only. */
import { key } from './key.ts';
import * as form from '../valueTypes.ts';

export const DEBUG_KEYS = {
  faults: key(
    'debug.faults',
    form.switchType,
    'false',
    'Whether links to other nodes may be cut, delayed, throttled and broken on purpose, by ctl faults, the REST API and the workbench. Never in production. Busbar only.',
  ),
} as const;
