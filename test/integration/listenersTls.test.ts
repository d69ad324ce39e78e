/** Keys with passwords, chains of clients and Diffie-Hellman over TLS, with certificates and keys that openssl made. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type EphemeralKeyInfo } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { CONNECT_5 } from '../support/rawPackets.ts';
import { refused, RestCaller } from '../support/restCaller.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { openssl, RSA_KEY, TestAuthority, type TestCertificate } from '../support/testCertificates.ts';
import { within } from '../support/waitFor.ts';

const PASSWORD = 'open sesame';

let folder: string;
let dataDir: string;
let broker: BrokerProcess;
let rest: RestCaller;
let authority: TestAuthority;
let server: TestCertificate;
/** Keys with PASSWORD: as openssl writes them now, and as it did before. */
let locked: string;
let lockedBefore: string;
/** Certificates from the authority itself, and with one and two authorities between; the chain is in the file. */
let chains: readonly TestCertificate[];
let stranger: TestCertificate;
/** All three authorities. */
let bundle: string;

const json = (value: unknown) => JSON.stringify(value);
const settings = () => [
  `listeners.ssl.locked={bind = "127.0.0.1:0", ssl_options ${json({ certfile: server.cert, keyfile: locked, password: PASSWORD })}}`,
  `listeners.ssl.before={bind = "127.0.0.1:0", ssl_options ${json({ certfile: server.cert, keyfile: lockedBefore, password: PASSWORD })}}`,
  ...[0, 1, 2].map((depth) => `listeners.ssl.depth${depth}={bind = "127.0.0.1:0", ssl_options ${json({ ...verifying(), cacertfile: bundle, depth, fail_if_no_peer_cert: true })}}`),
  `listeners.ssl.root={bind = "127.0.0.1:0", ssl_options ${json({ ...verifying(), depth: 0 })}}`,
  `listeners.ssl.asking={bind = "127.0.0.1:0", ssl_options ${json(verifying())}}`,
];
const verifying = () => ({ certfile: server.cert, keyfile: server.key, cacertfile: authority.cert, verify: 'verify_peer' });

beforeAll(async () => {
  folder = await createTempDir();
  dataDir = await createTempDir('busbar-tls-');
  authority = await TestAuthority.create(folder);
  const host = ['/CN=localhost', 'DNS:localhost,IP:127.0.0.1'] as const;
  server = await authority.issue('server', ...host, RSA_KEY);
  [locked, lockedBefore] = [join(folder, 'locked.key'), join(folder, 'before.key')];
  await openssl('pkcs8', '-topk8', '-in', server.key, '-out', locked, '-v2', 'aes-256-cbc', '-passout', `pass:${PASSWORD}`);
  await openssl('rsa', '-traditional', '-in', server.key, '-out', lockedBefore, '-aes256', '-passout', `pass:${PASSWORD}`);
  const first = await authority.issueAuthority('first');
  const second = await first.issueAuthority('second');
  chains = await Promise.all([
    chained(await authority.issue('zero', '/CN=zero')),
    chained(await first.issue('one', '/CN=one'), first),
    chained(await second.issue('two', '/CN=two'), second, first),
  ]);
  bundle = join(folder, 'bundle.pem');
  await writeFile(bundle, await Promise.all([authority, first, second].map(({ cert }) => readFile(cert))).then((parts) => Buffer.concat(parts)));
  stranger = await (await TestAuthority.create(folder, 'stranger')).issue('forged', '/CN=zero');
  broker = await startBroker([`node.data_dir=${dataDir}`, ...settings()]);
  rest = await RestCaller.open(broker.ready.api);
}, 90_000);
afterAll(async () => {
  await broker.end();
  await removeTempDir(folder);
  await removeTempDir(dataDir);
});

async function chained({ cert, key }: TestCertificate, ...above: readonly TestAuthority[]): Promise<TestCertificate> {
  const parts = await Promise.all([cert, ...above.map((each) => each.cert)].map((file) => readFile(file, 'utf8')));
  await writeFile(cert, parts.join(''));
  return { cert, key };
}

interface Meeting {
  /** Undefined: closed without one. */
  readonly connack: number | undefined;
  readonly key: EphemeralKeyInfo | object | null;
}

/** A handshake and a CONNECT; how it went. */
async function meet(id: string, options: ConnectionOptions & { readonly own?: TestCertificate } = {}, node = broker): Promise<Meeting> {
  const { own, ...others } = options;
  const identity = own && { cert: await readFile(own.cert), key: await readFile(own.key) };
  const port = Number(node.ready.listeners[id]?.split(':').at(-1));
  const socket = connect({ host: '127.0.0.1', port, ca: await readFile(authority.cert), ...identity, ...others });
  let key: Meeting['key'] = null;
  try {
    const connack = await within('CONNACK or the end', new Promise<number | undefined>((resolve) => {
      socket.once('secureConnect', () => {
        key = socket.getEphemeralKeyInfo();
        socket.write(CONNECT_5);
      });
      socket.once('data', (chunk: Buffer) => resolve(chunk[0]));
      socket.on('error', () => {}); // 'close' comes after it
      socket.once('close', () => resolve(undefined));
    }));
    return { connack, key };
  } finally {
    socket.destroy();
  }
}

