/** Certificates and keys of a connection, read from their files at every connect: a renewed one is used at once. */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import type { TlsSpec } from '../contract/connectionParts.ts';
import { KnownFailure } from './connectFailure.ts';

/** Options of `tls.connect` besides the address. Throws KnownFailure `unreadableFile`. */
export async function readTlsMaterial(spec: TlsSpec = {}, passphrase?: string): Promise<ConnectionOptions> {
  const [ca, cert, key, pfx] = await Promise.all([read(spec.caFile), read(spec.certFile), read(spec.keyFile), read(spec.pkcs12File)]);
  return {
    rejectUnauthorized: spec.verify ?? true,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(pfx && { pfx }),
    ...(passphrase !== undefined && { passphrase }),
    ...(spec.serverName !== undefined && { servername: spec.serverName }),
    ...(spec.alpn?.length && { ALPNProtocols: [...spec.alpn] }),
    ...(spec.minVersion && { minVersion: spec.minVersion }),
    ...(spec.maxVersion && { maxVersion: spec.maxVersion }),
  };
}

async function read(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file);
  } catch (error) {
    throw new KnownFailure('unreadableFile', `${file}: ${error instanceof Error && 'code' in error ? String(error.code) : 'not readable'}.`);
  }
}
