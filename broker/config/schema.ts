/**
 * Every key a node understands, once: name, form, default, meaning, and the spellings of EMQX 4 that mean the same. Reading,
 * defaults, `--help` and the documentation all come from this table. Keys EMQX has and Busbar has not: emqxKeys.ts.
 */
import { ACCESS_KEYS } from './keys/access.ts';
import { CLUSTER_KEYS } from './keys/cluster.ts';
import { DEBUG_KEYS } from './keys/debug.ts';
import { DASHBOARD_KEYS } from './keys/dashboard.ts';
import type { ConfigKey } from './keys/key.ts';
import { LIMITER_KEYS } from './keys/limiter.ts';
import { LISTENER_KEYS, listenerKeyRows } from './keys/listeners.ts';
import { LOG_KEYS } from './keys/log.ts';
import { MQTT_KEYS } from './keys/mqtt.ts';
import { NODE_KEYS } from './keys/node.ts';
import { OVERLOAD_KEYS } from './keys/overload.ts';
import { SERVICE_KEYS } from './keys/services.ts';
import { SESSION_KEYS } from './keys/sessions.ts';
import { SHARED_KEYS } from './keys/shared.ts';

export type { ConfigKey } from './keys/key.ts';
export { DEFAULT_COOKIE, DEFAULT_PASSWORD } from './keys/key.ts';

export const KEYS = {
  ...NODE_KEYS,
  ...CLUSTER_KEYS,
  ...MQTT_KEYS,
  ...SHARED_KEYS,
  ...SERVICE_KEYS,
  ...SESSION_KEYS,
  ...ACCESS_KEYS,
  ...DASHBOARD_KEYS,
  ...LIMITER_KEYS,
  ...OVERLOAD_KEYS,
  ...LOG_KEYS,
  ...DEBUG_KEYS,
} as const;

export { DEFAULT_PORTS, LISTENER_KEYS } from './keys/listeners.ts';

/** Every row of the table: what is read, and what is documented. */
export const ALL_KEYS: readonly ConfigKey<unknown>[] = [
  ...Object.values(KEYS),
  ...Object.values(LISTENER_KEYS).flatMap((keys) => listenerKeyRows(keys)),
];
