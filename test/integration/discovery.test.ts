/** Nodes that find each other by multicast, DNS, etcd and Kubernetes: real processes, real sockets, a real etcd (R15). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNode, type ClusterMember } from '../support/brokerCluster.ts';
import { startDnsServer } from '../support/dnsServer.ts';
import { startEtcd } from '../support/etcdServer.ts';
import { startKubernetesApi } from '../support/kubernetesApi.ts';
import { freePort } from '../support/ports.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { TestAuthority } from '../support/testCertificates.ts';
import { waitFor } from '../support/waitFor.ts';

type Node = Omit<ClusterMember, 'name' | 'clusterPort'>;

let folder: string;
const cleanups: (() => unknown)[] = [];
beforeEach(async () => {
  folder = await createTempDir();
});
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
  await removeTempDir(folder);
});

async function start(...settings: string[]): Promise<Node> {
  const node = await startNode(['node.cookie=found', 'log.console.level=info', ...settings]);
  cleanups.push(() => node.broker.end());
  return node;
}

const runningOf = async (node: Node) => ((await node.get('/cluster')) as { nodes: string[] }).nodes.toSorted();

async function know(...nodes: Node[]): Promise<void> {
  await waitFor(`${nodes.length} nodes to know each other`, async () => (await Promise.all(nodes.map(runningOf))).every((view) => view.length === nodes.length), 20_000);
}

const reasons = (node: Node) => node.told('cluster_discovery_failed').map(({ fields }) => `${String(fields['reason'])} | ${String(fields['hint'])}`);

/** Two addresses of one machine, so that two nodes can have the same port, as in a cluster of machines. */
const [A, B] = ['127.0.0.1', '127.0.0.2'];

