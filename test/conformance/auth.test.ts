/** AUTH (3.15) and enhanced authentication (4.12): SCRAM-SHA-256 with a real node, by bytes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { testAuthn } from '../support/adminServer.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { ScramClient } from '../support/scramClient.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { hex, PINGREQ, subscribePacket, text } from './raw/build.ts';
import { RawClient } from './raw/client.ts';
import type { ReceivedPacket } from './raw/read.ts';

const METHOD = 'SCRAM-SHA-256';
const SCRAM = { mechanism: 'scram', backend: 'built_in_database' };

let folder: string;
let broker: BrokerProcess;
const clients: RawClient[] = [];

beforeAll(async () => {
  folder = await createTempDir();
  const authn = await testAuthn(folder);
  await authn.create('global', SCRAM);
  await authn.addUser('global', 'scram:built_in_database', { userId: 'user', password: 'pencil', isSuperuser: false });
  authn.dispose();
  broker = await startBroker([`node.data_dir=${folder}`, 'mqtt.idle_timeout=1500ms']);
}, 30_000);
afterAll(async () => {
  for (const client of clients) client.vanish();
  await broker.end();
  await removeTempDir(folder);
});

const binary = (data: Uint8Array) => `${hex(data.length, 2)} ${Buffer.from(data).toString('hex')}`;
const methodAndData = (method: string, data: Uint8Array) => `15 ${text(method)} 16 ${binary(data)}`;
const authPacket = (code: number, data: Uint8Array, method = METHOD) => wire(`f0 { ${hex(code, 1)} { ${methodAndData(method, data)} } }`);
const value = (packet: ReceivedPacket, name: string) => packet.properties.find(([other]) => other === name)?.[1];
/** Authentication Data of what the server sent. */
const dataOf = (packet: ReceivedPacket) => Buffer.from(String(value(packet, 'authData')), 'hex');

/** A client that has sent CONNECT with a method and got the server's question. */
async function begin(clientId: string, props = ''): Promise<{ client: RawClient; scram: ScramClient; question: ReceivedPacket }> {
  const client = await RawClient.open(broker.port);
  clients.push(client);
  const scram = new ScramClient({ username: 'user', password: 'pencil' });
  client.connect(clientId, { props: `${methodAndData(METHOD, scram.first)} ${props}` });
  return { client, scram, question: await client.packet() };
}

async function connected(clientId: string): Promise<RawClient> {
  const { client, scram, question } = await begin(clientId);
  client.send(authPacket(0x18, scram.answer(dataOf(question))));
  client.connack = await client.packet();
  expect(client.connack.codes).toEqual([0]);
  return client;
}

/** A first message of a re-authentication. */
const again = () => new ScramClient({ username: 'user', password: 'pencil', nonce: 'again' });

