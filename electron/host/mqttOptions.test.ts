import { describe, expect, it } from 'vitest';
import type { ConnectionSpec } from '../contract/clients.ts';
import { mqttOptions, userPropertiesOf } from './mqttOptions.ts';

const FULL: ConnectionSpec = {
  ...{ id: 'a', name: 'A', target: { kind: 'address', host: 'h', port: 1 }, scheme: 'wss', clientId: 'a', clientIdTime: true, protocolVersion: 5, cleanStart: false },
  ...{ connectTimeout: 3, keepalive: 30, reconnect: { on: true, periodMs: 4_000 }, sessionExpiry: 60, receiveMaximum: 20, maximumPacketSize: 1_000, topicAliasMaximum: 5 },
  ...{ requestResponseInformation: true, requestProblemInformation: false, userProperties: [{ name: 'a', value: '1' }, { name: 'a', value: '2' }, { name: 'b', value: '3', off: true }] },
  ...{ authenticationMethod: 'M', username: '', subscriptions: [] },
  will: {
    ...{ topic: 'w', payload: 'é', qos: 1, retain: true, delay: 5, isText: true, messageExpiry: 9, contentType: 'text/plain', responseTopic: 'r', correlationData: 'c' },
    userProperties: [{ name: 'x', value: 'y' }],
  },
};

describe('the options of a connection', () => {
  it('have everything in MQTT 5', () => {
    expect(mqttOptions(FULL, { password: 'p', authenticationData: Buffer.from('d') }, 7)).toEqual({
      ...{ protocol: 'wss', protocolVersion: 5, protocolId: 'MQTT', clientId: 'a-7', clean: false, keepalive: 30, reconnectPeriod: 4_000, connectTimeout: 3_000 },
      ...{ resubscribe: false, queueQoSZero: false, password: 'p' },
      properties: {
        ...{ sessionExpiryInterval: 60, receiveMaximum: 20, maximumPacketSize: 1_000, topicAliasMaximum: 5, requestResponseInformation: true },
        ...{ requestProblemInformation: false, userProperties: { a: ['1', '2'] }, authenticationMethod: 'M', authenticationData: Buffer.from('d') },
      },
      will: {
        ...{ topic: 'w', payload: Buffer.from('é'), qos: 1, retain: true },
        properties: {
          ...{ willDelayInterval: 5, payloadFormatIndicator: true, messageExpiryInterval: 9, contentType: 'text/plain', responseTopic: 'r' },
          ...{ correlationData: Buffer.from('c'), userProperties: { x: 'y' } },
        },
      },
    });
  });

  it.each([
    [3, 'MQIsdp'],
    [4, 'MQTT'],
  ] as const)('of level %i leave out what only MQTT 5 has', (protocolVersion, protocolId) => {
    expect(mqttOptions({ ...FULL, protocolVersion, reconnect: { on: false } }, { password: 'p' }, 7)).toEqual({
      ...{ protocol: 'wss', protocolVersion, protocolId, clientId: 'a-7', clean: false, keepalive: 30, reconnectPeriod: 0, connectTimeout: 3_000 },
      ...{ resubscribe: false, queueQoSZero: false, will: { topic: 'w', payload: Buffer.from('é'), qos: 1, retain: true } },
    });
  });
});

describe('user properties', () => {
  it('are none when all rows are off', () => {
    expect(userPropertiesOf([{ name: 'a', value: '1', off: true }])).toBeUndefined();
  });

  it('may have any name', () => {
    expect(Object.entries(userPropertiesOf([{ name: '__proto__', value: '1' }]) ?? {})).toEqual([['__proto__', '1']]);
  });
});
