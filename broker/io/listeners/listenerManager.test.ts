import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../../test/support/brokerWorld.ts';
import { connectPacket } from '../../../test/support/rawPackets.ts';
import { createTempDir, removeTempDir } from '../../../test/support/tempDir.ts';
import { waitFor, within } from '../../../test/support/waitFor.ts';
import { silentLog } from '../../base/log.ts';
import type { ListenerConfig } from '../../config/listenerConfig.ts';
import { readListenerJson } from '../../config/listenerJson.ts';
import { loadConfig } from '../../config/load.ts';
import type { JsonObject } from '../../config/serviceJson.ts';
import { Alarms } from '../../core/services/alarms.ts';
import { NodeLimits } from '../nodeLimits.ts';
import { OutputTurn } from '../outputTurn.ts';
import { SlowClients } from '../slowClients.ts';
import { TurnClock } from '../turnClock.ts';
import { DevelopmentCertificates, makeCertificate } from './developmentCertificates.ts';
import { ListenerManager } from './listenerManager.ts';

let folder: string;
let output: OutputTurn;
let manager: ListenerManager;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = await createTempDir();
  output = new OutputTurn();
  const clock = new TurnClock();
  const { config } = loadConfig({});
  if (config === undefined) throw new Error('no configuration');
  const { node } = new BrokerWorld();
  const { connCongestion: congestion, forceShutdown } = config;
  const alarms = new Alarms({ port: node, node: config.node.name, log: silentLog, config: config.alarm });
  manager = new ListenerManager([], {
    node,
    output,
    clock,
    bytes: { received() {}, sent() {} },
    limits: new NodeLimits(config.limiter, { clock, timers: node.timers }),
    slowClients: new SlowClients({ congestion, forceShutdown, alarms, timers: node.timers, clock, metrics: node.metrics, log: silentLog }),
    developmentCertificates: new DevelopmentCertificates(folder, silentLog),
    log: silentLog,
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  manager.stopAccepting();
  await manager.connectionsGone();
  output.dispose();
  await removeTempDir(folder);
});

function configOf(type: ListenerConfig['type'], settings: JsonObject, name = 'x'): ListenerConfig {
  const reading = readListenerJson(type, name, { bind: '127.0.0.1:0', ...settings });
  if (!reading.ok) throw new Error(reading.message);
  return reading.config;
}

const portOf = (id: string) => Number(manager.get(id)?.bind.split(':').at(-1));

/** A raw client; `closed` says what came before the end. */
function open(options: NetConnectOpts): { socket: Socket; closed: Promise<Buffer> } {
  const chunks: Buffer[] = [];
  const socket = connect(options);
  sockets.push(socket);
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {}); // being refused may look like a reset
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks)))) };
}

/** A client that has its CONNACK. */
async function login(options: NetConnectOpts, clientId: string) {
  const client = open(options);
  client.socket.write(connectPacket(clientId));
  await within('CONNACK', new Promise((resolve) => client.socket.once('data', resolve)));
  return client;
}

