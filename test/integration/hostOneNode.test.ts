/** The host with one real broker node: client sessions, message history, rules, REST, logs. */
import type { PublishDraft } from '../../electron/contract/publishing.ts';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTempDir } from '../support/tempDir.ts';
import { connectionTo, defineCluster, startHost, type HostRig } from './hostRig.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

let rig: HostRig;

beforeAll(async () => {
  const home = await createTempDir('busbar-host-');
  await mkdir(join(home, 'project'));
  await defineCluster(join(home, 'project'), 1);
  rig = await startHost({ home });
  const cluster = await rig.client.call('cluster/start', {});
  expect(cluster).toMatchObject({ name: 'test', state: 'running', nodes: [{ name: 'busbar-1', state: 'running', reason: null }] });
});
afterAll(() => rig.dispose());

describe('a client session', () => {
  it('subscribes, publishes, receives, and keeps what it saw', async () => {
    await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'a', clientId: 'a' }));
    const connected = await rig.client.call('client/connect', { id: 'a' });
    expect(connected).toMatchObject({ id: 'a', state: 'connected', sessionPresent: false, reason: null });
    expect(await rig.client.call('client/subscribe', { id: 'a', topicFilter: 'room/+', qos: 1 })).toEqual({ topicFilter: 'room/+', qos: 1, granted: 1, count: 0 });
    const sent = await rig.client.call('client/publish', { id: 'a', topic: 'room/1', payload: bytes('21.5 °C'), qos: 1, retain: false });
    expect(sent).toMatchObject({ direction: 'out', topic: 'room/1', ack: 0 });
    const { messages } = await rig.event('client/messages', (event) => event.id === 'a' && event.messages.some((message) => message.direction === 'in'));
    const received = messages.find((message) => message.direction === 'in');
    expect(received && { ...received, payload: text(received.payload), timeMs: 0, seq: 0 }).toEqual({
      ...{ seq: 0, timeMs: 0, direction: 'in', topic: 'room/1', payload: '21.5 °C', qos: 1, retain: false, dup: false },
      ...{ matched: ['room/+'], ack: null, properties: {} },
    });
    const stored = await rig.client.call('client/messages', { id: 'a', limit: 10 });
    expect(stored.map(({ seq, direction, ack }) => ({ seq, direction, ack }))).toEqual([
      { seq: 1, direction: 'out', ack: 0 },
      { seq: 2, direction: 'in', ack: null },
    ]);
    const [state] = await rig.client.call('client/states');
    expect(state).toMatchObject({ received: 1, sent: 1, subscriptions: [{ topicFilter: 'room/+', granted: 1, count: 1 }] });
    expect(await readFile(join(rig.projectDir, 'clients/a.yaml'), 'utf8')).toContain('topicFilter: room/+');
  });

  it('sends what a person wrote with variables and properties, and again and again until it was sent as often as asked', async () => {
    await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'w', clientId: 'w' }));
    await rig.client.call('client/connect', { id: 'w' });
    await rig.client.call('client/subscribe', { id: 'w', topicFilter: 'written/#', qos: 1 });
    const draft: PublishDraft = {
      ...{ id: 'w', topic: 'written/{{clientId}}', qos: 1, retain: false },
      content: { kind: 'text', text: '{"n": {{$seq}}}', format: 'cbor' },
      properties: { contentType: 'application/cbor', correlationData: bytes('c'), messageExpiry: 60, userProperties: [{ name: 'by', value: '{{clientId}}' }] },
    };
    const received = rig.event('client/messages', (event) => event.id === 'w' && event.messages.some((message) => message.direction === 'in'));
    expect(await rig.client.call('client/send', draft)).toMatchObject({ topic: 'written/w', ack: 0, properties: { messageExpiryInterval: 60 } });
    const message = (await received).messages.find(({ direction }) => direction === 'in');
    expect(message && { topic: message.topic, payload: [...message.payload], properties: message.properties }).toMatchObject({
      ...{ topic: 'written/w', payload: [0xa1, 0x61, 0x6e, 0x01] },
      properties: { contentType: 'application/cbor', correlationData: 'Yw==', messageExpiryInterval: 60, userProperties: { by: 'w' } },
    });
    const done = rig.event('client/repeat', (state) => state.id === 'w' && !state.running);
    await rig.client.call('client/repeat', { draft: { ...draft, properties: {} }, periodMs: 20, jitterMs: 5, count: 3 });
    expect(await done).toMatchObject({ sent: 3, failed: 0, count: 3, problem: null });
    await expect(rig.client.call('client/send', { ...draft, topic: '{{site}}' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await rig.client.call('client/disconnect', { id: 'w' });
  });

  it('is told what a broker refuses, and connects again when its node comes back', async () => {
    const offline = await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'b', clientId: 'b', protocolVersion: 4 }));
    await expect(rig.client.call('client/publish', { id: offline.id, topic: 't', payload: bytes(''), qos: 0, retain: false })).rejects.toMatchObject({ code: 'CLIENT_OFFLINE' });
    await rig.client.call('client/connect', { id: 'b' });
    await expect(rig.client.call('client/publish', { id: 'b', topic: 'a/#', payload: bytes(''), qos: 0, retain: false })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await rig.client.call('client/subscribe', { id: 'b', topicFilter: 'bad/#/filter', qos: 0 })).toMatchObject({ granted: 0x8f });
    await rig.client.call('client/unsubscribe', { id: 'b', topicFilter: 'bad/#/filter' });
    await rig.client.call('client/subscribe', { id: 'b', topicFilter: 'x', qos: 2 });
    const lost = rig.event('client/changed', (state) => state.id === 'b' && state.state === 'reconnecting');
    await rig.client.call('node/restart', { node: 'busbar-1' });
    await lost;
    const back = await rig.event('client/changed', (state) => state.id === 'b' && state.state === 'connected' && state.subscriptions[0]?.granted === 2);
    expect(back).toMatchObject({ sessionPresent: false, attempt: 0, reason: null });
  });

  it('keeps subscriptions with all their options, and tells the broker what was taken away while it was offline', async () => {
    const call = rig.client.call.bind(rig.client);
    const id = 's';
    await call('connection/save', connectionTo('busbar-1', { id, clientId: id, cleanStart: false, sessionExpiry: 60 }));
    expect(await call('client/subscribe', { id, topicFilter: 'own/#', qos: 1, noLocal: true, alias: 'own', colour: 3 })).toEqual({ topicFilter: 'own/#', qos: 1, granted: null, count: 0 });
    await call('client/subscribe', { id, topicFilter: 'off/#', qos: 1, disabled: true });
    await call('client/subscribe', { id, topicFilter: 'gone', qos: 0, identifier: 7, retainHandling: 2, retainAsPublished: true });
    await call('client/connect', { id });
    const granted = async () => (await call('client/states')).find((state) => state.id === id)?.subscriptions.map((one) => one.granted);
    await rig.event('client/changed', (state) => state.id === id && state.subscriptions[0]?.granted === 1 && state.subscriptions[2]?.granted === 0);
    expect(await granted()).toEqual([1, null, 0]);
    await call('client/publish', { id, topic: 'own/1', payload: bytes(''), qos: 1, retain: false });
    await call('client/publish', { id, topic: 'gone', payload: bytes(''), qos: 1, retain: false });
    await rig.event('client/messages', (event) => event.id === id && event.messages.some(({ properties }) => properties['subscriptionIdentifier'] === 7));
    await call('client/disconnect', { id });
    await call('client/unsubscribe', { id, topicFilter: 'gone' });
    expect(await call('client/connect', { id })).toMatchObject({ sessionPresent: true });
    expect(await call('client/subscribe', { id, topicFilter: 'off/#', qos: 1 })).toMatchObject({ granted: 1 });
    // 0x10: nobody is subscribed, so the broker has forgotten it.
    expect(await call('client/publish', { id, topic: 'gone', payload: bytes(''), qos: 1, retain: false })).toMatchObject({ ack: 0x10 });
    const received = (await call('client/messages', { id, limit: 50 })).filter(({ direction }) => direction === 'in');
    expect(received.map(({ topic }) => topic)).toEqual(['gone']);
    expect(await readFile(join(rig.projectDir, 'clients/s.yaml'), 'utf8')).toContain('alias: own');
    await call('connection/remove', { id });
  });

  it('says why it cannot connect', async () => {
    await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'c', target: { kind: 'address', host: '127.0.0.1', port: 1 } }));
    const state = await rig.client.call('client/connect', { id: 'c' });
    expect(state).toMatchObject({ state: 'reconnecting', reason: 'Nothing listens at this address.' });
    expect(await rig.client.call('client/disconnect', { id: 'c' })).toMatchObject({ state: 'offline', reason: null });
    await rig.client.call('connection/remove', { id: 'c' });
    await expect(rig.client.call('client/connect', { id: 'c' })).rejects.toMatchObject({ code: 'CONNECTION_UNKNOWN' });
  });
});

