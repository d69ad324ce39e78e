/** Debian's mosquitto clients against a real node: clients nobody here wrote. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { findProgram, canInstallPackages, installPackages } from '../support/debianPackages.ts';
import { mosquittoPub, mosquittoSub, receivedBy } from '../support/mosquittoClients.ts';
import { runProcess, type TestProcess } from '../support/processes.ts';

let broker: BrokerProcess;
const running: TestProcess[] = [];
beforeAll(async () => {
  if ((await findProgram('mosquitto_sub')) === null && (await canInstallPackages())) await installPackages(['mosquitto-clients']);
  broker = await startBroker();
}, 360_000);
afterAll(async () => {
  await Promise.all(running.map((client) => client.end()));
  await broker.end();
});

type Version = 'mqttv311' | 'mqttv5';

/** `count` messages end it. */
const subscribe = (version: Version, filter: string, count: number, ...more: string[]) =>
  mosquittoSub(broker.port, ['-V', version, '-t', filter, '-C', String(count), ...more], running);
const publish = (version: Version, ...more: string[]) => mosquittoPub(broker.port, ['-V', version, ...more]);

describe.each(['mqttv311', 'mqttv5'] as const)('mosquitto clients with %s', (version) => {
  it.each([0, 1, 2])('publish and subscribe at QoS %i', async (qos) => {
    const topic = `${version}/qos${qos}`;
    const subscriber = await subscribe(version, topic, 2, '-q', '2');
    await publish(version, '-t', topic, '-q', String(qos), '-m', 'one');
    await publish(version, '-t', topic, '-q', String(qos), '-m', 'two');
    expect(await receivedBy(subscriber)).toEqual([`${topic} ${qos} 0 one`, `${topic} ${qos} 0 two`]);
  });

  it('match wildcards, and not what begins with $', async () => {
    const subscriber = await subscribe(version, `+/${version}/w/#`, 3);
    for (const topic of [`a/${version}/w`, `$a/${version}/w/x`, `a/${version}/v`, `b/${version}/w/x/y`, `/${version}/w/`]) {
      await publish(version, '-t', topic, '-m', 'x');
    }
    expect(await receivedBy(subscriber)).toEqual([`a/${version}/w 0 0 x`, `b/${version}/w/x/y 0 0 x`, `/${version}/w/ 0 0 x`]);
  });

  it('find the last retained message, and none after it was deleted', async () => {
    const topic = `${version}/retained`;
    await publish(version, '-t', topic, '-r', '-q', '1', '-m', 'old');
    await publish(version, '-t', topic, '-r', '-q', '1', '-m', 'new');
    expect(await receivedBy(await subscribe(version, `${version}/retained/#`, 1, '-q', '1'))).toEqual([`${topic} 1 1 new`]);
    await publish(version, '-t', topic, '-r', '-n');
    const none = await subscribe(version, topic, 1);
    await publish(version, '-t', topic, '-m', 'live');
    expect(await receivedBy(none)).toEqual([`${topic} 0 0 live`]);
  });

  it('get the will of a client that is killed', async () => {
    const watcher = await subscribe(version, `${version}/will`, 1);
    const doomed = await subscribe(version, 'nothing', 1, '--will-topic', `${version}/will`, '--will-payload', 'gone', '--will-qos', '1');
    doomed.kill('SIGKILL');
    expect(await receivedBy(watcher)).toEqual([`${version}/will 0 0 gone`]);
  });

  it('find what was published while they were away', async () => {
    const topic = `${version}/offline`;
    const id = ['-i', `${version}-sleeper`, '-c', '-q', '2', ...(version === 'mqttv5' ? ['-x', '100'] : [])];
    const first = await subscribe(version, topic, 1, ...id);
    await publish(version, '-t', topic, '-q', '2', '-m', '1');
    await receivedBy(first);
    for (const text of ['2', '3', '4']) await publish(version, '-t', topic, '-q', '2', '-m', text);
    expect(await receivedBy(await subscribe(version, topic, 3, ...id))).toEqual(['2', '3', '4'].map((text) => `${topic} 2 0 ${text}`));
  });
});

describe('mosquitto clients of different versions', () => {
  it('hear each other, properties included', async () => {
    const five = await subscribe('mqttv5', 'mixed', 2, '-q', '1', '-F', 'got %t %q %r %p %C %P');
    const older = await subscribe('mqttv311', 'mixed', 2, '-q', '1');
    await publish('mqttv5', '-t', 'mixed', '-q', '1', '-m', 'from5', '-D', 'PUBLISH', 'content-type', 'text/plain', '-D', 'PUBLISH', 'user-property', 'k', 'v');
    await publish('mqttv311', '-t', 'mixed', '-q', '1', '-m', 'from4');
    expect(await receivedBy(older)).toEqual(['mixed 1 0 from5', 'mixed 1 0 from4']);
    const lines = (await receivedBy(five)).filter((line) => line !== 'mixed 1 0 from5');
    expect(lines[0]).toBe('mixed 1 0 from5 text/plain k:v');
  });

  it('do not disturb a node by being many', async () => {
    const subscriber = await subscribe('mqttv311', 'many/#', 400, '-q', '1');
    await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        runProcess('mosquitto_pub', ['-p', String(broker.port), '-t', `many/${index}`, '-q', '1', '-l'], {
          input: Array.from({ length: 100 }, (_unused, line) => `${line}\n`).join(''),
          lifetimeMs: 30_000,
        }),
      ),
    );
    const lines = await receivedBy(subscriber);
    for (let index = 0; index < 4; index += 1) {
      const own = lines.filter((line) => line.startsWith(`many/${index} `)).map((line) => Number(line.split(' ').at(-1)));
      expect(own).toEqual(Array.from({ length: 100 }, (_, line) => line));
    }
  });
});
