/** Reads the certificates of a listener and makes of them what OpenSSL works with: one context, and one for each further name. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { CertificateFiles, TlsOptions, TlsVersion } from '../../config/listenerConfig.ts';
import { readTlsFile } from '../tlsFile.ts';

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
  /** Those of cacertfile. */
  readonly authorities: readonly X509Certificate[];
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
    ...(cacertfile === undefined ? {} : { ca: await readTlsFile(cacertfile) }),
    // Without a word about them Node.js turns the cipher suites with DHE off.
    dhparam: tls.dhfile === undefined ? 'auto' : await readDhParameters(tls.dhfile),
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
  const authorities = cacertfile === undefined ? [] : await readAuthorities(cacertfile);
  return { options: first.options, bySni, authorities, files: [...files, ...[cacertfile, tls.dhfile].filter((file) => file !== undefined)] };
}

interface MadeContext {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  /** Host names the certificate is made out to. */
  readonly names: readonly string[];
}

async function makeContext(common: SecureContextOptions, { certfile, keyfile, password }: CertificateFiles): Promise<MadeContext> {
  const cert = await readTlsFile(certfile);
  const key = await readTlsFile(keyfile);
  const options = { ...common, cert, key, ...(password === undefined ? {} : { passphrase: password }) };
  try {
    const context = createSecureContext(options);
    return { options, context, names: namesIn(new X509Certificate(cert)) };
  } catch (cause) {
    const message = `The certificate ${certfile} cannot be used with the key ${keyfile}: ${isLocked(key, password) ? lockedReason(password) : reasonOf(cause)}`;
    throw new BusbarError('TLS_CERTIFICATE_INVALID', message, { details: { certfile, keyfile }, cause });
  }
}

/**
 * Whether it is the password that fails. The code of the error does not tell: one wrong password in 256 decrypts to what looks well
 * padded, and is then refused as a key of an unknown kind.
 */
function isLocked(key: Buffer, password: string | undefined): boolean {
  if (!key.includes('ENCRYPTED')) return false;
  try {
    createPrivateKey({ key, ...(password === undefined ? {} : { passphrase: password }) });
    return false;
  } catch {
    return true;
  }
}

function lockedReason(password: string | undefined): string {
  return password === undefined ? 'the key needs a password' : 'the password of the key is wrong';
}

/** OpenSSL's messages carry numbers for its makers; the words at their end are for people. */
function reasonOf(cause: unknown): string {
  return messageOf(cause).replace(/^error:[0-9A-F]+:[^:]*:[^:]*:/, '');
}

function namesIn(certificate: X509Certificate): readonly string[] {
  const alternative = certificate.subjectAltName ?? '';
  const names = [...alternative.matchAll(/(?:^|, )DNS:([^,]+)/g)].map((match) => match[1] ?? '');
  if (names.length > 0) return names.map((name) => name.toLowerCase());
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}

async function readAuthorities(path: string): Promise<readonly X509Certificate[]> {
  const blocks = (await readTlsFile(path)).toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new BusbarError('TLS_CERTIFICATE_INVALID', `${path} holds what is no certificate: ${messageOf(cause)}`, { details: { path }, cause });
  }
}

/** Node.js takes a file without parameters for none at all and says nothing; here it is refused. */
async function readDhParameters(path: string): Promise<Buffer> {
  const content = await readTlsFile(path);
  const [, body] = /-----BEGIN (?:X9\.42 )?DH PARAMETERS-----([A-Za-z0-9+/=\s]+)-----END/.exec(content.toString('latin1')) ?? [];
  // DER: one SEQUENCE with a length of two bytes, as that of every prime of 1024 bits and more, and nothing behind it.
  const der = Buffer.from(body ?? '', 'base64');
  if (der.length > 4 && der.readUInt16BE(0) === 0x3082 && der.readUInt16BE(2) === der.length - 4) return content;
  throw new BusbarError('TLS_CERTIFICATE_INVALID', `${path} holds no Diffie-Hellman parameters of 1024 bits or more in PEM`, { details: { path } });
}
