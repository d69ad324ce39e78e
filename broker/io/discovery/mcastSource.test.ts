import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { parseNodeName, type NodeName } from '../../base/ids.ts';
import { silentLog } from '../../base/log.ts';
import { waitFor } from '../../../test/support/waitFor.ts';
import { McastSource } from './mcastSource.ts';

const sources: McastSource[] = [];
afterEach(() => Promise.all(sources.splice(0).map((source) => source.withdraw())));

/** A port free for UDP a moment ago. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

function sourceOf(name: string, ports: readonly number[], { cluster = 'emqxcl', port = 4370 } = {}): McastSource {
  const node = parseNodeName(name) as NodeName;
  const config = { addr: '239.192.0.1', ports, iface: '127.0.0.1', ttl: 1, loop: true };
  const source = new McastSource(config, cluster, { node, address: { host: '127.0.0.1', port } }, silentLog);
  sources.push(source);
  return source;
}
const look = (source: McastSource) => source.discover(AbortSignal.timeout(5_000));
const names = async (source: McastSource) => (await look(source)).map(({ node, address }) => `${node} ${address.host}:${address.port}`).sort();

describe('discovery by multicast', () => {
  it('finds the nodes of the same cluster on one port of one machine, and not itself', async () => {
    const ports = [await freeUdpPort()];
    const [one, two, three] = [sourceOf('a@127.0.0.1', ports), sourceOf('b@127.0.0.1', ports, { port: 4371 }), sourceOf('c@127.0.0.1', ports, { port: 4372 })];
    expect(await names(one)).toEqual([]);
    expect(await names(two)).toEqual(['a@127.0.0.1 127.0.0.1:4370']);
    expect(await names(three)).toEqual(['a@127.0.0.1 127.0.0.1:4370', 'b@127.0.0.1 127.0.0.1:4371']);
    // The first one was asked, and so knows who is there without asking again.
    expect(await names(one)).toEqual(['b@127.0.0.1 127.0.0.1:4371', 'c@127.0.0.1 127.0.0.1:4372']);
  });

  it('hears nothing of another cluster, nor of what is no datagram of ours', async () => {
    const ports = [await freeUdpPort()];
    const one = sourceOf('a@127.0.0.1', ports);
    await look(one);
    await look(sourceOf('b@127.0.0.1', ports, { cluster: 'other' }));
    const stranger = createSocket('udp4');
    stranger.bind(0);
    await once(stranger, 'listening');
    stranger.setMulticastInterface('127.0.0.1');
    const here = { busbar: 1, kind: 'here', cluster: 'emqxcl', from: 'f'.repeat(16), place: 'x@127.0.0.1 127.0.0.1:4379' };
    const nonsense = ['', 'null', '[]', '{', ...[{ place: 'x@127.0.0.1 127.0.0.1:0' }, { place: 'x@h 127.0.0.1:70000' }, { place: 'x' }, { place: 'x@h 127.0.0.1:1 2' }, { place: 5 }, { from: 5 }, { kind: 'go' }, { busbar: 2 }, { cluster: 7 }].map((wrong) => JSON.stringify({ ...here, ...wrong }))];
    for (const text of [...nonsense, JSON.stringify(here).padEnd(2_000)]) stranger.send(text, ports[0] ?? 0, '239.192.0.1');
    stranger.send(JSON.stringify(here), ports[0] ?? 0, '239.192.0.1');
    // Datagrams of one socket on loopback come in order: when the good one is there, the bad ones have been.
    await waitFor('the good datagram', async () => (await look(one)).length > 0);
    stranger.close();
    expect(await names(one)).toEqual(['x@127.0.0.1 127.0.0.1:4379']);
  });

  it('uses the next port when the first is taken by another program', async () => {
    const [taken, free] = [createSocket('udp4'), await freeUdpPort()];
    taken.bind(0);
    await once(taken, 'listening');
    const ports = [taken.address().port, free];
    const [one, two] = [sourceOf('a@127.0.0.1', ports), sourceOf('b@127.0.0.1', ports)];
    await look(one);
    expect(await names(two)).toEqual(['a@127.0.0.1 127.0.0.1:4370']);
    taken.close();
  });

  it('fails with what to do when the interface does not exist', async () => {
    const config = { addr: '239.192.0.1', ports: [await freeUdpPort()], iface: '203.0.113.9', ttl: 1, loop: true };
    const source = new McastSource(config, 'emqxcl', { node: 'a@h' as NodeName, address: { host: 'h', port: 1 } }, silentLog);
    await expect(look(source)).rejects.toMatchObject({ code: 'DISCOVERY_FAILED', hint: expect.stringContaining('cluster.mcast.iface') as unknown });
  });
});