describe('nodes find each other', () => {
  it('by multicast', async () => {
    const mcast = ['cluster.discovery_strategy=mcast', 'cluster.mcast.iface=127.0.0.1', 'cluster.mcast.ttl=1', `cluster.mcast.ports=[${await freePort()}]`];
    const nodes = await Promise.all([1, 2, 3].map((number) => start(`node.name=bus${number}@127.0.0.1`, ...mcast)));
    await know(...nodes);
  });

  it('by DNS, and again when the name server is back', async () => {
    const server = await startDnsServer({ 'bus.test': [A, B].map((address) => ({ type: 'a', address })) });
    cleanups.push(server.close);
    server.answering = false;
    const port = await freePort();
    const dns = ['cluster.discovery_strategy=dns', 'cluster.dns.name=bus.test', `cluster.dns.servers=["${server.address}"]`, `cluster.port=${port}`];
    const first = await start(`node.name=bus@${A}`, `cluster.host=${A}`, ...dns);
    // It serves without an answer, and says why it is alone.
    expect(await runningOf(first)).toEqual([`bus@${A}`]);
    await waitFor('the failure', () => reasons(first).length > 0);
    expect(reasons(first)[0]).toMatch(/^(?:The A records of bus\.test cannot be read: .*|No answer within 5 s) \| .*answer/);
    server.answering = true;
    await know(first, await start(`node.name=bus@${B}`, `cluster.host=${B}`, ...dns));
    // Dialled by the second one meanwhile, the first one looks again all the same, within 10 s.
    await waitFor('the recovery', () => first.told('cluster_discovery_recovered').length === 1, 15_000);
  });

  it('by SRV records of DNS, at the port that each record names', async () => {
    const server = await startDnsServer();
    cleanups.push(server.close);
    const srv = ['cluster.discovery_strategy=dns', 'cluster.dns.name=_cluster._tcp.bus.test', 'cluster.dns.record_type=srv', `cluster.dns.servers=["${server.address}"]`];
    const first = await start('node.name=bus1@127.0.0.1', ...srv);
    const port = Number(first.broker.ready.cluster.split(':').at(-1));
    server.zone.set('node.bus.test', [{ type: 'a', address: A }]);
    server.zone.set('_cluster._tcp.bus.test', [{ type: 'srv', target: 'node.bus.test', port }]);
    await know(first, await start('node.name=bus2@127.0.0.1', ...srv));
  });

  it('by etcd, where a node that stops takes its key back, and one that is killed loses it', async () => {
    const etcd = await startEtcd(folder);
    cleanups.push(() => etcd.process.end());
    const settings = ['cluster.discovery_strategy=etcd', `cluster.etcd.server="http://127.0.0.1:1,${etcd.url}"`, 'cluster.etcd.node_ttl=2s', 'cluster.name=plant'];
    const keys = async () => {
      const range = { key: Buffer.from('/emqxcl/plant/nodes/').toString('base64'), range_end: Buffer.from('/emqxcl/plant/nodes0').toString('base64') };
      const { kvs = [] } = (await etcd.call('kv/range', range)) as { kvs?: { key: string; value: string }[] };
      return kvs.map(({ key, value }) => [key, value].map((text) => Buffer.from(text, 'base64').toString()).join(' ')).toSorted();
    };
    const nodes = await Promise.all([1, 2, 3].map((number) => start(`node.name=bus${number}@127.0.0.1`, ...settings)));
    await know(...nodes);
    expect(await keys()).toEqual(nodes.map((node, index) => `/emqxcl/plant/nodes/bus${index + 1}@127.0.0.1 bus${index + 1}@127.0.0.1 ${node.broker.ready.cluster}`));
    await nodes[0]?.broker.end();
    expect(await keys()).toHaveLength(2);
    nodes[1]?.broker.process.kill('SIGKILL');
    await waitFor('the lease to end', async () => (await keys()).length === 1);
    // The third one has renewed its own meanwhile.
    expect((await keys())[0]).toMatch('/emqxcl/plant/nodes/bus3@');
  });

  it('by etcd with a user and with certificates on both sides', async () => {
    const authority = await TestAuthority.create(folder);
    const server = await authority.issue('etcd', '/CN=etcd', 'IP:127.0.0.1');
    const client = await authority.issue('bus', '/CN=bus');
    const etcd = await startEtcd(folder, { ...server, cacert: authority.cert });
    cleanups.push(() => etcd.process.end());
    const ssl = [`cluster.etcd.ssl_options.cacertfile=${authority.cert}`, `cluster.etcd.ssl_options.certfile=${client.cert}`, `cluster.etcd.ssl_options.keyfile=${client.key}`];
    const settings = ['cluster.discovery_strategy=etcd', `cluster.etcd.server=${etcd.url}`];
    const [one, two] = await Promise.all([1, 2].map((number) => start(`node.name=bus${number}@127.0.0.1`, ...settings, ...ssl)));
    if (one && two) await know(one, two);
    const stranger = await start('node.name=bus3@127.0.0.1', ...settings);
    await waitFor('the refusal', () => reasons(stranger).length > 0);
    expect(reasons(stranger)[0]).toMatch(/does not answer: .*certificate.* \| Check cluster\.etcd\.server and its ssl_options/);
  });

  it('by etcd that asks for a password, which never shows in a log', async () => {
    const etcd = await startEtcd(folder);
    cleanups.push(() => etcd.process.end());
    await etcd.call('auth/user/add', { name: 'root', password: 'root-secret' });
    await etcd.call('auth/user/grant', { user: 'root', role: 'root' });
    await etcd.call('auth/role/add', { name: 'root' });
    await etcd.call('auth/user/grant', { user: 'root', role: 'root' });
    await etcd.call('auth/enable', {});
    const settings = ['cluster.discovery_strategy=etcd', `cluster.etcd.server=${etcd.url}`];
    const login = ['cluster.etcd.username=root', 'cluster.etcd.password=root-secret'];
    const [one, two] = await Promise.all([1, 2].map((number) => start(`node.name=bus${number}@127.0.0.1`, ...settings, ...login)));
    if (one && two) await know(one, two);
    const without = await start('node.name=bus3@127.0.0.1', ...settings);
    await waitFor('the refusal', () => reasons(without).length > 0);
    expect(reasons(without)[0]).toMatch(/refuses: .* \| Check cluster\.etcd\.username and cluster\.etcd\.password/);
    const wrong = await start('node.name=bus4@127.0.0.1', ...settings, 'cluster.etcd.username=root', 'cluster.etcd.password=wrong-secret');
    await waitFor('the refusal', () => reasons(wrong).length > 0);
    expect(reasons(wrong)[0]).toMatch(/refuses: .* \| Check cluster\.etcd\.username and cluster\.etcd\.password/);
    for (const node of [one, two, without, wrong]) expect(node?.broker.process.stderr()).not.toContain('-secret');
  });

  it('by the API of Kubernetes', async () => {
    const api = await startKubernetesApi(folder);
    cleanups.push(api.close);
    api.endpoints = { subsets: [{ addresses: [{ ip: A }], notReadyAddresses: [{ ip: B }] }] };
    const k8s = (tokenFile: string) => [
      ...['cluster.discovery_strategy=k8s', `cluster.k8s.apiserver="${api.url}"`, 'cluster.k8s.service_name=bus', 'cluster.k8s.namespace=iot'],
      ...[`cluster.k8s.token_file=${tokenFile}`, `cluster.k8s.cacertfile=${api.cacertfile}`],
    ];
    const at = async (host: string, port: number, tokenFile: string) => start(`node.name=bus@${host}`, `cluster.host=${host}`, `cluster.port=${port}`, ...k8s(tokenFile));
    const port = await freePort();
    const wrongToken = join(folder, 'wrong');
    await writeFile(wrongToken, 'another-token');
    await know(await at(A, port, api.tokenFile), await at(B, port, api.tokenFile));
    const stranger = await at('127.0.0.3', port, wrongToken);
    await waitFor('the refusal', () => reasons(stranger).length > 0);
    expect(reasons(stranger)[0]).toContain('refuses with status 401 | The token is not accepted; check cluster.k8s.token_file.');
    expect(stranger.broker.process.stderr()).not.toContain('another-token');
  });
});
