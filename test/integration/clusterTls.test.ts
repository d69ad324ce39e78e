/** Links between nodes over TLS, with certificates on both sides, and over IPv6: real processes. */
import { connectAsync } from 'mqtt';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster, joiningBroker } from '../support/brokerCluster.ts';
import { openssl, TestAuthority, type TestCertificate } from '../support/testCertificates.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

let folder: string;
let cluster: BrokerCluster;
let authority: TestAuthority;
let own: TestCertificate;

const tlsSets = ({ cert, key }: TestCertificate, cacert: string) => [
  'cluster.proto_dist=inet_tls',
  `cluster.tls.certfile=${cert}`,
  `cluster.tls.keyfile=${key}`,
  `cluster.tls.cacertfile=${cacert}`,
];

beforeAll(async () => {
  folder = await createTempDir();
  authority = await TestAuthority.create(folder, 'cluster-ca');
  own = await authority.issue('node', '/CN=any node');
  // Repeated refusals of one source are told at level debug only.
  cluster = await BrokerCluster.start(2, [...tlsSets(own, authority.cert), 'log.console.level=debug']);
}, 60_000);
afterAll(async () => {
  await cluster.end();
  await removeTempDir(folder);
});

/** A node that does not fit is told why, and so is the cluster, which goes on. */
async function refused(settings: readonly string[]): Promise<{ readonly there: unknown; readonly here: unknown }> {
  const before = cluster.member(1).told('cluster_link_refused').length;
  const stranger = await joiningBroker(cluster, ['node.name=bus9@127.0.0.1', ...settings]);
  try {
    const reason = ({ fields }: { fields: Readonly<Record<string, unknown>> }) => `${String(fields['code'])}: ${String(fields['reason'])}`;
    // Which end notices first is chance; each tells one thing about its own dials, and one about those of the other.
    const told = await waitFor('both refusals', () => {
      const there = stranger.told('cluster_link_refused').map(reason);
      const here = cluster.member(1).told('cluster_link_refused').slice(before).map(reason);
      return there.length > 0 && here.length > 0 ? { there: there[0], here: here[0] } : undefined;
    });
    expect(stranger.told('cluster_link_refused')[0]?.fields['hint']).toMatch(/^Give all nodes cluster\.proto_dist = inet_tls/);
    await cluster.whole();
    return told;
  } finally {
    await stranger.broker.end();
  }
}

describe('links over TLS', () => {
  it('carry messages between nodes that show certificates of one authority', async () => {
    const [one, two] = [1, 2].map((number) => `mqtt://127.0.0.1:${cluster.member(number).broker.port}`);
    const subscriber = await connectAsync(one ?? '');
    const publisher = await connectAsync(two ?? '');
    const received = new Promise<string>((resolve) => subscriber.once('message', (_topic, payload) => resolve(payload.toString())));
    await subscriber.subscribeAsync('tls/#');
    await publisher.publishAsync('tls/1', 'sealed', { qos: 1 });
    expect(await received).toBe('sealed');
    await Promise.all([subscriber.endAsync(), publisher.endAsync()]);
  });

  it('speak TLS 1.3 and want a certificate', async () => {
    const socket = connect({ host: '127.0.0.1', port: cluster.member(1).clusterPort, rejectUnauthorized: false });
    const protocol = new Promise((resolve) => socket.once('secureConnect', () => resolve(socket.getProtocol())));
    const said = (await socket.toArray()) as Buffer[];
    expect([await protocol, Buffer.concat(said).toString('latin1')]).toEqual(['TLSv1.3', expect.stringContaining('The other side shows no certificate')]);
  });

  it('are refused to a node without TLS: one event with the reason on each side', async () => {
    const told = await refused([]);
    expect(told.there).toBe('CLUSTER_TLS: This node wants TLS on its links');
    expect(told.here).toBe('CLUSTER_TLS: The other side does not speak TLS');
  });

  it('are refused to a node with a certificate of another authority', async () => {
    const stranger = await TestAuthority.create(folder, 'stranger-ca');
    const told = await refused(tlsSets(await stranger.issue('stranger', '/CN=stranger'), stranger.cert));
    expect(told.there).toBe('CLUSTER_TLS: The certificate of the other side is of another authority');
    expect(told.here).toBe('CLUSTER_TLS: The other side left during the TLS handshake; perhaps it does not trust the certificate of this node');
  });

  it('are refused to a node that knows our authority and shows a certificate of its own making', async () => {
    const self = { cert: `${folder}/self.pem`, key: `${folder}/self.key` };
    await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=self', '-days', '2', '-keyout', self.key, '-out', self.cert);
    const told = await refused(tlsSets(self, authority.cert));
    const fault = 'The certificate of the other side is of no authority';
    expect(told).toEqual({ there: `CLUSTER_TLS: The certificate of this node was refused: ${fault}`, here: `CLUSTER_TLS: ${fault}` });
  });

  it('are refused with a wrong cookie as ever', async () => {
    const stranger = await joiningBroker(cluster, ['node.name=bus9@127.0.0.1', ...tlsSets(own, authority.cert), 'node.cookie=guess']);
    try {
      await waitFor('the refusal', () => stranger.told('cluster_link_refused').length > 0);
      expect(stranger.told('cluster_link_refused')[0]?.fields['code']).toBe('CLUSTER_WRONG_COOKIE');
    } finally {
      await stranger.broker.end();
    }
  });
});

describe('links over IPv6', () => {
  it('join nodes that are named and bound by IPv6 addresses', async () => {
    const six = await joiningBroker(cluster, ['cluster.static.seeds=[]', 'node.name=six1@[::1]', 'cluster.host="::"', 'cluster.name=six']);
    const port = Number(six.broker.ready.cluster.split(':').at(-1));
    const other = await joiningBroker(cluster, [`cluster.static.seeds=["six1@[::1]:${port}"]`, 'node.name=six2@[::1]', 'cluster.host="::1"', 'cluster.name=six']);
    try {
      const view = async (node: typeof six) => ((await node.get('/cluster')) as { nodes: string[] }).nodes.toSorted().join();
      await waitFor('both to know each other', async () => (await view(six)) === 'six1@[::1],six2@[::1]' && (await view(other)) === 'six1@[::1],six2@[::1]');
    } finally {
      await Promise.all([six.broker.end(), other.broker.end()]);
    }
  });
});