describe('enhanced authentication', () => {
  it('asks with AUTH 0x18 and ends with CONNACK, both with the method [MQTT-4.12.0-2] [MQTT-4.12.0-5] [MQTT-3.15.2-1]', async () => {
    const { client, scram, question } = await begin('asked');
    expect([question.type, question.codes, value(question, 'authMethod')]).toEqual(['auth', [0x18], METHOD]);
    client.send(authPacket(0x18, scram.answer(dataOf(question))));
    const connack = await client.packet();
    expect([connack.type, connack.codes, value(connack, 'authMethod'), dataOf(connack).toString()]).toEqual(['connack', [0], METHOD, scram.serverFinal]);
    expect(await client.subscribe('t')).toBe('suback #1 02');
  });

  it('refuses a method it does not serve with 0x8C and closes [MQTT-4.12.0-1]', async () => {
    const client = await RawClient.open(broker.port);
    clients.push(client);
    client.connect('other', { props: methodAndData('SCRAM-SHA-1', Buffer.from('n,,n=user,r=x')) });
    expect(await client.closed()).toEqual([expect.stringMatching(/^connack 8c/)]);
  });

  it('refuses at any step and closes [MQTT-4.12.0-4]', async () => {
    const first = await RawClient.open(broker.port);
    clients.push(first);
    first.connect('first', { props: methodAndData(METHOD, Buffer.from('no such message')) });
    expect(await first.closed()).toEqual([expect.stringMatching(/^connack 87/)]);
    const { client, question } = await begin('last');
    client.send(authPacket(0x18, new ScramClient({ username: 'user', password: 'wrong' }).answer(dataOf(question))));
    expect(await client.closed()).toEqual([expect.stringMatching(/^connack 86/)]);
  });

  it.each([
    ['an answer that is none [MQTT-4.12.0-3]', authPacket(0x19, Buffer.from('x')), /^connack 82/],
    ['another method [MQTT-4.12.0-5]', authPacket(0x18, Buffer.from('x'), 'OTHER'), /^connack 8c/],
    ['AUTH without a method [MQTT-4.12.0-5]', wire('f000'), /^connack 82/],
    ['AUTH with a code that is none [MQTT-3.15.2-1]', authPacket(0x17, Buffer.from('x')), /^connack 8[12]/],
    ['AUTH with flags [MQTT-3.15.1-1]', wire(`f1 { 18 { ${methodAndData(METHOD, Buffer.from('x'))} } }`), /^connack 81/],
    ['another packet before CONNACK [MQTT-3.1.2-30]', PINGREQ, /^connack 82/],
    ['SUBSCRIBE before CONNACK [MQTT-3.1.2-30]', subscribePacket(5, 1, [['#', 0]]), /^connack 82/],
  ])('ends with %s', async (_name, bytes, answer) => {
    const { client } = await begin('broken');
    client.send(bytes);
    expect(await client.closed()).toEqual([expect.stringMatching(answer)]);
  });

  it('ends without a word when the client leaves [MQTT-3.1.2-30], or never answers', async () => {
    const [leaving, silent] = [await begin('leaving'), await begin('silent')];
    leaving.client.disconnect();
    expect([await leaving.client.closed(), await silent.client.closed()]).toEqual([[], []]);
  });

  it('sends nothing in AUTH that could be left out, so nothing has to be [MQTT-3.15.2-2] [MQTT-3.15.2-3]', async () => {
    const { question } = await begin('small', '27 00000400');
    expect(question.properties.map(([name]) => name)).toEqual(['authMethod', 'authData']);
  });

  it('exists only for who names a method: no AUTH and no method from the server [MQTT-4.12.0-6]', async () => {
    const client = await RawClient.open(broker.port);
    clients.push(client);
    client.connect('plain');
    // Only SCRAM is served here, so a client without a method is refused; it is not asked for one.
    const [connack, ...more] = await client.closed();
    expect([connack, more]).toEqual([expect.stringMatching(/^connack 87(?!.*auth)/), []]);
  });
});

describe('authenticating again', () => {
  it('goes on beside other packets, and ends with AUTH 0x00 and not CONNACK [MQTT-4.12.1-1] [MQTT-3.2.0-2]', async () => {
    const client = await connected('again');
    const scram = again();
    client.send(authPacket(0x19, scram.first), PINGREQ);
    const question = await client.packet();
    expect([question.codes, await client.next()]).toEqual([[0x18], 'pingresp']);
    client.send(authPacket(0x18, scram.answer(dataOf(question))));
    const end = await client.packet();
    expect([end.type, end.codes, value(end, 'authMethod'), dataOf(end).toString()]).toEqual(['auth', [0], METHOD, scram.serverFinal]);
    expect(await client.subscribe('t')).toBe('suback #1 02');
  });

  it('that fails ends the connection [MQTT-4.12.1-2]', async () => {
    const client = await connected('failing');
    client.send(authPacket(0x19, again().first));
    const question = await client.packet();
    client.send(authPacket(0x18, new ScramClient({ username: 'user', password: 'wrong', nonce: 'again' }).answer(dataOf(question))));
    expect(await client.closed()).toEqual(['disconnect 87']);
  });

  it.each([
    ['another method [MQTT-4.12.1-1]', authPacket(0x19, again().first, 'OTHER'), 'disconnect 82'],
    ['an answer to no question', authPacket(0x18, Buffer.from('x')), 'disconnect 82'],
    ['AUTH without a method [MQTT-4.12.0-5]', wire('f0 { 19 { } }'), 'disconnect 82'],
    ['AUTH with flags [MQTT-3.15.1-1]', wire(`f8 { 19 { ${methodAndData(METHOD, again().first)} } }`), 'disconnect 81'],
  ])('ends the connection with %s', async (_name, bytes, answer) => {
    const client = await connected('protocol');
    client.send(bytes);
    expect(await client.closed()).toEqual([answer]);
  });
});

describe('a connection without a method', () => {
  it('may not send AUTH [MQTT-4.12.0-7]', async () => {
    const anonymous = await startBroker();
    try {
      const client = await RawClient.open(anonymous.port);
      clients.push(client);
      client.connect('plain');
      expect(await client.next()).toBe('connack 00');
      client.send(authPacket(0x19, again().first));
      expect(await client.closed()).toEqual(['disconnect 82']);
    } finally {
      await anonymous.end();
    }
  });
});