describe('access rules', () => {
  it('refuses a broken text with its place and changes nothing', async () => {
    const before = await rig.client.call('acl/get');
    const answer = await rig.client.call('acl/save', { text: '{deny, all}.\n{alow, all}.\n' });
    expect(answer).toMatchObject({ ok: false, problems: [{ line: 2, severity: 'error' }] });
    expect(await rig.client.call('acl/get')).toEqual(before);
  });

  it('puts a saved text in force on the running node', async () => {
    const rules = '{deny, {clientid, "d"}, publish, ["secret/#"]}.\n{allow, all}.\n';
    const answer = await rig.client.call('acl/save', { text: rules });
    expect(answer).toMatchObject({ ok: true, file: { path: 'acl/acl.conf', text: rules, nodes: [{ node: 'busbar-1', state: 'applied' }] } });
    expect(await readFile(join(rig.projectDir, 'acl/acl.conf'), 'utf8')).toBe(rules);
    await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'd', clientId: 'd' }));
    await rig.client.call('client/connect', { id: 'd' });
    expect(await rig.client.call('client/publish', { id: 'd', topic: 'secret/1', payload: bytes('x'), qos: 1, retain: false })).toMatchObject({ ack: 0x87 });
    expect(await rig.client.call('client/publish', { id: 'd', topic: 'open/1', payload: bytes('x'), qos: 1, retain: false })).toMatchObject({ ack: 0x10 });
    await rig.event('cluster/event', (event) => event.key === 'acl.applied' && event.node === 'busbar-1');
  });
});

