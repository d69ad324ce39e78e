/**
 * What people get wrong with a cluster, and strangers at its port: each one clear event that says what to do, and the cluster goes on
 * (cluster-protocol section 12, "Bad input"). Wrong cookie, duplicate name and a port in use are in cluster.test.ts; a data directory that
 * another process holds is in nodeProcess.test.ts.
 */
import { cp, mkdir, open, readdir, stat, truncate } from 'node:fs/promises';
import { once } from 'node:events';
import { connect as dial, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NodeId, NodeName } from '../../broker/base/ids.ts';
import { FrameReader } from '../../broker/cluster/wire/frameReader.ts';
import { decodeClose, encodeHello, Kind } from '../../broker/cluster/wire/v1.ts';
import { BrokerCluster, joiningBroker, startNode, type ClusterMember, type LogLine } from '../support/brokerCluster.ts';
import { freePorts } from '../support/ports.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor, within } from '../support/waitFor.ts';

let cluster: BrokerCluster;
let directory: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  directory = await createTempDir('busbar-bad-');
  cluster = await BrokerCluster.start(2);
}, 60_000);
afterAll(async () => {
  await cluster.end();
  await removeTempDir(directory);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await cluster.whole();
  const names = cluster.members.map(({ name }) => name);
  expect(cluster.members.flatMap((member) => member.told('cluster_node_down')).filter(({ fields }) => names.includes(String(fields['peer'])))).toEqual([]);
});

type Started = Awaited<ReturnType<typeof startNode>>;
const refusals = (node: Pick<ClusterMember, 'told'>, code: string): LogLine[] => node.told('cluster_link_refused').filter(({ fields }) => fields['code'] === code);

/** What both sides say, and that the stranger serves alone. */
async function refusedOnBothSides(stranger: Started, name: string, code: string): Promise<LogLine[]> {
  const lines = () => [stranger, ...cluster.members].flatMap((node) => refusals(node, code).slice(0, 1));
  await waitFor('the refusal on both sides', () => refusals(stranger, code).length > 0 && lines().length > 1);
  expect(await stranger.get('/cluster')).toMatchObject({ nodes: [name] });
  const client = await connectAsync(`mqtt://127.0.0.1:${stranger.broker.port}`);
  await client.endAsync(true);
  return lines();
}

