/** Broker services: retainer and what stands beside it (broker-contract 3.6). */
import { key, MAX_PACKET_BYTES } from './key.ts';
import * as form from '../valueTypes.ts';

export const SERVICE_KEYS = {
  retainerEnable: key('retainer.enable', form.switchType, 'true', 'Whether retained messages are kept.'),
  maxRetainedMessages: key(
    'retainer.backend.max_retained_messages',
    form.countOrInfinity,
    '0',
    'Most retained messages; further topics are not kept.',
    {
      aliases: ['retainer.max_retained_messages'],
    },
  ),
  retainerMaxPayload: key(
    'retainer.max_payload_size',
    form.byteSize(MAX_PACKET_BYTES),
    '1MB',
    'Largest payload that is kept; a larger one is delivered but not kept.',
  ),
} as const;
