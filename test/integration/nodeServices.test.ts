/** The services beside routing, seen by clients nobody here wrote. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { runProcess, startProcess, type TestProcess } from '../support/processes.ts';

let broker: BrokerProcess;
const running: TestProcess[] = [];
beforeAll(async () => {
  broker = await startBroker(['sys_topics.sys_heartbeat_interval=1s', 'sys_topics.sys_msg_interval=1s']);
}, 30_000);
afterAll(async () => {
  await Promise.all(running.map((client) => client.end()));
  await broker.end();
});

/** A subscriber whose SUBACK has come; `count` messages end it. */
async function subscribe(filter: string, count: number, ...more: string[]): Promise<TestProcess> {
  const args = ['-oL', 'mosquitto_sub', '-p', String(broker.port), '-V', 'mqttv5', '-t', filter, '-C', String(count), '-d', '-F', 'got %t %q %r %p', ...more];
  const client = startProcess('stdbuf', args, { lifetimeMs: 30_000 });
  running.push(client);
  await client.line((line) => line.startsWith('Subscribed'));
  return client;
}

async function publish(...more: string[]): Promise<void> {
  const { code, stderr } = await runProcess('mosquitto_pub', ['-p', String(broker.port), '-V', 'mqttv5', ...more], { lifetimeMs: 30_000 });
  if (code !== 0) throw new Error(`mosquitto_pub ${more.join(' ')}: ${stderr}`);
}

async function got(client: TestProcess): Promise<string[]> {
  await client.exit();
  const lines = client.stdout().split('\n');
  return lines.filter((line) => line.startsWith('got ')).map((line) => line.slice(4));
}

describe('$SYS topics', () => {
  it('tell a mosquitto client the uptime, the gauges and, retained, the version', async () => {
    const [uptime, clients] = await Promise.all([subscribe('$SYS/brokers/+/uptime', 1), subscribe('$SYS/brokers/+/stats/live_connections/count', 1)]);
    expect((await got(uptime))[0]).toMatch(/^\$SYS\/brokers\/emqx@127\.0\.0\.1\/uptime 0 0 \d+$/);
    expect((await got(clients))[0]).toMatch(/count 0 0 [12]$/);
    const version = await subscribe('$SYS/brokers/+/version', 1);
    expect((await got(version))[0]).toMatch(/version 0 1 \d+\.\d+\.\d+$/);
  });

  it('tell who came and went, with the port of the listener', async () => {
    const watcher = await subscribe('$SYS/brokers/+/clients/seen/+', 2);
    await publish('-i', 'seen', '-u', 'someone', '-t', 'x', '-m', 'x');
    const told = (await got(watcher)).map((line) => [line.split(' ')[0]?.split('/').at(-1), JSON.parse(line.replace(/^\S+ \d \d /, '')) as unknown]);
    expect(told).toMatchObject([
      ['connected', { clientid: 'seen', username: 'someone', sockport: broker.port, ipaddress: '127.0.0.1', proto_ver: 5 }],
      ['disconnected', { clientid: 'seen', reason: 'normal' }],
    ]);
  });
});
