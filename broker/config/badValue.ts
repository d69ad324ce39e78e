/** The problem of a value that is readable but cannot be used, with where it was said. */
import { describeOrigin } from './assignments.ts';
import type { ConfigProblem } from './problems.ts';
import type { ConfigKey } from './schema.ts';
import type { Settings } from './settings.ts';

export function badValue(
  settings: Settings,
  key: ConfigKey<unknown>,
  message: string,
  hint: string,
  name?: string,
): ConfigProblem {
  const said = settings.origin(key, name);
  const problem = {
    code: 'CONFIG_BAD_VALUE',
    message,
    hint,
    key: said?.written ?? key.path.replace('<name>', name ?? '<name>'),
  } as const;
  return said ? { ...problem, message: `${describeOrigin(said.origin)}: ${message}`, origin: said.origin } : problem;
}
