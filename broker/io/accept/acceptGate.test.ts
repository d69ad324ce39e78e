import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor, within } from '../../../test/support/waitFor.ts';
import { Limit } from '../../base/limit.ts';
import { UNLIMITED } from '../../base/tokenBucket.ts';
import type { AccessRule } from '../../config/listenerConfig.ts';
import { Metrics } from '../../metrics/metrics.ts';
import { AcceptGate } from './acceptGate.ts';
import type { ProxySource } from './proxyHeader.ts';

const EVERYBODY: readonly AccessRule[] = [{ permission: 'allow', who: 'all' }];
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

let server: Server;
let gate: AcceptGate;
let metrics: Metrics;
let admitted: { readonly socket: Socket; readonly source: ProxySource | undefined }[];
const peers: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => gate.enter(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  gate.close();
  for (const { socket } of admitted) socket.destroy();
  for (const peer of peers.splice(0)) peer.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function makeGate(options: { perSecond?: number; proxyProtocol?: boolean; accessRules?: readonly AccessRule[] } = {}): void {
  metrics = new Metrics();
  admitted = [];
  const limit = Limit.of({ tokens: options.perSecond ?? Number.POSITIVE_INFINITY, intervalMs: 1_000 }, UNLIMITED, performance.now());
  gate = new AcceptGate({
    config: { id: 'tcp:default', accessRules: options.accessRules ?? EVERYBODY, proxyProtocol: options.proxyProtocol ?? false, proxyProtocolTimeoutMs: 200 },
    limits: limit === null ? [] : [limit],
    metrics,
    log: SILENT,
    now: () => performance.now(),
    admit: (socket, source) => void admitted.push({ socket, source }),
  });
}

async function open(): Promise<Socket> {
  const peer = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  peers.push(peer);
  peer.on('error', () => {}); // resets are part of these tests
  await within('a connection', once(peer, 'connect'));
  return peer;
}

describe('the gate of a listener', () => {
  it('admits at once where nothing is limited', async () => {
    makeGate();
    await open();
    await waitFor('the connection', () => admitted.length === 1);
    expect(gate.size).toBe(0);
  });

  it('lets connections above the rate wait in line, and admits them in their order with what they have sent', async () => {
    makeGate({ perSecond: 5 });
    for (let index = 0; index < 8; index += 1) (await open()).write(String(index));
    await waitFor('those within the rate', () => admitted.length >= 5);
    await waitFor('the others', () => admitted.length === 8);
    const said = await Promise.all(admitted.map(({ socket }) => within('its first byte', once(socket, 'data') as Promise<[Buffer]>)));
    expect(said.map(([bytes]) => bytes.toString()).join('')).toBe('01234567');
    expect(metrics.get('limiter.connections.delayed')).toBeGreaterThanOrEqual(1);
  });

  it('gives the place of one that leaves to the next', async () => {
    makeGate({ perSecond: 1 });
    await open();
    await waitFor('the first', () => admitted.length === 1);
    const leaver = await open();
    await waitFor('the line', () => gate.size === 1);
    leaver.resetAndDestroy();
    await waitFor('an empty line', () => gate.size === 0);
    expect(admitted.length).toBe(1);
  });

  it('closes who is inside when it closes', async () => {
    makeGate({ perSecond: 1 });
    await open();
    const waiting = await open();
    await waitFor('the line', () => gate.size === 1);
    const closed = once(waiting, 'close');
    waiting.resume();
    gate.close();
    await within('the end', closed);
    expect(gate.size).toBe(0);
  });

  it('hands on every byte behind the header of a proxy, and whom it speaks for', async () => {
    makeGate({ proxyProtocol: true });
    const peer = await open();
    peer.write('PROXY TCP4 192.0.2.1 203.0.113.7 4711 1883\r\nfirst');
    await waitFor('the connection', () => admitted.length === 1);
    const [{ socket, source }] = admitted as [(typeof admitted)[0]];
    let read = '';
    socket.on('data', (chunk: Buffer) => (read += chunk.toString()));
    peer.write(' second');
    await waitFor('all bytes', () => read === 'first second');
    expect(source).toEqual({ host: '192.0.2.1', port: 4711, commonName: undefined });
  });

  it('waits for the header no longer than it was told, and no longer than the connection lasts', async () => {
    makeGate({ proxyProtocol: true });
    const [silent, leaver] = [await open(), await open()];
    const ends = [silent, leaver].map((peer) => once(peer.resume(), 'close'));
    leaver.end('PROXY');
    await within('both ends', Promise.all(ends));
    await waitFor('an empty gate', () => gate.size === 0);
    expect({ admitted: admitted.length, errors: metrics.get('listener.proxy_protocol.error') }).toEqual({ admitted: 0, errors: 2 });
  });

  it('asks its rules before anything else', async () => {
    makeGate({ accessRules: [{ permission: 'deny', who: '127.0.0.0/8' }, ...EVERYBODY] });
    const peer = await open();
    const closed = once(peer, 'close');
    peer.resume();
    await within('the end', closed);
    expect(admitted.length).toBe(0);
  });
});
