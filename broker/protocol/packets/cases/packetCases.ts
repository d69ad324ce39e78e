/** All rows, by packet type. */
import { ackCases } from './ackCases.ts';
import { authCases } from './authCases.ts';
import { connackCases } from './connackCases.ts';
import { connectCases } from './connectCases.ts';
import { disconnectCases } from './disconnectCases.ts';
import type { PacketCase } from './packetCase.ts';
import { pingCases } from './pingCases.ts';
import { publishCases } from './publishCases.ts';
import { subackCases } from './subackCases.ts';
import { subscribeCases } from './subscribeCases.ts';
import { unsubackCases } from './unsubackCases.ts';
import { unsubscribeCases } from './unsubscribeCases.ts';

export const packetCases: readonly (readonly [group: string, cases: readonly PacketCase[]])[] = [
  ['CONNECT', connectCases],
  ['CONNACK', connackCases],
  ['PUBLISH', publishCases],
  ['acknowledgements', ackCases],
  ['SUBSCRIBE', subscribeCases],
  ['SUBACK', subackCases],
  ['UNSUBSCRIBE', unsubscribeCases],
  ['UNSUBACK', unsubackCases],
  ['DISCONNECT', disconnectCases],
  ['AUTH', authCases],
  ['PINGREQ and PINGRESP', pingCases],
];