describe('a listener', () => {
  it('is started, stopped with DISCONNECT to its clients, and started again', async () => {
    await manager.create(configOf('tcp', {}));
    const client = await login({ port: portOf('tcp:x') }, 'a');
    expect(manager.get('tcp:x')?.connections.size).toBe(1);
    await manager.stop('tcp:x');
    const told = await within('the end', client.closed);
    expect([told.subarray(-3).toString('hex'), manager.get('tcp:x')?.running]).toEqual(['e00198', false]);
    await manager.start('tcp:x');
    await login({ port: portOf('tcp:x') }, 'b');
  });

  it('keeps its clients when settings change, and loses them when it moves', async () => {
    await manager.create(configOf('tcp', {}));
    const bind = manager.get('tcp:x')?.bind ?? '';
    const client = await login({ port: portOf('tcp:x') }, 'a');
    await manager.update({ ...configOf('tcp', { max_connections: 1 }), bind: configOf('tcp', {}).bind });
    expect([manager.get('tcp:x')?.bind, manager.get('tcp:x')?.connections.size]).toEqual([bind, 1]);
    await within('a refusal', open({ port: portOf('tcp:x') }).closed);
    expect(manager.get('tcp:x')?.refusals.counts).toEqual(new Map([['max_connections', 1]]));
    await manager.update(configOf('tcp', { bind: '[::1]:0' }));
    await within('the end', client.closed);
    await login({ port: portOf('tcp:x'), host: '::1' }, 'b');
  });

  it('stays as it was when a change cannot be', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await manager.create(configOf('tcp', {}));
    const client = await login({ port: portOf('tcp:x') }, 'a');
    await expect(manager.update(configOf('tcp', { bind: `127.0.0.1:${port}` }))).rejects.toMatchObject({ code: 'LISTENER_PORT_IN_USE' });
    await expect(manager.create(configOf('tcp', { bind: `127.0.0.1:${port}` }, 'y'))).rejects.toMatchObject({ code: 'LISTENER_PORT_IN_USE' });
    await expect(manager.create(configOf('tcp', {}))).rejects.toMatchObject({ code: 'LISTENER_EXISTS' });
    await expect(manager.stop('tcp:y')).rejects.toMatchObject({ code: 'LISTENER_UNKNOWN' });
    expect([manager.get('tcp:x')?.running, manager.get('tcp:y'), client.socket.destroyed]).toEqual([true, undefined, false]);
    await new Promise((resolve) => other.close(resolve));
  });

  it('is not half changed by certificates that cannot be used: on its way off, to another backlog, or through a restart', async () => {
    await manager.create(configOf('ssl', {}));
    const listener = manager.get('ssl:x');
    const { config, bind } = listener ?? {};
    const broken = { ssl_options: { certfile: '/nowhere' } };
    for (const settings of [{ enable: false }, { tcp_options: { backlog: 7 } }, { max_connections: 7 }, { bind: '[::1]:0' }] as const) {
      await expect(manager.update(configOf('ssl', { ...broken, ...settings }))).rejects.toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
      expect([manager.get('ssl:x'), listener?.config, listener?.bind, listener?.running]).toEqual([listener, config, bind, true]);
    }
    await expect(manager.create(configOf('ssl', { ...broken, enable: false }, 'y'))).rejects.toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
    expect(manager.list()).toEqual([listener]);
  });

  it('that runs goes on when it cannot be restarted, and can be turned off when its certificates are gone', async () => {
    const { certificate, privateKey } = makeCertificate({ commonName: 'x', hosts: [], kind: 'server', nowMs: Date.now() });
    const [certfile, keyfile] = [join(folder, 'x.pem'), join(folder, 'x.key')];
    await writeFile(certfile, certificate);
    await writeFile(keyfile, privateKey);
    const settings = { ssl_options: { certfile, keyfile } };
    await manager.create(configOf('ssl', settings));
    await rm(certfile);
    await expect(manager.restart('ssl:x')).rejects.toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
    expect(manager.get('ssl:x')?.running).toBe(true);
    await manager.update(configOf('ssl', { ...settings, enable: false, bind: '127.0.0.1:8' }));
    expect([manager.get('ssl:x')?.running, manager.get('ssl:x')?.bind]).toEqual([false, '127.0.0.1:8']);
  });

  it('moves from one address to all and back with the same port', async () => {
    await manager.create(configOf('tcp', {}));
    const port = portOf('tcp:x');
    for (const bind of [`0.0.0.0:${port}`, `127.0.0.1:${port}`]) {
      await manager.update(configOf('tcp', { bind }));
      expect([manager.get('tcp:x')?.running, manager.get('tcp:x')?.bind]).toEqual([true, bind]);
      await login({ port, host: '127.0.0.1' }, bind);
    }
  });

  it('on a socket file takes the place of a file nobody answers on, and of no other', async () => {
    const path = join(folder, 'mqtt.sock');
    await manager.create(configOf('tcp', { bind: `unix:${path}` }));
    await expect(manager.create(configOf('tcp', { bind: `unix:${path}` }, 'y'))).rejects.toMatchObject({ code: 'LISTENER_PORT_IN_USE' });
    await login({ path }, 'a');
    await manager.remove('tcp:x');
    expect([existsSync(path), manager.list()]).toEqual([false, []]);
  });
});

describe('a client that is slow before MQTT', () => {
  it('has only so long for its handshake', async () => {
    await manager.create(configOf('ssl', { ssl_options: { handshake_timeout: '50ms' } }));
    const { socket, closed } = open({ port: portOf('ssl:x') });
    socket.write(Buffer.from([0x16, 0x03, 0x01])); // begins a handshake and leaves it there
    await within('the end', closed);
    await waitFor('the count', () => manager.get('ssl:x')?.refusals.counts.get('tls_handshake_failed') === 1);
  });

  it('counts among the connections', async () => {
    await manager.create(configOf('ws', { max_connections: 1 }));
    const slow = open({ port: portOf('ws:x') });
    slow.socket.write('GET /mqtt HT');
    await within('a refusal', open({ port: portOf('ws:x') }).closed);
    expect(slow.socket.destroyed).toBe(false);
  });
});
