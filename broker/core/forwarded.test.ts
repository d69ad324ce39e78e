import { describe, expect, it } from 'vitest';
import type { NodeName } from '../base/ids.ts';
import type { LogFields } from '../base/log.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { Message } from '../protocol/message.ts';
import { NO_PROPERTIES } from '../protocol/packet.ts';
import { arrived } from '../../test/support/forwarding.ts';
import { Publication } from '../session/publication.ts';
import { Forwarded } from './forwarded.ts';

const FAR = 'far@h' as NodeName;
const message: Message = { topic: 't/1', payload: Buffer.from('hi'), qos: 1, retain: true, properties: NO_PROPERTIES, fromClientId: 'c1', fromUsername: 'ann', timestampMs: 5_000 };

/** What a node far off sent, with its clock at 5 s while ours is at 9. */
function reading() {
  const taken: Publication[] = [];
  const errors: LogFields[] = [];
  const metrics = new Metrics();
  const log = { debug() {}, info() {}, warn() {}, error: (msg: string, fields: LogFields = {}) => void errors.push({ msg, ...fields }) };
  const forwarded = new Forwarded({ clock: { now: () => 9_000 }, metrics, log, take: (publication) => void taken.push(publication) });
  return { forwarded, taken, errors, metrics };
}

describe('messages of another node', () => {
  it.each([
    ['without properties', message],
    ['with properties', { ...message, qos: 2, properties: { contentType: 'text/plain', messageExpiryInterval: 60, userProperties: [['k', 'v']] } }],
    ['of QoS 0', { ...message, qos: 0, retain: false, fromUsername: undefined }],
  ] as [string, Message][])('%s arrive whole, stamped by our own clock (R9)', (_name, sent) => {
    const { forwarded, taken } = reading();
    expect(forwarded.read(FAR, arrived(new Publication(sent)))).toBe(1);
    expect(taken.map(({ message: { payload, ...rest } }) => ({ ...rest, payload: Buffer.from(payload) }))).toEqual([{ ...sent, timestampMs: 9_000 }]);
  });

  it('go on in the bytes in which they came, whatever the publisher spoke', () => {
    const packet5 = Buffer.from('300a0003742f3100010203ff', 'hex');
    const packet4 = Buffer.from('30090003742f31010203ff', 'hex');
    const { forwarded, taken } = reading();
    const of = (bytes: Buffer, isV5: boolean) => ({ bytes, start: 0, end: bytes.length, isV5, fromClientId: 'c', fromUsername: undefined });
    expect([forwarded.read(FAR, of(Buffer.concat([packet5, packet5]), true)), forwarded.read(FAR, of(packet4, false))]).toEqual([2, 1]);
    expect(taken.map(({ packet, isV5 }) => [Buffer.from(packet).toString('hex'), isV5])).toEqual([
      [packet5.toString('hex'), true],
      [packet5.toString('hex'), true],
      [packet4.toString('hex'), false],
    ]);
  });

  it.each([
    ['cut short', '30090003742f3101', 'it ends too early'],
    ['with QoS 3', '36090003742f310001ffff', 'both QoS bits are set'],
  ])('%s are left out, counted and reported, and the next frame is read again', (_name, bytes, reason) => {
    const { forwarded, taken, errors, metrics } = reading();
    const good = arrived(new Publication(message));
    const bad = { ...good, isV5: false, bytes: Buffer.from(bytes, 'hex'), end: bytes.length / 2 };
    expect([forwarded.read(FAR, bad), forwarded.read(FAR, good), taken.length]).toEqual([0, 1, 1]);
    expect(errors).toEqual([{ msg: 'cluster_forward_invalid', peer: FAR, clientid: 'c1', reason: expect.stringContaining(reason) as string }]);
    expect(metrics.get('messages.dropped')).toBe(1);
  });
});
