/** Who may connect to a real node: passwords from three client libraries, SCRAM from MQTT.js, changes over REST without a restart. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectMqtt, connectAsync, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { canInstallPackages, findProgram, installPackages } from '../support/debianPackages.ts';
import { runProcess } from '../support/processes.ts';
import { ScramClient } from '../support/scramClient.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor, within } from '../support/waitFor.ts';

const ID = 'password_based%3Abuilt_in_database';
const METHOD = 'SCRAM-SHA-256';

let folder: string;
let broker: BrokerProcess;
let token: string;
const clients: MqttClient[] = [];
type AuthPacket = Parameters<MqttClient['handleAuth']>[0];

beforeAll(async () => {
  if ((await findProgram('mosquitto_pub')) === null && (await canInstallPackages())) await installPackages(['mosquitto-clients']);
  folder = await createTempDir();
  await writeFile(join(folder, 'acl.conf'), '{deny, all, all, ["secret/#"]}.\n');
  await writeFile(join(folder, 'users.csv'), 'user_id,password,is_superuser\nann,pw-ann,true\n');
  broker = await startBroker([
    'mqtt.idle_timeout=5s',
    `authorization.sources=[{type=file, path="${join(folder, 'acl.conf')}"}]`,
    'authorization.deny_action=disconnect',
    `authentication=[{mechanism=password_based, backend=built_in_database, bootstrap_file="${join(folder, 'users.csv')}",
      password_hash_algorithm={name=pbkdf2, mac_fun=sha256, iterations=1000}}, {mechanism=scram, backend=built_in_database}]`,
  ]);
  const login = await fetch(`${broker.ready.api}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'public' }),
  });
  ({ token } = (await login.json()) as { token: string });
  await rest('POST', '/authentication/scram%3Abuilt_in_database/users', { user_id: 'sue,=', password: 'pencil' });
  await rest('POST', `/authentication/${ID}/users`, { user_id: 'bob', password: 'pw-bob' });
}, 360_000);
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});
afterAll(async () => {
  await broker.end();
  await removeTempDir(folder);
});

async function rest(method: string, path: string, body?: unknown): Promise<number> {
  const response = await fetch(`${broker.ready.api}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** 0, or the code of the refusal. */
async function login(options: IClientOptions): Promise<number> {
  try {
    clients.push(await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0, ...options }));
    return 0;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

describe('passwords', () => {
  it.each([4, 5] as const)('of MQTT.js with version %i are checked', async (protocolVersion) => {
    const version = { protocolVersion };
    expect([
      await login({ ...version, username: 'bob', password: 'pw-bob' }),
      await login({ ...version, username: 'bob', password: 'pw-ann' }),
      await login({ ...version, username: 'nobody', password: 'pw-bob' }),
      await login(version),
    ]).toEqual(protocolVersion === 5 ? [0, 0x86, 0x87, 0x87] : [0, 4, 5, 5]);
  });

  it('of the mosquitto clients are checked', async () => {
    const publish = async (...more: string[]) =>
      (await runProcess('mosquitto_pub', ['-p', String(broker.port), '-t', 't', '-m', 'x', ...more], { lifetimeMs: 30_000 })).code;
    expect([await publish('-u', 'bob', '-P', 'pw-bob'), await publish('-u', 'bob', '-P', 'no'), await publish()]).toEqual([0, 4, 5]);
  });

  it('make a superuser whom no rule concerns', async () => {
    expect(await login({ protocolVersion: 5, username: 'ann', password: 'pw-ann' })).toBe(0);
    expect(await login({ protocolVersion: 5, username: 'bob', password: 'pw-bob' })).toBe(0);
    const [ann, bob] = clients as [MqttClient, MqttClient];
    await ann.subscribeAsync('secret/1');
    const received = new Promise<string>((resolve) => ann.once('message', (_topic, payload) => resolve(payload.toString())));
    await ann.publishAsync('secret/1', 'for ann', { qos: 1 });
    expect(await within('the message', received)).toBe('for ann');
    const closed = new Promise<void>((resolve) => bob.once('close', resolve));
    bob.publish('secret/1', 'from bob');
    await within('bob to be disconnected', closed);
  });

  it('hashed slowly let many in at once, and what is sent behind the CONNECT counts', async () => {
    const listener = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { username: 'bob', password: 'pw-bob' });
    clients.push(listener);
    await listener.subscribeAsync('many/#');
    const topics = new Set<string>();
    listener.on('message', (topic) => topics.add(topic));
    for (let index = 0; index < 40; index += 1) {
      const client = connectMqtt(`mqtt://127.0.0.1:${broker.port}`, { username: 'bob', password: 'pw-bob', reconnectPeriod: 0 });
      clients.push(client);
      client.publish(`many/${index}`, 'x', { qos: 1 });
    }
    await waitFor('all messages', () => topics.size === 40);
  });
});