async function socketTo(member: ClusterMember): Promise<Socket> {
  const socket = dial(member.clusterPort, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

describe('a node that does not belong', () => {
  it('because of another cluster name is refused by both sides, with what to set', async () => {
    const stranger = await joiningBroker(cluster, ['node.name=bus9@127.0.0.1', 'cluster.name=plant']);
    try {
      for (const { level, fields } of await refusedOnBothSides(stranger, 'bus9@127.0.0.1', 'CLUSTER_WRONG_NAME')) {
        expect({ level, hint: fields['hint'] }).toEqual({ level: 'warning', hint: 'Set the same cluster.name on all nodes.' });
        expect(fields['reason']).toMatch(/belongs to cluster "(plant|emqxcl)", .* to "(plant|emqxcl)"/);
      }
    } finally {
      await stranger.broker.end();
    }
  });

  it('because it speaks another wire version is told which versions there are', async () => {
    const member = cluster.member(1);
    const socket = await socketTo(member);
    const answered = once(socket, 'data') as Promise<[Buffer]>;
    const identity = { nodeId: 'ab'.repeat(16) as NodeId, name: 'future@127.0.0.1' as NodeName, incarnation: 1, nonce: 'cd'.repeat(8) };
    socket.write(encodeHello({ ...identity, versions: { min: 7, max: 9 }, clusterName: 'busbar', wallMs: Date.now(), challenge: Buffer.alloc(32, 1) }));
    const [bytes] = await within('an answer', answered);
    const reader = new FrameReader(4_096);
    reader.push(bytes);
    const frame = reader.next();
    expect(frame?.kind).toBe(Kind.close);
    const reason = 'future@127.0.0.1 speaks wire versions 7 to 9, bus1@127.0.0.1 1 to 1';
    expect(frame && decodeClose(frame.body)).toEqual({ code: 'CLUSTER_VERSION', message: reason });
    expect(refusals(member, 'CLUSTER_VERSION')).toMatchObject([
      { level: 'warning', fields: { peer: 'future@127.0.0.1', reason, hint: 'Run versions of Busbar that share a wire version.', refused_by: 'this node' } },
    ]);
  });

  it.each([
    ['under a name of its own', 'copy@127.0.0.1', 'DUPLICATE_NODE_ID'],
    ['under the name of the first, too', 'bus1@127.0.0.1', 'DUPLICATE_NODE_ID'],
  ])('R4, S6 because its data directory is a copy, %s, is refused while the first runs', async (_words, name, code) => {
    const dataDir = join(directory, `copy-${name}`);
    await mkdir(dataDir);
    await cp(join(cluster.member(1).broker.dataDir, 'node.json'), join(dataDir, 'node.json'));
    const copy = await joiningBroker(cluster, [`node.name=${name}`, `node.data_dir=${dataDir}`]);
    try {
      await waitFor('the refusal', () => refusals(copy, code).length > 0);
      expect(refusals(copy, code)[0]).toMatchObject({ level: 'warning', fields: { hint: expect.stringMatching(/data directory|reidentify/) as string } });
      await waitFor('the cluster to tell of it', () => cluster.members.some((member) => refusals(member, code).length > 0));
    } finally {
      await copy.broker.end();
    }
  });
});

describe('strangers at the cluster port', () => {
  it('who are 64 and say nothing keep out only more of them: the cluster works on, and they are shut out after 5 s (R7)', { timeout: 30_000 }, async () => {
    const member = cluster.member(1);
    const strangers = await Promise.all(Array.from({ length: 64 }, () => socketTo(member)));
    const ends = strangers.map((socket) => once(socket, 'close'));
    strangers.forEach((socket) => socket.resume());
    const oneMore = await socketTo(member);
    await within('the end of the one too many', once(oneMore.resume(), 'close'), 2_000);
    expect(member.told('cluster_handshakes_full')[0]).toMatchObject({ level: 'warning', fields: { limit: 64, refused: 1 } });
    const [subscriber, publisher] = await Promise.all([1, 2].map((number) => connectAsync(`mqtt://127.0.0.1:${cluster.member(number).broker.port}`)));
    if (subscriber === undefined || publisher === undefined) throw new Error('no clients');
    const arrived = new Promise<string>((resolve) => subscriber.once('message', (topic) => resolve(topic)));
    await subscriber.subscribeAsync('calm/t', { qos: 1 });
    await publisher.publishAsync('calm/t', 'x', { qos: 1 });
    expect(await within('the message', arrived)).toBe('calm/t');
    await Promise.all([subscriber, publisher].map((client) => client.endAsync(true)));
    await within('the end of the silent ones', Promise.all(ends), 10_000);
    const late = await joiningBroker(cluster, ['node.name=bus8@127.0.0.1']);
    try {
      await waitFor('another node to be let in', async () => ((await late.get('/cluster')) as { nodes: string[] }).nodes.length === 3);
    } finally {
      await late.broker.end();
    }
  });
});

describe('seeds', () => {
  it('at which nobody answers keep a node from nothing; after 10 s it says so, with what to do', { timeout: 40_000 }, async () => {
    const [port = 0] = await freePorts(1);
    const startMs = performance.now();
    const lone = await startNode(['node.name=lone@127.0.0.1', 'cluster.discovery_strategy=static', `cluster.static.seeds=["gone@127.0.0.1:${port}"]`]);
    try {
      const client = await connectAsync(`mqtt://127.0.0.1:${lone.broker.port}`, { clean: false, clientId: 'keeps', protocolVersion: 5, properties: { sessionExpiryInterval: 60 } });
      await client.publishAsync('a', 'b', { qos: 1 });
      await client.endAsync(true);
      expect(performance.now() - startMs).toBeLessThan(30_000);
      const [line] = await waitFor('the event', () => (lone.told('cluster_seed_unreachable').length > 0 ? lone.told('cluster_seed_unreachable') : undefined), 20_000);
      expect(line).toMatchObject({
        level: 'warning',
        fields: { peer: 'gone@127.0.0.1', address: `127.0.0.1:${port}`, hint: expect.stringContaining('Check the address and that a node runs there') as string },
      });
    } finally {
      await lone.broker.end();
    }
  });

  it('R8 behind which a stranger keeps silent do not keep a node from the real one, which dials it', { timeout: 40_000 }, async () => {
    const [own = 0] = await freePorts(1);
    const held: Socket[] = [];
    const silent = createServer((socket) => void held.push(socket.on('error', () => {})));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const common = ['node.cookie=pair', 'cluster.discovery_strategy=static'];
    const first = await startNode([...common, 'node.name=one@127.0.0.1', `cluster.port=${own}`, `cluster.static.seeds=["two@127.0.0.1:${port}"]`]);
    try {
      await waitFor('the dial to the stranger', () => held.length > 0);
      const second = await startNode([...common, 'node.name=two@127.0.0.1', `cluster.static.seeds=["one@127.0.0.1:${own}"]`]);
      try {
        await waitFor('both to have each other', async () => ((await first.get('/cluster')) as { nodes: string[] }).nodes.length === 2);
      } finally {
        await second.broker.end();
      }
    } finally {
      await first.broker.end();
      held.forEach((socket) => socket.destroy());
      silent.close();
    }
  });
});

describe('a store that is damaged', () => {
  const client = (node: Started, clean: boolean) => connectAsync(`mqtt://127.0.0.1:${node.broker.port}`, { clientId: 'keeps', clean, protocolVersion: 5, properties: { sessionExpiryInterval: 600 } });
  const sessionFile = async (dataDir: string) => {
    for (const name of await readdir(dataDir, { recursive: true })) if (/sessions.*\.db$/.test(name)) return join(dataDir, name);
    throw new Error(`no store of sessions in ${(await readdir(dataDir)).join(' ')}`);
  };

  it.each([
    ['corrupt in the middle', async (path: string) => {
      const file = await open(path, 'r+');
      const { size } = await file.stat();
      await file.write(Buffer.alloc(4_096, 0xa5), 0, 4_096, Math.floor(size / 2 / 4_096) * 4_096);
      await file.close();
    }],
    ['cut short', async (path: string) => truncate(path, Math.floor((await stat(path)).size / 2 / 4_096) * 4_096)],
    ['no store at all', async (path: string) => truncate(path, 100)],
  ])('%s is set aside, what is sound is kept, the event says where, and the node serves', { timeout: 40_000 }, async (words, damage) => {
    const dataDir = join(directory, words.replaceAll(' ', '-'));
    const settings = ['node.name=disk@127.0.0.1', `node.data_dir=${dataDir}`, 'durability=disk'];
    const before = await startNode(settings);
    const first = await client(before, true);
    await first.subscribeAsync('kept/#', { qos: 1 });
    await first.endAsync(true);
    const publisher = await connectAsync(`mqtt://127.0.0.1:${before.broker.port}`);
    for (let n = 0; n < 50; n += 1) await publisher.publishAsync('kept/t', `${n} ${'x'.repeat(2_000)}`, { qos: 1 });
    await publisher.endAsync(true);
    await before.broker.end();
    await damage(await sessionFile(dataDir));
    const after = await startNode(settings);
    try {
      const [line] = after.told('session_store_damaged');
      expect(line).toMatchObject({ level: 'error', fields: { moved_to: expect.stringContaining('quarantine') as string, hint: expect.stringContaining('recovered as far as they are sound') as string } });
      expect(await readdir(String(line?.fields['moved_to']))).not.toEqual([]);
      const again = await client(after, false);
      await again.subscribeAsync('kept/#', { qos: 1 });
      const arrived = new Promise<string>((resolve) => again.on('message', (_topic, payload) => void (payload.toString() === 'now' && resolve('now'))));
      await again.publishAsync('kept/t', 'now', { qos: 1 });
      expect(await within('a new message', arrived)).toBe('now');
      await again.endAsync(true);
    } finally {
      await after.broker.end();
    }
  });
});
