/** State that all nodes share, over real broker processes: written at one, in force at all, also at those that were away. */
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { RestCaller } from '../support/restCaller.ts';
import { waitFor } from '../support/waitFor.ts';

let cluster: BrokerCluster;
const clients: MqttClient[] = [];

beforeAll(async () => {
  cluster = await BrokerCluster.start(2);
}, 60_000);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await cluster.end();
});

async function rest(number: number): Promise<RestCaller> {
  return RestCaller.open(cluster.member(number).broker.ready.api);
}

async function connectTo(number: number, clientId: string, more: { username?: string; password?: string } = {}): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${cluster.member(number).broker.port}`, { clientId, protocolVersion: 5, reconnectPeriod: 0, ...more });
  clients.push(client);
  return client;
}

/** The reason code of the CONNACK; 0 when the client is let in. */
async function reasonAt(number: number, clientId: string, more: { username?: string; password?: string } = {}): Promise<number> {
  try {
    await (await connectTo(number, clientId, more)).endAsync(true);
    return 0;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

describe('a ban', () => {
  it('set on one node ends the session on the other, and keeps the client out of both (S60)', async () => {
    const victim = await connectTo(2, 'victim');
    const ended = new Promise<void>((resolve) => void victim.once('close', resolve));
    await (await rest(1)).call('POST', '/banned', { as: 'clientid', who: 'victim' });
    await ended;
    expect([await reasonAt(1, 'victim'), await reasonAt(2, 'victim')]).toEqual([0x8a, 0x8a]);
  });

  it('taken back on one node is taken back on both', async () => {
    expect(await (await rest(2)).call('DELETE', '/banned/clientid/victim')).toBe(204);
    await waitFor('node 1 to let the client in', async () => (await reasonAt(1, 'victim')) === 0);
    expect(await reasonAt(2, 'victim')).toBe(0);
  });

  it('set while a node is away is in force when it is back, and what was taken back meanwhile is not', async () => {
    const first = await rest(1);
    await first.call('POST', '/banned', { as: 'username', who: 'old' });
    await waitFor('node 2 to know it', async () => (await reasonAt(2, 'any', { username: 'old' })) === 0x8a);
    cluster.member(2).broker.process.kill('SIGKILL');
    await cluster.gone(2);
    await first.call('POST', '/banned', { as: 'username', who: 'new' });
    await first.call('DELETE', '/banned/username/old');
    await cluster.startMember(2);
    await cluster.whole();
    await waitFor('node 2 to know both', async () => (await reasonAt(2, 'any', { username: 'new' })) === 0x8a && (await reasonAt(2, 'any', { username: 'old' })) === 0);
  });

  it('survives the death of all nodes', async () => {
    for (const number of [1, 2]) {
      cluster.member(number).broker.process.kill('SIGKILL');
      await cluster.gone(number);
    }
    await cluster.startMember(2);
    expect(await reasonAt(2, 'any', { username: 'new' })).toBe(0x8a);
    await cluster.startMember(1);
    await cluster.whole();
  });
});

describe('settings of a service', () => {
  it('changed while a node is away are in force there when it is back, and after a restart of all', async () => {
    cluster.member(2).broker.process.kill('SIGKILL');
    await cluster.gone(2);
    expect(await (await rest(1)).call('PUT', '/mqtt/delayed', { max_delayed_messages: 9 })).toMatchObject([200, { max_delayed_messages: 9 }]);
    await cluster.startMember(2);
    await cluster.whole();
    await waitFor('node 2 to have it', async () => ((await cluster.member(2).get('/mqtt/delayed')) as { max_delayed_messages: number }).max_delayed_messages === 9);
    cluster.member(2).broker.process.kill('SIGTERM');
    await cluster.gone(2);
    await cluster.startMember(2);
    expect(await cluster.member(2).get('/mqtt/delayed')).toMatchObject({ max_delayed_messages: 9 });
    await cluster.whole();
  });
});

describe('authentication', () => {
  const ID = 'password_based:built_in_database';
  const user = (username: string, password: string) => ({ username, password });

  it('set up on one node asks the clients of both, and a user added on one may log in on both', async () => {
    const [first, second] = [await rest(1), await rest(2)];
    expect(await first.call('POST', '/authentication', { mechanism: 'password_based', backend: 'built_in_database' })).toMatchObject([200, { id: ID }]);
    await waitFor('node 2 to ask too', async () => (await reasonAt(2, 'c', user('ann', 'secret'))) !== 0);
    expect(await second.call('POST', `/authentication/${ID}/users`, { user_id: 'ann', password: 'secret' })).toMatchObject([201, { user_id: 'ann' }]);
    await waitFor('node 1 to know her', async () => (await reasonAt(1, 'c', user('ann', 'secret'))) === 0);
    expect([await reasonAt(2, 'c', user('ann', 'secret')), await reasonAt(2, 'c', user('ann', 'wrong'))]).toEqual([0, 0x86]);
  });

  it('changed while a node is away is the same there when it is back (S54)', async () => {
    const first = await rest(1);
    await first.call('POST', `/authentication/${ID}/users`, { user_id: 'bob', password: 'b' });
    await waitFor('node 2 to know him', async () => (await reasonAt(2, 'c', user('bob', 'b'))) === 0);
    cluster.member(2).broker.process.kill('SIGKILL');
    await cluster.gone(2);
    await first.call('DELETE', `/authentication/${ID}/users/bob`);
    await first.call('PUT', `/authentication/${ID}/users/ann`, { password: 'changed' });
    await cluster.startMember(2);
    await cluster.whole();
    await waitFor('node 2 to know both changes', async () => (await reasonAt(2, 'c', user('ann', 'changed'))) === 0 && (await reasonAt(2, 'c', user('bob', 'b'))) !== 0);
  });

  it('taken away on one node asks nobody any more on both', async () => {
    expect(await (await rest(2)).call('DELETE', `/authentication/${ID}`)).toBe(204);
    await waitFor('both to let anybody in', async () => (await reasonAt(1, 'c')) === 0 && (await reasonAt(2, 'c')) === 0);
  });
});

/** The payload retained for a topic, as a new subscriber of a node gets it; undefined when there is none. */
async function retainedAt(number: number, topic: string): Promise<string | undefined> {
  const client = await connectTo(number, `reader-${number}-${Math.random()}`);
  const heard: string[] = [];
  client.on('message', (_topic, payload, { retain: retained }) => void (retained && heard.push(payload.toString())));
  await client.subscribeAsync(topic);
  // Behind the answer of a second SUBSCRIBE nothing of the first can come any more.
  await client.subscribeAsync('none');
  await client.endAsync(true);
  return heard[0];
}

async function retain(number: number, topic: string, payload: string): Promise<void> {
  const client = await connectTo(number, `writer-${number}-${Math.random()}`);
  await client.publishAsync(topic, payload, { retain: true, qos: 1, properties: { contentType: 'text/plain' } }).catch(() => {}); // MQTT.js takes "no matching subscribers" for an error
  await client.endAsync(true);
}

describe('a retained message (R38)', () => {
  it('of one node is that of the other, and so is its end', async () => {
    await retain(1, 'r/a', 'one');
    await waitFor('node 2 to have it', async () => (await retainedAt(2, 'r/a')) === 'one');
    await retain(2, 'r/a', 'two');
    await waitFor('node 1 to have the newer one', async () => (await retainedAt(1, 'r/a')) === 'two');
    const page = (await cluster.member(1).get('/mqtt/retainer/messages')) as { data: { topic: string }[] };
    expect(page.data.map(({ topic }) => topic)).toEqual(['r/a']);
    await retain(1, 'r/a', '');
    await waitFor('node 2 to have none', async () => (await retainedAt(2, 'r/a')) === undefined);
  });

  it('of a node about itself stays with that node', async () => {
    const version = '$SYS/brokers/bus1@127.0.0.1/version';
    // The first word of a node comes one interval after its start, or after a change of the interval: by default a minute.
    await (await rest(1)).call('PUT', '/configs/sys_topics', { sys_msg_interval: '1s' });
    await waitFor('node 1 to say its version', async () => (await retainedAt(1, version)) !== undefined);
    await retain(1, 'r/behind', 'x');
    await waitFor('node 2 to have what was retained later', async () => (await retainedAt(2, 'r/behind')) === 'x');
    expect(await retainedAt(2, version)).toBeUndefined();
  });

  it('deleted over REST on one node is gone on both', async () => {
    for (const topic of ['del/1', 'del/2']) await retain(1, topic, 'x');
    await waitFor('node 2 to have both', async () => (await retainedAt(2, 'del/2')) === 'x');
    expect(await (await rest(2)).call('DELETE', `/mqtt/retainer/message/${encodeURIComponent('del/#')}`)).toBe(204);
    await waitFor('node 1 to have none', async () => (await retainedAt(1, 'del/1')) === undefined && (await retainedAt(1, 'del/2')) === undefined);
  });

  it('written while a node is away: the newest by publish order stands on both, deletes too (S53)', async () => {
    for (const topic of ['away/kept', 'away/changed', 'away/deleted']) await retain(2, topic, 'old');
    await waitFor('node 1 to have them', async () => (await retainedAt(1, 'away/deleted')) === 'old');
    cluster.member(2).broker.process.kill('SIGKILL');
    await cluster.gone(2);
    await retain(1, 'away/changed', 'new');
    await retain(1, 'away/deleted', '');
    await cluster.startMember(2);
    await cluster.whole();
    await waitFor('node 2 to have what changed', async () => (await retainedAt(2, 'away/changed')) === 'new' && (await retainedAt(2, 'away/deleted')) === undefined);
    expect([await retainedAt(1, 'away/deleted'), await retainedAt(2, 'away/kept')]).toEqual([undefined, 'old']);
  });

  it('survives the end of all nodes', async () => {
    for (const number of [1, 2]) {
      cluster.member(number).broker.process.kill('SIGTERM');
      await cluster.gone(number);
    }
    await cluster.startMember(1);
    expect([await retainedAt(1, 'away/kept'), await retainedAt(1, 'away/changed')]).toEqual(['old', 'new']);
    await cluster.startMember(2);
    await cluster.whole();
  });
});