/** MQTT.js with a method: what became of its CONNECT. */
async function scramLogin(scram: ScramClient, more: IClientOptions = {}): Promise<{ client: MqttClient; connack: IConnackPacket } | { code: number }> {
  const properties = { authenticationMethod: METHOD, authenticationData: scram.first };
  const client = connectMqtt(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5, reconnectPeriod: 0, properties, ...more });
  clients.push(client);
  client.handleAuth = (packet, callback) => {
    const data = packet.properties?.authenticationData;
    callback(undefined, answerTo(packet, data === undefined ? Buffer.alloc(0) : scram.answer(data)));
  };
  const outcome = new Promise<{ client: MqttClient; connack: IConnackPacket } | { code: number }>((resolve) => {
    client.once('connect', (connack) => resolve({ client, connack }));
    client.once('error', (error) => resolve({ code: (error as { code: number }).code }));
  });
  return within('CONNACK', outcome);
}

function answerTo({ properties }: AuthPacket, authenticationData: Buffer): AuthPacket {
  return { cmd: 'auth', reasonCode: 0x18, properties: { authenticationMethod: properties?.authenticationMethod ?? '', authenticationData } };
}

describe('SCRAM', () => {
  it('lets MQTT.js in by proof, and proves itself [MQTT-4.12.0-5]', async () => {
    const scram = new ScramClient({ username: 'sue,=', password: 'pencil' });
    const result = await scramLogin(scram);
    expect(result).toMatchObject({ connack: { reasonCode: 0, properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(scram.serverFinal) } } });
  });

  it('refuses a wrong password and an unknown user alike, and whoever goes by another name', async () => {
    expect([
      await scramLogin(new ScramClient({ username: 'sue,=', password: 'pen' })),
      await scramLogin(new ScramClient({ username: 'nobody', password: 'pencil' })),
      await scramLogin(new ScramClient({ username: 'sue,=', password: 'pencil' }), { username: 'ann', password: 'x' }),
    ]).toEqual([{ code: 0x86 }, { code: 0x86 }, { code: 0x87 }]);
  });

  it('refuses other methods [MQTT-4.12.0-1]', async () => {
    expect(await login({ protocolVersion: 5, properties: { authenticationMethod: 'SCRAM-SHA-1' } })).toBe(0x8c);
  });
});

describe('a change over REST', () => {
  it('is in force for the next client, and refused logins leave no secret in the log', async () => {
    expect(await rest('POST', `/authentication/${ID}/users`, { user_id: 'eve', password: 'hunter2-secret' })).toBe(201);
    expect(await login({ protocolVersion: 5, username: 'eve', password: 'hunter2-secret' })).toBe(0);
    expect(await rest('DELETE', `/authentication/${ID}/users/eve`)).toBe(204);
    expect(await login({ protocolVersion: 5, username: 'eve', password: 'hunter2-secret' })).toBe(0x87);
    await waitFor('the log', () => broker.process.stderr().includes('authentication_failure'));
    expect(broker.process.stderr()).not.toMatch(/hunter2|pw-bob|pencil/);
  });

  it('can give a listener its own chain, and take it away', async () => {
    const base = '/listeners/tcp%3Adefault/authentication';
    expect(await rest('POST', base, { mechanism: 'password_based', backend: 'built_in_database', password_hash_algorithm: { name: 'bcrypt', salt_rounds: 5 } })).toBe(200);
    expect(await rest('POST', `${base}/${ID}/users`, { user_id: 'bea', password: 'pw-bea' })).toBe(201);
    expect([await login({ username: 'bob', password: 'pw-bob' }), await login({ username: 'bea', password: 'pw-bea' })]).toEqual([5, 0]);
    expect(await rest('DELETE', `${base}/${ID}`)).toBe(204);
    expect(await login({ username: 'bob', password: 'pw-bob' })).toBe(0);
  });

  it('can ban a client that is connected', async () => {
    expect(await login({ protocolVersion: 5, clientId: 'pest', username: 'bob', password: 'pw-bob' })).toBe(0);
    const closed = new Promise<void>((resolve) => clients[0]?.once('close', resolve));
    expect(await rest('POST', '/banned', { as: 'clientid', who: 'pest' })).toBe(200);
    await within('the client to be disconnected', closed);
    expect([await login({ protocolVersion: 5, clientId: 'pest' }), await login({ clientId: 'pest', username: 'bob', password: 'pw-bob' })]).toEqual([0x8a, 5]);
    expect(await rest('DELETE', '/banned/clientid/pest')).toBe(204);
    expect(await login({ clientId: 'pest', username: 'bob', password: 'pw-bob' })).toBe(0);
  });
});
