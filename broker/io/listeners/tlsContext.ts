/** Reads the certificates of a listener and makes of them what OpenSSL works with: one context, and one for each further name. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { CertificateFiles, TlsOptions, TlsVersion } from '../../config/listenerConfig.ts';

/** Larger than any chain or list of authorities; a larger file is refused. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = {
  'tlsv1': 'TLSv1',
  'tlsv1.1': 'TLSv1.1',
  'tlsv1.2': 'TLSv1.2',
  'tlsv1.3': 'TLSv1.3',
};

export interface TlsContexts {
  readonly options: SecureContextOptions;
  /** By host name in lower case, `*.` names included. */
  readonly bySni: ReadonlyMap<string, SecureContext>;
  readonly files: readonly string[];
}

/** What a development certificate is made of: as if it had been configured. */
export interface FallbackCertificate extends CertificateFiles {
  readonly cacertfile: string;
}

/** Rejects with TLS_FILE_UNREADABLE or TLS_CERTIFICATE_INVALID, naming the file. */
export async function loadTlsContexts(listener: string, tls: TlsOptions, fallback: FallbackCertificate | undefined): Promise<TlsContexts> {
  const certificate = tls.certificate ?? fallback;
  if (certificate === undefined) throw new BusbarError('TLS_CERTIFICATE_INVALID', `Listener ${listener} has no certificate`);
  const cacertfile = tls.cacertfile ?? (tls.verifyPeer ? fallback?.cacertfile : undefined);
  const common: SecureContextOptions = {
    ...(cacertfile === undefined ? {} : { ca: await readPem(cacertfile) }),
    ...(tls.dhfile === undefined ? {} : { dhparam: await readPem(tls.dhfile) }),
    ...(tls.ciphers.length === 0 ? {} : { ciphers: tls.ciphers.join(':') }),
    honorCipherOrder: tls.honorCipherOrder,
    minVersion: VERSIONS[tls.versions.at(-1) ?? 'tlsv1.2'],
    maxVersion: VERSIONS[tls.versions[0] ?? 'tlsv1.3'],
    // Without a context id OpenSSL refuses to resume sessions of clients that showed a certificate.
    sessionIdContext: listener.slice(0, 32),
    ...(tls.reuseSessions ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
  };
  const first = await makeContext(common, certificate);
  const bySni = new Map<string, SecureContext>();
  for (const each of tls.sniCertificates) {
    const { context, names } = await makeContext(common, each);
    for (const name of each.names.length > 0 ? each.names : names) bySni.set(name, context);
  }
  const files = [certificate, ...tls.sniCertificates].flatMap(({ certfile, keyfile }) => [certfile, keyfile]);
  return { options: first.options, bySni, files: [...files, ...[cacertfile, tls.dhfile].filter((file) => file !== undefined)] };
}

interface MadeContext {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  /** Host names the certificate is made out to. */
  readonly names: readonly string[];
}

async function makeContext(common: SecureContextOptions, { certfile, keyfile, password }: CertificateFiles): Promise<MadeContext> {
  const cert = await readPem(certfile);
  const key = await readPem(keyfile);
  const options = { ...common, cert, key, ...(password === undefined ? {} : { passphrase: password }) };
  try {
    const context = createSecureContext(options);
    return { options, context, names: namesIn(new X509Certificate(cert)) };
  } catch (cause) {
    const message = `The certificate ${certfile} cannot be used with the key ${keyfile}: ${reasonOf(cause)}`;
    throw new BusbarError('TLS_CERTIFICATE_INVALID', message, { details: { certfile, keyfile }, cause });
  }
}

/** OpenSSL's messages carry numbers for its makers; the words at their end are for people. */
function reasonOf(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_OSSL_BAD_DECRYPT') return 'the password of the key is wrong';
  return messageOf(cause).replace(/^error:[0-9A-F]+:[^:]*:[^:]*:/, '');
}

function namesIn(certificate: X509Certificate): readonly string[] {
  const alternative = certificate.subjectAltName ?? '';
  const names = [...alternative.matchAll(/(?:^|, )DNS:([^,]+)/g)].map((match) => match[1] ?? '');
  if (names.length > 0) return names.map((name) => name.toLowerCase());
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}

async function readPem(path: string): Promise<Buffer> {
  try {
    const content = await readFile(path);
    if (content.length > MAX_FILE_BYTES) throw new Error(`the file is longer than ${MAX_FILE_BYTES} bytes`);
    return content;
  } catch (cause) {
    throw new BusbarError('TLS_FILE_UNREADABLE', `Cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
}
