/** Debian's mosquitto clients, as witnesses from outside: what nodeMosquitto.test.ts leaves open, and a mosquitto broker as a bridge. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canInstallPackages, findProgram, installPackages } from '../support/debianPackages.ts';
import { mosquittoPub, mosquittoSub, receivedBy } from '../support/mosquittoClients.ts';
import { freePort } from '../support/ports.ts';
import { runProcess, startProcess, type TestProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { conformanceBroker } from './broker.ts';

const broker = conformanceBroker();
const running: TestProcess[] = [];
beforeAll(async () => {
  const missing = (await Promise.all(['mosquitto_pub', 'mosquitto'].map(findProgram))).includes(null);
  if (missing && (await canInstallPackages())) await installPackages(['mosquitto', 'mosquitto-clients']);
}, 360_000);
afterAll(() => Promise.all(running.map((process) => process.end())));

const subscribe = (port: number, ...args: string[]) => mosquittoSub(port, args, running);
const publish = (port: number, ...args: string[]) => mosquittoPub(port, args);

describe('mosquitto clients', () => {
  it.each(['mqttv31', 'mqttv311', 'mqttv5'])('%s: publish and subscribe at every QoS [MQTT3-7.0.0-2]', async (version) => {
    const subscriber = await subscribe(broker.port, '-V', version, '-t', `ms/${version}`, '-q', '2', '-C', '3');
    for (const qos of ['0', '1', '2']) await publish(broker.port, '-V', version, '-t', `ms/${version}`, '-q', qos, '-m', qos);
    expect(await receivedBy(subscriber)).toEqual(['0', '1', '2'].map((qos) => `ms/${version} ${qos} 0 ${qos}`));
  });

  it('share subscriptions, and take delayed wills and options of 5.0', async () => {
    const members = await Promise.all([1, 2].map(() => subscribe(broker.port, '-V', 'mqttv5', '-t', '$share/g/mshare', '-q', '1', '-C', '5')));
    for (let n = 0; n < 10; n += 1) await publish(broker.port, '-V', 'mqttv5', '-t', 'mshare', '-q', '1', '-m', String(n));
    const lines = (await Promise.all(members.map(receivedBy))).flat().map((line) => Number(line.split(' ').at(-1)));
    expect(lines.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const watcher = await subscribe(broker.port, '-V', 'mqttv5', '-t', 'mwill', '--retain-as-published', '-C', '1');
    const will = ['--will-topic', 'mwill', '--will-payload', 'gone', '--will-retain', '-D', 'WILL', 'will-delay-interval', '1', '-D', 'CONNECT', 'session-expiry-interval', '100'];
    const doomed = await subscribe(broker.port, '-V', 'mqttv5', '-t', 'nothing', ...will);
    doomed.kill('SIGKILL');
    expect(await receivedBy(watcher)).toEqual(['mwill 0 1 gone']);
  });
});

describe('a mosquitto broker', () => {
  it.each(['mqttv311', 'mqttv50'])('is a bridge with %s: both directions, no loops, retained flags kept', async (protocol) => {
    const folder = await createTempDir('busbar-bridge-');
    try {
      const port = await freePort();
      const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'connection busbar', `address 127.0.0.1:${broker.port}`];
      await writeFile(join(folder, 'm.conf'), [...lines, `remote_clientid bridge-${protocol}`, `bridge_protocol_version ${protocol}`, `topic br-${protocol}/# both 1`, ''].join('\n'));
      const mosquitto = startProcess((await findProgram('mosquitto')) ?? 'mosquitto', ['-c', join(folder, 'm.conf')], { lifetimeMs: 60_000 });
      running.push(mosquitto);
      const watcher = await broker.connect('');
      await watcher.subscribe('$SYS/#', 0);
      await waitFor('mosquitto to listen', async () => (await runProcess('mosquitto_pub', ['-p', String(port), '-t', 'x', '-n'], { lifetimeMs: 5_000 })).code === 0);
      const here = await broker.connect('');
      await here.subscribe(`br-${protocol}/#`, 9);
      const there = await subscribe(port, '-V', 'mqttv5', '-t', `br-${protocol}/#`, '-q', '1', '--retain-as-published', '-C', '3');
      // The bridge is up when what is said there is heard here.
      await waitFor('the bridge', async () => {
        await publish(port, '-t', `br-${protocol}/up`, '-q', '1', '-m', 'there');
        return (await here.texts()).length > 0;
      });
      here.publish(`br-${protocol}/down`, 'here', { qos: 1, id: 9, retain: true });
      expect((await here.next()).replace(/ #\d+/, '')).toBe(`publish br-${protocol}/down q1 retain "here"`);
      await waitFor('the message of this side over there', () => there.stdout().includes(`got br-${protocol}/down 1 1 here`));
      // What the bridge brought does not come back to it, nor to us a second time.
      const later = (await here.texts()).filter((text) => text.includes('/down'));
      expect(later).toEqual([]);
    } finally {
      await Promise.all(running.splice(0).map((process) => process.end()));
      await removeTempDir(folder);
    }
  }, 60_000);
});
