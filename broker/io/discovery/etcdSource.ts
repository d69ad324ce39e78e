/**
 * Discovery by etcd, version 3, through its JSON gateway: each node keeps a key of its own alive by a lease, and reads those of all.
 *
 *     /<prefix>/<cluster>/nodes/<name@host>   →   <name@host> <host:port>
 *
 * The server that answered last is asked first.
 */
import type { SecureContextOptions } from 'node:tls';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Proposal } from '../../cluster/ports.ts';
import type { ClientTls, EtcdConfig } from '../../config/clusterConfig.ts';
import { readTlsFile } from '../tlsFile.ts';
import { formatPlace, parsePlace, type DiscoverySource, type OwnPlace } from './discoverySource.ts';
import { requestJson, type JsonAnswer } from './jsonRequest.ts';

/** Keys read in one look. */
const MAX_KEYS = 256;
/** A lease is renewed so often within its life: two renewals may fail. */
const RENEWALS = 3;
/** One server of several that does not answer must leave time for the next one. */
const SERVER_LIMIT_MS = 2_000;
const UNAUTHORIZED = 401;

export class EtcdSource implements DiscoverySource {
  readonly announceEveryMs: number;
  readonly #config: EtcdConfig;
  readonly #folder: string;
  readonly #own: OwnPlace;
  #server = 0;
  #lease: string | undefined;
  #token: string | undefined;

  constructor(config: EtcdConfig, clusterName: string, own: OwnPlace) {
    this.#config = config;
    this.#folder = `/${config.prefix}/${clusterName}/nodes/`;
    this.#own = own;
    this.announceEveryMs = Math.max(200, Math.floor(config.nodeTtlMs / RENEWALS));
  }

  async discover(signal: AbortSignal): Promise<readonly Proposal[]> {
    const key = Buffer.from(this.#folder);
    const end = Buffer.from(key);
    // The first key behind all that begin with the folder: its last byte, '/', made one larger.
    end[end.length - 1] = 0x30;
    const range = { key: key.toString('base64'), range_end: end.toString('base64'), limit: String(MAX_KEYS) };
    const { kvs = [] } = (await this.#call('kv/range', range, signal)) as { kvs?: readonly { value?: string }[] };
    return kvs.flatMap(({ value = '' }) => {
      const place = parsePlace(Buffer.from(value, 'base64').toString('utf8'));
      return place === undefined ? [] : [place];
    });
  }

  async announce(signal: AbortSignal): Promise<void> {
    if (this.#lease !== undefined) {
      const { result } = (await this.#call('lease/keepalive', { ID: this.#lease }, signal)) as { result?: { TTL?: string } };
      // etcd answers for a lease that it has forgotten too: with no time left.
      if (Number(result?.TTL ?? 0) > 0) return;
      this.#lease = undefined;
    }
    const { ID } = (await this.#call('lease/grant', { TTL: String(Math.ceil(this.#config.nodeTtlMs / 1_000)) }, signal)) as { ID?: string };
    if (ID === undefined) throw new BusbarError('DISCOVERY_FAILED', 'etcd has granted no lease');
    const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');
    await this.#call('kv/put', { key: base64(`${this.#folder}${this.#own.node}`), value: base64(formatPlace(this.#own)), lease: ID }, signal);
    this.#lease = ID;
  }

  /** The key goes with its lease. */
  async withdraw(signal: AbortSignal): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease !== undefined) await this.#call('lease/revoke', { ID: lease }, signal);
  }

  /** Asks one server after the other until one answers. */
  async #call(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const { servers } = this.#config;
    let failure = 'no server is configured';
    for (let tried = 0; tried < servers.length && !signal.aborted; tried += 1) {
      const server = servers[this.#server] ?? '';
      try {
        return await this.#ask(server, path, body, AbortSignal.any([signal, AbortSignal.timeout(SERVER_LIMIT_MS)]));
      } catch (error) {
        if (error instanceof BusbarError) throw error;
        failure = `${server} does not answer: ${messageOf(error)}`;
        this.#server = (this.#server + 1) % servers.length;
      }
    }
    throw new BusbarError('DISCOVERY_FAILED', failure, { hint: 'Check cluster.etcd.server and its ssl_options, and that etcd runs; the node serves and asks again.' });
  }

  async #ask(server: string, path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const { credentials } = this.#config;
    const hadToken = this.#token !== undefined;
    if (credentials !== undefined && !hadToken) await this.#logIn(server, credentials, signal);
    let answer = await this.#post(server, path, body, signal);
    if (answer.status === UNAUTHORIZED && credentials !== undefined && hadToken) {
      // Tokens end with their time, and with a restart of etcd.
      await this.#logIn(server, credentials, signal);
      answer = await this.#post(server, path, body, signal);
    }
    return bodyOf(answer, server);
  }

  async #logIn(server: string, { username, password }: NonNullable<EtcdConfig['credentials']>, signal: AbortSignal): Promise<void> {
    this.#token = undefined;
    const { token } = bodyOf(await this.#post(server, 'auth/authenticate', { name: username, password }, signal), server) as { token?: string };
    this.#token = token;
  }

  async #post(server: string, path: string, body: unknown, signal: AbortSignal): Promise<JsonAnswer> {
    const headers = this.#token === undefined ? {} : { authorization: this.#token };
    const tls = server.startsWith('https:') ? await tlsOf(this.#config.tls) : {};
    return requestJson({ url: `${server}/v3/${path}`, method: 'POST', headers, body, tls, signal });
  }
}

/** An error of etcd has a sentence of its own. */
function bodyOf({ status, body }: JsonAnswer, server: string): unknown {
  if (status === 200 && typeof body === 'object' && body !== null) return body;
  const { error } = (body ?? {}) as { error?: unknown };
  const why = typeof error === 'string' ? error.slice(0, 200) : `status ${status}`;
  const login = /user|password|auth|token|permission/i.test(why) ? 'cluster.etcd.username and cluster.etcd.password, and what that user may do' : 'that cluster.etcd.server is etcd, version 3.4 or later';
  throw new BusbarError('DISCOVERY_FAILED', `${server} refuses: ${why}`, { hint: `Check ${login}; the node serves and asks again.` });
}

async function tlsOf({ cacertfile, certificate, verifyPeer }: ClientTls): Promise<SecureContextOptions & { rejectUnauthorized: boolean }> {
  return {
    rejectUnauthorized: verifyPeer,
    ...(cacertfile === undefined ? {} : { ca: await readTlsFile(cacertfile) }),
    ...(certificate === undefined
      ? {}
      : {
          cert: await readTlsFile(certificate.certfile),
          key: await readTlsFile(certificate.keyfile),
          ...(certificate.password === undefined ? {} : { passphrase: certificate.password }),
        }),
  };
}
