import { Check, Errors } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { HOST_CALLS, HOST_EVENTS, type HostCall, type HostEvent } from '../../../electron/contract/host.ts';
import { createFakeHost } from './fakeHost.ts';
import { SCENE_NAMES } from './fakeScenes.ts';

/** A request for every call, so that the invented host cannot drift from the contract. */
const REQUESTS: Readonly<Partial<Record<HostCall, unknown>>> = {
  'project/open': { path: '/tmp/other' },
  'settings/set': { theme: 'dark' },
  'cluster/start': { nodes: 3 },
  'cluster/frames': { sinceMs: 0 },
  'cluster/events': { sinceMs: 0 },
  'node/start': { node: 'busbar-1' },
  'node/stop': { node: 'busbar-1' },
  'node/kill': { node: 'busbar-1' },
  'node/restart': { node: 'busbar-1' },
  'node/freeze': { node: 'busbar-1' },
  'node/thaw': { node: 'busbar-1' },
  'fault/set': { node: 'busbar-1', peer: 'busbar-2', direction: 'both', kind: 'delay', delayMs: 100 },
  'fault/reset': { node: 'busbar-1', peer: 'busbar-2' },
  'fault/heal': {},
  'node/log': { limit: 10 },
  'connection/save': {
    id: 'x', name: 'x', target: { kind: 'node', node: 'busbar-1' }, clientId: 'x', protocolVersion: 5, cleanStart: true, keepalive: 30, sessionExpiry: 0, username: '', subscriptions: [], will: null,
  },
  'connection/remove': { id: 'x' },
  'client/connect': { id: 'x' },
  'client/disconnect': { id: 'x' },
  'client/subscribe': { id: 'x', topicFilter: 'a/#', qos: 1 },
  'client/unsubscribe': { id: 'x', topicFilter: 'a/#' },
  'client/publish': { id: 'x', topic: 'a/b', payload: new Uint8Array([1]), qos: 1, retain: false },
  'client/send': { id: 'x', topic: 'a/b', content: { kind: 'text', text: '1', format: 'json' }, qos: 1, retain: false, properties: {} },
  'client/repeat': { draft: { id: 'x', topic: 'a/b', content: { kind: 'text', text: '1', format: 'json' }, qos: 1, retain: false, properties: {} }, periodMs: 100, jitterMs: 0, count: 1 },
  'client/repeatStop': { id: 'x' },
  'client/messages': { id: 'x', limit: 10 },
  'client/clear': { id: 'x' },
  'acl/save': { text: '{allow, all}.' },
  'rest/request': { node: 'busbar-1', method: 'GET', path: '/nodes' },
};
/** `connection/remove` comes last: the calls before it need the connection. */
const names = (Object.keys(HOST_CALLS) as HostCall[]).sort((a, b) => Number(a === 'connection/remove') - Number(b === 'connection/remove'));

describe.each(SCENE_NAMES.filter((scene) => scene !== 'empty'))('the invented host, scene %s', (scene) => {
  it('answers every call and tells every event as the contract says', async () => {
    const host = createFakeHost({ scene, nowMs: () => 10_000_000, startMs: 0 });
    const wrong: string[] = [];
    for (const name of Object.keys(HOST_EVENTS) as HostEvent[]) {
      host.port.on(name, (payload) => {
        if (!Check(HOST_EVENTS[name], payload)) wrong.push(`${name}: ${JSON.stringify(Errors(HOST_EVENTS[name], payload)[0])}`);
      });
    }
    for (const name of names) {
      const request = REQUESTS[name];
      if (!Check(HOST_CALLS[name].request, request)) wrong.push(`request of ${name}`);
      const answer = await (host.port.call as (name: HostCall, request?: unknown) => Promise<unknown>)(name, request);
      if (!Check(HOST_CALLS[name].answer, answer)) wrong.push(`${name}: ${JSON.stringify(Errors(HOST_CALLS[name].answer, answer)[0])}`);
    }
    host.tick();
    expect(wrong).toEqual([]);
  });
});
