/** The services beside routing, seen by clients nobody here wrote. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiOf } from '../support/brokerApi.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { runProcess, startProcess, type TestProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

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
const subscribe = (filter: string, count: number, ...more: string[]) => subscribeTo(broker.port, filter, count, ...more);

async function subscribeTo(port: number, filter: string, count: number, ...more: string[]): Promise<TestProcess> {
  const args = ['-oL', 'mosquitto_sub', '-p', String(port), '-V', 'mqttv5', '-t', filter, '-C', String(count), '-d', '-F', 'got %t %q %r %p', ...more];
  const client = startProcess('stdbuf', args, { lifetimeMs: 30_000 });
  running.push(client);
  await client.line((line) => line.startsWith('Subscribed'));
  return client;
}

const publish = (...more: string[]) => publishTo(broker.port, ...more);

async function publishTo(port: number, ...more: string[]): Promise<void> {
  const { code, stderr } = await runProcess('mosquitto_pub', ['-p', String(port), '-V', 'mqttv5', ...more], { lifetimeMs: 30_000 });
  if (code !== 0) throw new Error(`mosquitto_pub ${more.join(' ')}: ${stderr}`);
}

async function got(client: TestProcess): Promise<string[]> {
  await client.exit();
  const lines = client.stdout().split('\n');
  return lines.filter((line) => line.startsWith('got ')).map((line) => line.slice(4));
}

/** Rows of a file that a node has open. */
function rowsIn(path: string): number {
  if (!existsSync(path)) return 0;
  const db = new DatabaseSync(path, { readOnly: true, timeout: 1000 });
  try {
    return (db.prepare('SELECT count(*) AS count FROM delayed').get() as { count: number }).count;
  } catch {
    return 0; // it is being made
  } finally {
    db.close();
  }
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

describe('delayed messages', () => {
  it('survive a restart of the node and come when their time has come', async () => {
    const dataDir = await createTempDir();
    const sets = [`node.data_dir=${dataDir}`, 'listeners.tcp.default.bind=127.0.0.1:0'];
    const first = await startBroker(sets);
    try {
      await publishTo(first.port, '-t', '$delayed/4/later/kept', '-q', '1', '-m', 'after the restart');
      await first.end();
      const second = await startBroker(sets);
      try {
        const subscriber = await subscribeTo(second.port, 'later/#', 1, '-q', '1');
        expect(await got(subscriber)).toEqual(['later/kept 1 0 after the restart']);
      } finally {
        await second.end();
      }
    } finally {
      await first.end();
      await removeTempDir(dataDir);
    }
  });

  it('survive a crash', async () => {
    const dataDir = await createTempDir();
    const sets = [`node.data_dir=${dataDir}`];
    const first = await startBroker(sets);
    await publishTo(first.port, '-t', '$delayed/3600/t', '-m', 'x');
    await waitFor('the row', () => rowsIn(join(dataDir, 'delayed.db')) === 1);
    process.kill(first.ready.pid, 'SIGKILL');
    await first.end();
    const second = await startBroker(sets);
    try {
      const { body } = await apiOf(second.ready.api).get('/mqtt/delayed/messages');
      expect(body).toMatchObject({ data: [{ topic: 't', delayed_interval: 3600 }], meta: { count: 1 } });
    } finally {
      await second.end();
      await removeTempDir(dataDir);
    }
  });
});

describe('topics', () => {
  it('are rewritten for publishers and subscribers, and clients get subscriptions of their own', async () => {
    const rules = '[{action = publish, source_topic = "x/#", re = "^x/y/(.+)$", dest_topic = "z/$1"}, {action = subscribe, source_topic = "w/#", re = "^w/(.+)$", dest_topic = "z/$1"}]';
    const node = await startBroker([`rewrite=${rules}`, 'auto_subscribe.topics=[{topic = "of/${clientid}", qos = 1}]']);
    try {
      const subscriber = await subscribeTo(node.port, 'w/#', 2, '-q', '1', '-i', 'me');
      await publishTo(node.port, '-t', 'x/y/1', '-q', '1', '-m', 'rewritten');
      await publishTo(node.port, '-t', 'of/me', '-q', '1', '-m', 'unasked');
      expect(await got(subscriber)).toEqual(['z/1 1 0 rewritten', 'of/me 1 0 unasked']);
    } finally {
      await node.end();
    }
  });
});

describe('retained messages', () => {
  it('come no faster than their rate, and expire by default', async () => {
    const node = await startBroker(['retainer.delivery_rate=5/s', 'retainer.msg_expiry_interval=1h']);
    try {
      for (let index = 0; index < 8; index += 1) await publishTo(node.port, '-t', `kept/${index}`, '-r', '-m', String(index));
      const subscriber = await subscribeTo(node.port, 'kept/#', 8);
      expect((await got(subscriber)).toSorted()).toEqual(Array.from({ length: 8 }, (_, index) => `kept/${index} 0 1 ${index}`));
    } finally {
      await node.end();
    }
  });
});