const connackOf = async (...args: Parameters<typeof meet>) => (await meet(...args)).connack;
const CONNACK = 0x20;

describe('a key with a password', () => {
  it('is opened, in either form of PEM', async () => {
    expect([await connackOf('ssl:locked'), await connackOf('ssl:before')]).toEqual([CONNACK, CONNACK]);
  });

  it('is not shown, and without the right one there is no listener', async () => {
    const [, shown] = (await rest.call('GET', '/listeners/ssl:locked')) as [number, { ssl_options: { password: string } }];
    expect([shown.ssl_options.password, json(shown).includes(PASSWORD)]).toEqual(['******', false]);
    const files = { certfile: server.cert, keyfile: locked };
    const create = (ssl_options: object, enable = true) => rest.call('POST', '/listeners', { type: 'ssl', name: 'no', bind: '127.0.0.1:0', enable, ssl_options });
    expect(await create({ ...files, password: 'wrong' })).toEqual(refused(400, 'BAD_REQUEST', /the password of the key is wrong/));
    expect(await create(files)).toEqual(refused(400, 'BAD_REQUEST', /the key needs a password/));
    expect(await create(files, false)).toEqual(refused(400, 'BAD_REQUEST', /the key needs a password/));
    expect(await rest.call('GET', '/listeners/ssl:no')).toEqual(refused(404, 'BAD_LISTENER_ID'));
  });

  it('stays when it is sent back hidden, after the next start too', async () => {
    const [, made] = (await rest.call('POST', '/listeners', {
      type: 'ssl',
      name: 'kept',
      bind: '127.0.0.1:0',
      ssl_options: { certfile: server.cert, keyfile: locked, password: PASSWORD, certificates: [{ certfile: server.cert, keyfile: lockedBefore, password: PASSWORD, sni: 'other.test' }] },
    })) as [number, object];
    const [status] = (await rest.call('PUT', '/listeners/ssl:kept', { ...made, max_connections: 7 })) as [number, unknown];
    expect(status).toBe(200);
    await broker.end();
    broker = await startBroker([`node.data_dir=${dataDir}`, ...settings()]);
    rest = await RestCaller.open(broker.ready.api);
    expect([await connackOf('ssl:kept'), await connackOf('ssl:kept', { servername: 'other.test', checkServerIdentity: () => undefined })]).toEqual([CONNACK, CONNACK]);
    const [, again] = (await rest.call('GET', '/listeners/ssl:kept')) as [number, { max_connections: number }];
    expect(again.max_connections).toBe(7);
  });
});

describe('verify_peer', () => {
  it('counts the authorities between a client and a trusted one', async () => {
    const outcomes = await Promise.all([0, 1, 2].map((depth) => Promise.all(chains.map((own) => connackOf(`ssl:depth${depth}`, { own })))));
    expect(outcomes).toEqual([
      [CONNACK, undefined, undefined],
      [CONNACK, CONNACK, undefined],
      [CONNACK, CONNACK, CONNACK],
    ]);
    // Of authorities that only the client has, it is sure that there is one.
    expect(await Promise.all(chains.map((own) => connackOf('ssl:root', { own })))).toEqual([CONNACK, undefined, undefined]);
    expect(await Promise.all(chains.map((own) => connackOf('ssl:asking', { own })))).toEqual([CONNACK, CONNACK, CONNACK]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('with %s refuses a stranger always, and nobody without a certificate unless told to', async (version) => {
    const only = { minVersion: version, maxVersion: version };
    const [zero] = chains as [TestCertificate];
    expect([await connackOf('ssl:asking', { own: zero, ...only }), await connackOf('ssl:asking', only), await connackOf('ssl:asking', { own: stranger, ...only })]).toEqual([CONNACK, CONNACK, undefined]);
    expect([await connackOf('ssl:depth0', { own: zero, ...only }), await connackOf('ssl:depth0', only), await connackOf('ssl:depth0', { own: stranger, ...only })]).toEqual([CONNACK, undefined, undefined]);
  });
});

describe('Diffie-Hellman', () => {
  const only = { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-GCM-SHA256' } as const;
  const change = (ssl_options: object) => rest.call('PUT', '/listeners/ssl:before', { ssl_options });

  it('works without a word, takes the parameters of a file, and refuses a file without any', async () => {
    expect(await meet('ssl:before', only)).toMatchObject({ connack: CONNACK, key: { type: 'DH' } });
    const dhfile = join(folder, 'dh.pem');
    await openssl('genpkey', '-genparam', '-algorithm', 'DH', '-pkeyopt', 'group:ffdhe4096', '-out', dhfile);
    expect(await change({ dhfile })).toMatchObject([200, { ssl_options: { dhfile } }]);
    expect(await meet('ssl:before', only)).toEqual({ connack: CONNACK, key: { type: 'DH', size: 4096 } });
    expect(await change({ dhfile: server.cert })).toEqual(refused(400, 'UPDATE_FAILED', /holds no Diffie-Hellman parameters/));
    expect(await change({ dhfile: join(folder, 'nowhere') })).toEqual(refused(400, 'UPDATE_FAILED', /Cannot read .*nowhere/));
    expect(await meet('ssl:before', only)).toEqual({ connack: CONNACK, key: { type: 'DH', size: 4096 } });
  });
});
