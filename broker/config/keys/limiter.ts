/** Rates of the whole node, and of every client whose listener has none of its own: `limiter.*` (broker-contract 3.3, 3.4). */
import * as form from '../valueTypes.ts';
import { key } from './key.ts';

export const LIMITER_KEYS = {
  limiterMaxConnRate: key('limiter.max_conn_rate', form.rate, 'infinity', 'New connections of all listeners together; further ones wait until the rate allows them.'),
  limiterMaxConnBurst: key('limiter.max_conn_burst', form.rate, 'infinity', 'Connections beyond that rate before it takes hold; without one nothing is added.'),
  limiterMessagesRate: key('limiter.messages_rate', form.rate, 'infinity', 'Messages that all clients of the node may publish together; while it is used up, publishers are not read.'),
  limiterMessagesBurst: key('limiter.messages_burst', form.rate, 'infinity', 'Messages beyond that rate before it takes hold; without one nothing is added.'),
  limiterBytesRate: key('limiter.bytes_rate', form.rate, 'infinity', 'Bytes that all clients of the node may send together; while it is used up, clients are not read.'),
  limiterBytesBurst: key('limiter.bytes_burst', form.rate, 'infinity', 'Bytes beyond that rate before it takes hold; without one nothing is added.'),
  limiterClientMessagesRate: key(
    'limiter.client.messages_rate',
    form.rate,
    'infinity',
    'Messages each client may publish where its listener has no messages_rate. Busbar only; EMQX 4 has it in its zone.',
    { aliases: ['zone.external.rate_limit.conn_messages_in', 'zone.external.publish_limit'] },
  ),
  limiterClientBytesRate: key(
    'limiter.client.bytes_rate',
    form.rate,
    'infinity',
    'Bytes each client may send where its listener has no bytes_rate. Busbar only; EMQX 4 has it in its zone.',
    { aliases: ['zone.external.rate_limit.conn_bytes_in'] },
  ),
} as const;
