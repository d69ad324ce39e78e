import { describe, expect, it } from 'vitest';
import type { PublishDraft } from '../contract/publishing.ts';
import { resolveDraft } from './publishDraft.ts';
import { packetProperties, refuseProperties } from './publishProperties.ts';

const generators = { nowMs: () => 5, random: () => 0, seq: 3 };
const draft = (change: Partial<PublishDraft>): PublishDraft => ({
  ...{ id: 'a', topic: 'd/{{clientId}}', content: { kind: 'text', text: '{"n": {{$seq}}}', format: 'json' }, qos: 1, retain: false, properties: {} },
  ...change,
});
const resolve = (change: Partial<PublishDraft>) => resolveDraft(draft(change), { clientId: 'press' }, generators);

describe('what a person wrote', () => {
  it('is resolved in topic, payload and properties, then put into its format', () => {
    const request = resolve({ properties: { contentType: 'application/json', responseTopic: 'r/{{clientId}}', userProperties: [{ name: 'n', value: '{{$ts}}' }] } });
    expect({ ...request, payload: new TextDecoder().decode(request.payload) }).toEqual({
      ...{ id: 'a', topic: 'd/press', payload: '{"n": 3}', qos: 1, retain: false },
      properties: { contentType: 'application/json', responseTopic: 'r/press', userProperties: [{ name: 'n', value: '5' }] },
    });
  });

  it('is taken byte for byte from a file', () => {
    expect(resolve({ content: { kind: 'file', bytes: Uint8Array.of(0x7b, 0x7b, 0x61, 0x7d, 0x7d) } }).payload).toEqual(Uint8Array.of(0x7b, 0x7b, 0x61, 0x7d, 0x7d));
  });

  it('is refused with the place and the cause', () => {
    expect(() => resolve({ topic: '{{site}}' })).toThrow('The topic cannot be resolved: there is no variable site.');
    expect(() => resolve({ content: { kind: 'text', text: '0x1', format: 'hex' } })).toThrow('The payload is not valid: hex needs two digits a byte; digits: 1.');
  });
});

describe('publish properties', () => {
  it('become those of the packet, with values of one name together', () => {
    const userProperties = [{ name: 'a', value: '1' }, { name: 'b', value: '2' }, { name: 'a', value: '3' }];
    expect(packetProperties({ utf8: true, messageExpiry: 9, topicAlias: 1, correlationData: Uint8Array.of(1), userProperties })).toEqual({
      ...{ payloadFormatIndicator: true, messageExpiryInterval: 9, topicAlias: 1, correlationData: Buffer.from([1]) },
      userProperties: { a: ['1', '3'], b: '2' },
    });
  });

  it('are refused on a connection of MQTT 3', () => {
    expect(() => refuseProperties({ contentType: 'x' })).toThrow('Publish properties (contentType) need MQTT 5');
  });
});
