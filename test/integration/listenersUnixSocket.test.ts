/** Socket files between processes: what a dead one leaves is taken over, what a living one has is not. */
import { lstat, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { CONNECT_5 } from '../support/rawPackets.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { within } from '../support/waitFor.ts';

let folder: string;
let path: string;
let brokers: BrokerProcess[];

beforeEach(async () => {
  folder = await createTempDir();
  path = join(folder, 'mqtt.sock');
  brokers = [];
});
afterEach(async () => {
  await Promise.all(brokers.map((broker) => broker.end()));
  await removeTempDir(folder);
});

async function start(...sets: string[]): Promise<BrokerProcess> {
  const broker = await startBroker([`listeners.tcp.file={bind = "unix:${path}"}`, ...sets]);
  brokers.push(broker);
  return broker;
}

async function connack(): Promise<number | undefined> {
  const socket = connect(path);
  const first = new Promise<number | undefined>((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk[0]));
    socket.once('error', reject);
  });
  socket.write(CONNECT_5);
  return within('CONNACK', first).finally(() => socket.destroy());
}

const modeOf = async () => ((await lstat(path)).mode & 0o777).toString(8);

it('of a process that was killed', async () => {
  const first = await start();
  first.process.kill('SIGKILL');
  await first.process.exit();
  expect((await lstat(path)).isSocket()).toBe(true); // left behind
  await expect(connack()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await start('listeners.tcp.file.unix_socket_mode="600"');
  expect([await connack(), await modeOf()]).toEqual([0x20, '600']);
});

it('of a process that lives, which keeps it', async () => {
  await start();
  await expect(start()).rejects.toThrow(/LISTENER_PORT_IN_USE|socket file is in use/);
  expect(await connack()).toBe(0x20);
});

it('of a process that ended is gone, and a file that is no socket stays', async () => {
  const first = await start();
  await first.end();
  await expect(lstat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  await writeFile(path, 'notes');
  await expect(start()).rejects.toThrow();
  expect(await readFile(path, 'utf8')).toBe('notes');
});
