/** HAProxy before two nodes, as operators set it up: round robin over TCP, and the PROXY protocol before MQTT, TLS and WebSocket. */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { connectAsync, MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiOf } from '../support/brokerApi.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { findProgram } from '../support/debianPackages.ts';
import { freePorts } from '../support/ports.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const PROXIED = ['tcp', 'ssl', 'ws'].flatMap((type) => [`listeners.${type}.default.bind=127.0.0.1:0`, `listeners.${type}.default.enable=true`, `listeners.${type}.default.proxy_protocol=true`]);
/** What every service of this file is: a name, the header it sends, the listener it leads to. */
const SERVICES = [
  ['v1', 'send-proxy', 'tcp:default'],
  ['v2', 'send-proxy-v2', 'tcp:default'],
  ['tls', 'send-proxy-v2', 'ssl:default'],
  ['ws', 'send-proxy-v2', 'ws:default'],
] as const;
type Service = (typeof SERVICES)[number][0];

let brokers: BrokerProcess[] = [];
let haproxy: TestProcess;
let directory: string;
const ports = new Map<Service, number>();
const clients: MqttClient[] = [];

beforeAll(async () => {
  const program = await findProgram('haproxy');
  if (program === null) throw new Error('haproxy is missing: apt-get install haproxy');
  directory = await createTempDir('busbar-haproxy-');
  brokers = await Promise.all([startBroker(PROXIED), startBroker(PROXIED)]);
  const free = await freePorts(SERVICES.length);
  SERVICES.forEach(([name], index) => ports.set(name, free[index] as number));
  const file = join(directory, 'haproxy.cfg');
  await writeFile(file, haproxyConfig());
  haproxy = startProcess(program, ['-db', '-f', file]);
  await waitFor('haproxy', () => reachable(ports.get('v1') as number), 20_000);
}, 60_000);
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});
afterAll(async () => {
  await haproxy.end();
  await Promise.all(brokers.map((broker) => broker.end()));
  await removeTempDir(directory);
});

/** The form of the shipped example: TCP, long time-outs, checked servers in turn. */
function haproxyConfig(): string {
  const services = SERVICES.map(
    ([name, header, listener]) => `
frontend ${name}_frontend
    bind 127.0.0.1:${ports.get(name)}
    default_backend ${name}_backend
backend ${name}_backend
    balance roundrobin
${brokers.map((broker, index) => `    server emqx${index + 1} ${broker.ready.listeners[listener]} ${header} check`).join('\n')}`,
  );
  return `global
    maxconn 1000
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
${services.join('\n')}
`;
}

async function reachable(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** The address of a client as the node knows it that has it. */
async function addressOf(clientId: string): Promise<string | undefined> {
  for (const broker of brokers) {
    const { status, body } = await apiOf(broker.ready.api).get(`/clients/${clientId}`);
    if (status === 200) return (body as { readonly ip_address: string }).ip_address;
  }
  return undefined;
}

describe('behind HAProxy', () => {
  it.each([
    ['v1', 'mqtt'],
    ['v2', 'mqtt'],
    ['tls', 'mqtts'],
    ['ws', 'ws'],
  ] as const)('a client by %s is known by its own address', async (service, protocol) => {
    const clientId = `by-${service}`;
    // A source address of its own: the proxy comes from 127.0.0.1.
    const socketOptions = { localAddress: '127.0.0.7' };
    const port = ports.get(service) as number;
    const client =
      protocol === 'mqtt'
        ? new MqttClient(() => connect({ host: '127.0.0.1', port, ...socketOptions }), { clientId, reconnectPeriod: 0 })
        : await connectAsync(`${protocol}://127.0.0.1:${port}/mqtt`, { clientId, reconnectPeriod: 0, rejectUnauthorized: false, wsOptions: socketOptions, ...socketOptions });
    clients.push(client);
    const received: string[] = [];
    client.on('message', (_topic, payload) => received.push(payload.toString()));
    await client.subscribeAsync('t', { qos: 1 });
    await client.publishAsync('t', 'through', { qos: 1 });
    await waitFor('the message', () => received.includes('through'));
    expect(await addressOf(clientId)).toBe('127.0.0.7');
  });

  it('connections go to both nodes in turn, and health checks are no clients', async () => {
    const open = async (clientId: string) => {
      const client = await connectAsync({ host: '127.0.0.1', port: ports.get('v2') as number, clientId, reconnectPeriod: 0 });
      clients.push(client);
    };
    for (const clientId of ['a', 'b', 'c', 'd']) await open(clientId);
    const clientsOf = async ({ ready }: BrokerProcess) => {
      const { body } = await apiOf(ready.api).get('/clients');
      return (body as { readonly data: readonly unknown[] }).data.length;
    };
    // Clients of the tests before, who left without a word, may take a moment to be missed.
    await waitFor('two clients at each node', async () => (await Promise.all(brokers.map(clientsOf))).every((count) => count === 2));
  });
});