describe('a node', () => {
  it('answers REST with the credentials of the host', async () => {
    const { status, body } = await rig.client.call('rest/request', { node: 'busbar-1', method: 'GET', path: '/nodes' });
    expect(status).toBe(200);
    expect(body).toMatchObject([{ node: 'busbar-1@127.0.0.1', node_status: 'running' }]);
    expect(await rig.client.call('rest/request', { node: 'busbar-1', method: 'GET', path: '/no_such_thing' })).toMatchObject({ status: 404 });
    await expect(rig.client.call('rest/request', { node: 'busbar-1', method: 'GET', path: '/../../x' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('shows its life in frames and its words in the log', async () => {
    const frame = await rig.event('cluster/frame', ({ nodes }) => nodes[0]?.rates !== null && nodes[0]?.snapshot !== null);
    expect(frame.nodes[0]?.snapshot).toMatchObject({ node: 'busbar-1@127.0.0.1' });
    const lines = await rig.client.call('node/log', { node: 'busbar-1', limit: 100 });
    expect(lines.map((line) => line.msg)).toContain('ready');
    expect(lines.map((line) => line.seq)).toEqual(lines.map((line) => line.seq).sort((a, b) => a - b));
  });

  it('keeps its secrets to itself', async () => {
    const dir = join(rig.projectDir, '.busbar');
    for (const file of ['cookie', 'nodes/busbar-1/node.conf', 'nodes/busbar-1/api-keys']) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
    const cookie = (await readFile(join(dir, 'cookie'), 'utf8')).trim();
    expect(await readFile(join(rig.projectDir, 'busbar.yaml'), 'utf8')).not.toContain(cookie);
    const { nodes } = await rig.client.call('cluster/get');
    expect(await readFile(`/proc/${nodes[0]?.pid}/cmdline`, 'utf8')).not.toContain(cookie);
  });
});

describe('a client whose session is taken over', () => {
  it('is told so and does not fight for it', async () => {
    await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'e1', clientId: 'same' }));
    await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'e2', clientId: 'same' }));
    await rig.client.call('client/connect', { id: 'e1' });
    await rig.client.call('client/connect', { id: 'e2' });
    await rig.event('client/changed', (state) => state.id === 'e1' && state.state === 'offline' && state.reasonCode === 0x8e && state.reason === 'Session taken over');
    expect((await rig.client.call('client/states')).find(({ id }) => id === 'e2')).toMatchObject({ state: 'connected' });
  });
});
