/** A real etcd on loopback: Debian's etcd-server. */
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { waitFor } from './waitFor.ts';
import type { TestCertificate } from './testCertificates.ts';

export interface EtcdServer {
  readonly url: string;
  readonly process: TestProcess;
  /** Asks its JSON gateway as anybody could. */
  readonly call: (path: string, body: unknown, token?: string) => Promise<Record<string, unknown>>;
}

export interface EtcdTls extends TestCertificate {
  /** Clients must show a certificate of this authority. */
  readonly cacert: string;
}

/** Data goes to `folder`. End it with `process.end()`. With TLS, `call` is of no use: wait for what clients see. */
export async function startEtcd(folder: string, tls?: EtcdTls): Promise<EtcdServer> {
  const [clientPort = 0, peerPort = 0] = await freePorts(2);
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const process = startProcess('etcd', [
    ...['--name', 'test', '--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync'],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `test=${peer}`],
    ...(tls === undefined ? [] : ['--cert-file', tls.cert, '--key-file', tls.key, '--client-cert-auth', '--trusted-ca-file', tls.cacert]),
  ]);
  const call = async (path: string, body: unknown, token?: string) => {
    const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: token }) };
    const answer = await fetch(`${url}/v3/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, unknown>;
  };
  try {
    if (tls === undefined) await waitFor('etcd to serve', () => call('maintenance/status', {}), 15_000);
    else await waitFor('etcd to serve', () => process.stderr().includes('ready to serve client requests'), 15_000);
  } catch (error) {
    await process.end();
    throw error;
  }
  return { url, process, call };
}
