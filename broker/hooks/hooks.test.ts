import { describe, expect, it } from 'vitest';
import type { LogFields } from '../base/log.ts';
import type { Message } from '../protocol/message.ts';
import { NO_PROPERTIES } from '../protocol/packet.ts';
import { Hooks } from './hooks.ts';

const CLIENT = { clientId: 'c', username: undefined, peerHost: '', isBridge: false };
const MESSAGE: Message = {
  topic: 'a',
  payload: new Uint8Array(),
  qos: 0,
  retain: false,
  properties: NO_PROPERTIES,
  fromClientId: 'c',
  fromUsername: undefined,
  timestampMs: 0,
};

function hooks() {
  const failures: LogFields[] = [];
  const made = new Hooks({ debug() {}, info() {}, warn() {}, error: (_msg, fields = {}) => void failures.push(fields) });
  return { made, failures };
}

/** A callback that appends to the topic, so that a result shows who ran in which order. */
const appending = (text: string, stop = false) => (decision: { message: Message; allow: boolean }) => ({
  next: { ...decision, message: { ...decision.message, topic: decision.message.topic + text } },
  stop,
});

describe('a fold', () => {
  it('runs by priority, equal ones in order of registration', () => {
    const { made } = hooks();
    made.on('message.publish', appending('1'), { owner: 'x' });
    made.on('message.publish', appending('2'), { owner: 'x' });
    made.on('message.publish', appending('0'), { owner: 'x', priority: 10 });
    expect(made.runFold('message.publish', { message: MESSAGE, allow: true }).message.topic).toBe('a012');
  });

  it('ends where a callback says stop', () => {
    const { made } = hooks();
    made.on('message.publish', appending('1', true), { owner: 'x' });
    made.on('message.publish', appending('2'), { owner: 'x' });
    expect(made.runFold('message.publish', { message: MESSAGE, allow: true }).message.topic).toBe('a1');
  });

  it('goes on after a callback that throws, and names its owner', () => {
    const { made, failures } = hooks();
    made.on('message.publish', () => {
      throw new Error('broken');
    }, { owner: 'plugin-x' });
    made.on('message.publish', appending('2'), { owner: 'x' });
    expect(made.runFold('message.publish', { message: MESSAGE, allow: true }).message.topic).toBe('a2');
    expect(failures).toEqual([{ hookpoint: 'message.publish', owner: 'plugin-x', reason: 'broken' }]);
  });

  it('refuses when a callback of authentication or authorization throws', () => {
    const { made } = hooks();
    const broken = () => {
      throw new Error('broken');
    };
    made.on('client.authenticate', broken, { owner: 'x' });
    made.on('client.authorize', broken, { owner: 'x' });
    made.on('client.authorize', () => ({ next: 'allow' }), { owner: 'x' });
    expect(made.runFold('client.authenticate', { result: 'ignore' }, { ...CLIENT, password: undefined })).toEqual({ result: 'error', reasonCode: 0x87 });
    expect(made.runFold('client.authorize', undefined, CLIENT, 'publish', 'a')).toBe('deny');
  });
});

describe('a notification', () => {
  it('reaches all until one says stop, and nobody after dispose', () => {
    const { made } = hooks();
    const seen: string[] = [];
    const first = made.on('message.acked', () => void seen.push('first'), { owner: 'x' });
    made.on('message.acked', () => (seen.push('second'), 'stop'), { owner: 'x' });
    made.on('message.acked', () => void seen.push('third'), { owner: 'x' });
    made.run('message.acked', CLIENT, MESSAGE);
    first.dispose();
    made.run('message.acked', CLIENT, MESSAGE);
    expect({ seen, has: made.has('message.acked'), other: made.has('message.publish') }).toEqual({
      seen: ['first', 'second', 'second'],
      has: true,
      other: false,
    });
  });
});
