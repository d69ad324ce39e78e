/**
 * Certificates for listeners that have none: an authority of the node's own and a certificate for this machine from it, made once and
 * kept in the data directory, so that TLS can be tried without preparation. Clients that trust `certs/dev-ca.pem` can connect.
 * RFC 5280; ECDSA on P-256.
 */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import { writeFileAtomically } from '../atomicFile.ts';
import * as der from './der.ts';
import type { FallbackCertificate } from './tlsContext.ts';

const DAY_MS = 86_400_000;
/** Long enough to be forgotten, short enough for clients that refuse longer ones (825 days is the strictest limit). */
const VALID_DAYS = 800;
/** One that runs out within this is made again at the next start. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

const ECDSA_WITH_SHA256 = der.sequence(der.objectId('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';

export interface CertificateRequest {
  readonly commonName: string;
  /** DNS names and addresses it is made out to. */
  readonly hosts: readonly string[];
  readonly kind: 'authority' | 'server' | 'client';
  readonly nowMs: number;
}

export interface MadeCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export class DevelopmentCertificates {
  readonly #folder: string;
  readonly #log: Log;
  #made: Promise<FallbackCertificate> | undefined;

  /** `dataDir` is the node's folder. */
  constructor(dataDir: string, log: Log) {
    this.#folder = join(dataDir, 'certs');
    this.#log = log;
  }

  /** Made at first use, then read. */
  get(): Promise<FallbackCertificate> {
    this.#made ??= this.#open();
    return this.#made;
  }

  async #open(): Promise<FallbackCertificate> {
    const file = (name: string) => join(this.#folder, name);
    const files = { cacertfile: file('dev-ca.pem'), certfile: file('dev-cert.pem'), keyfile: file('dev-key.pem'), password: undefined };
    if (!(await isStillGood(files.certfile))) await this.#make(files);
    this.#log.warn('development_certificate_in_use', { certfile: files.certfile, trust: files.cacertfile });
    return files;
  }

  async #make(files: FallbackCertificate): Promise<void> {
    const nowMs = Date.now();
    const authority = makeCertificate({ commonName: 'Busbar development authority', hosts: [], kind: 'authority', nowMs });
    const hosts = [...new Set(['localhost', hostname(), '127.0.0.1', '::1'])];
    const server = makeCertificate({ commonName: 'localhost', hosts, kind: 'server', nowMs }, authority);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFileAtomically(join(this.#folder, 'dev-ca-key.pem'), authority.privateKey, 0o600);
    await writeFileAtomically(files.cacertfile, authority.certificate, 0o644);
    await writeFileAtomically(files.keyfile, server.privateKey, 0o600);
    await writeFileAtomically(files.certfile, server.certificate, 0o644);
  }
}

async function isStillGood(certfile: string): Promise<boolean> {
  const text = await readFile(certfile, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  try {
    return Date.parse(new X509Certificate(text).validTo) - Date.now() > RENEW_BEFORE_MS;
  } catch {
    return false; // not ours, or half of one: made anew
  }
}

/** A certificate with its key in PEM, signed by `issuer`, or by itself when there is none. */
export function makeCertificate(request: CertificateRequest, issuer?: MadeCertificate): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf(request.commonName);
  const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.privateKey);
  const issuerName = issuer === undefined ? subject : nameOf(commonNameOf(issuer.certificate));
  const issuerKey = issuer === undefined ? publicKey : new X509Certificate(issuer.certificate).publicKey;
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2]))), // version 3
    der.integer(serialNumber()),
    ECDSA_WITH_SHA256,
    issuerName,
    der.sequence(der.time(request.nowMs - DAY_MS), der.time(request.nowMs + VALID_DAYS * DAY_MS)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, der.sequence(...extensions(request, publicKey, issuerKey))),
  );
  const certificate = der.sequence(body, ECDSA_WITH_SHA256, der.bitString(sign('sha256', body, signer)));
  return { certificate: pem(certificate), privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

/** Positive and without a leading zero. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function nameOf(commonName: string): der.Der {
  const part = (type: string, value: string) => der.set(der.sequence(der.objectId(type), der.utf8String(value)));
  return der.sequence(part(ORGANIZATION, 'Busbar'), part(COMMON_NAME, commonName));
}

function commonNameOf(certificate: string): string {
  return /^CN=(.+)$/m.exec(new X509Certificate(certificate).subject)?.[1] ?? '';
}

function extensions({ kind, hosts }: CertificateRequest, key: KeyObject, issuerKey: KeyObject): der.Der[] {
  const isAuthority = kind === 'authority';
  // keyCertSign and cRLSign, or digitalSignature.
  const usage = isAuthority ? der.bitString(Buffer.from([0x06]), 1) : der.bitString(Buffer.from([0x80]), 7);
  return [
    extension('2.5.29.19', isAuthority ? der.sequence(der.boolean(true)) : der.sequence(), true),
    extension('2.5.29.15', usage, true),
    extension('2.5.29.14', der.octetString(keyId(key))),
    extension('2.5.29.35', der.sequence(der.context(0, keyId(issuerKey), false))),
    ...(isAuthority ? [] : [extension('2.5.29.37', der.sequence(der.objectId(kind === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2')))]),
    ...(hosts.length === 0 ? [] : [extension('2.5.29.17', der.sequence(...hosts.map(alternativeName)))]),
  ];
}

function extension(id: string, value: der.Der, critical = false): der.Der {
  return der.sequence(der.objectId(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(key.export({ type: 'spki', format: 'der' })).digest();
}

/** [2] is a DNS name, [7] an address. */
function alternativeName(host: string): der.Der {
  const address = host === '::1' ? Buffer.concat([Buffer.alloc(15), Buffer.from([1])]) : ipv4(host);
  return address === undefined ? der.context(2, Buffer.from(host), false) : der.context(7, address, false);
}

function ipv4(host: string): Buffer | undefined {
  return /^(?:\d{1,3}\.){3}\d{1,3}$/.test(host) ? Buffer.from(host.split('.').map(Number)) : undefined;
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
