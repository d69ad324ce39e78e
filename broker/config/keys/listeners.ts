/** Where clients connect: `listeners.*` (broker-contract 3.4). */
import { key, MAX_COUNT } from './key.ts';
import * as form from '../valueTypes.ts';

export const LISTENER_KEYS = {
  listenerEnable: key(
    'listeners.tcp.<name>.enable',
    form.switchType,
    'true',
    'Whether the listener starts. A listener named default exists unless this is false for it.',
    {
      aliases: ['listeners.tcp.<name>.enabled'],
    },
  ),
  listenerBind: key(
    'listeners.tcp.<name>.bind',
    form.bind,
    undefined,
    'Where MQTT clients connect; port 0 takes any free one. A bare port means loopback (in EMQX: every address). Default of the listener default: 1883.',
    {
      aliases: ['listener.tcp.external', 'listener.tcp.<name>'],
    },
  ),
  listenerMaxConnections: key(
    'listeners.tcp.<name>.max_connections',
    form.integer(1, MAX_COUNT, { infinity: Number.POSITIVE_INFINITY }),
    'infinity',
    'Most connections at a time; further ones are closed at once.',
    { aliases: ['listener.tcp.external.max_connections', 'listener.tcp.<name>.max_connections'] },
  ),
} as const;
