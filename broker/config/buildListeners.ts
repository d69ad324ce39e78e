/** `listeners.*`: which listeners there are, and what each is told. */
import { LOOPBACK } from './address.ts';
import { badValue } from './badValue.ts';
import type { ListenerConfig } from './config.ts';
import type { ConfigProblem } from './problems.ts';
import { KEYS, LISTENER_PREFIX } from './schema.ts';
import type { Settings } from './settings.ts';

const DEFAULT_LISTENER = 'default';
const DEFAULT_LISTENER_PORT = 1883;

export function buildListeners(settings: Settings, problems: ConfigProblem[]): readonly ListenerConfig[] {
  const names = [DEFAULT_LISTENER, ...settings.namesBelow(LISTENER_PREFIX).filter((name) => name !== DEFAULT_LISTENER)];
  const listeners: ListenerConfig[] = [];
  for (const name of names) {
    if (!settings.get(KEYS.listenerEnable, name)) continue;
    const bind =
      settings.given(KEYS.listenerBind, name) ??
      (name === DEFAULT_LISTENER ? { host: LOOPBACK, port: DEFAULT_LISTENER_PORT } : undefined);
    if (!bind) {
      problems.push(
        badValue(
          settings,
          KEYS.listenerMaxConnections,
          `${LISTENER_PREFIX}${name} has no bind`,
          `Set ${LISTENER_PREFIX}${name}.bind, for example to 1884.`,
          name,
        ),
      );
      continue;
    }
    listeners.push({
      id: `tcp:${name}`,
      type: 'tcp',
      name,
      ...bind,
      maxConnections: settings.get(KEYS.listenerMaxConnections, name),
    });
  }
  return listeners;
}
