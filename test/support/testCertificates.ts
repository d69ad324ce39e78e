/** Certificates made by openssl, so that what the broker reads and checks comes from elsewhere. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from './processes.ts';

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority and what it signs, as files in one folder. */
export class TestAuthority {
  readonly cert: string;
  readonly #folder: string;
  readonly #key: string;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.cert = join(folder, `${name}.pem`);
    this.#key = join(folder, `${name}.key`);
  }

  /** An authority between this one and what it signs itself. */
  async issueAuthority(name: string): Promise<TestAuthority> {
    await this.#sign(name, `/CN=${name}`, 'basicConstraints=critical,CA:TRUE');
    return new TestAuthority(this.#folder, name);
  }

  static async create(folder: string, name = 'ca'): Promise<TestAuthority> {
    const authority = new TestAuthority(folder, name);
    await openssl('req', '-x509', ...NEW_KEY, '-subj', `/CN=${name}`, '-days', '2', '-keyout', authority.#key, '-out', authority.cert);
    return authority;
  }

  /** `hosts` in openssl's notation: `DNS:localhost,IP:127.0.0.1`. The same name again replaces the files. */
  async issue(name: string, subject: string, hosts?: string, newKey: readonly string[] = NEW_KEY): Promise<TestCertificate> {
    return this.#sign(name, subject, `basicConstraints=CA:FALSE${hosts === undefined ? '' : `\nsubjectAltName=${hosts}`}`, newKey);
  }

  async #sign(name: string, subject: string, extensions: string, newKey: readonly string[] = NEW_KEY): Promise<TestCertificate> {
    const file = (end: string) => join(this.#folder, `${name}.${end}`);
    await openssl('req', ...newKey, '-subj', subject, '-keyout', file('new.key'), '-out', file('csr'));
    await writeFile(file('ext'), `${extensions}\n`);
    const by = ['-CA', this.cert, '-CAkey', this.#key, '-CAcreateserial', '-days', '2', '-extfile', file('ext')];
    await openssl('x509', '-req', '-in', file('csr'), ...by, '-out', file('new.pem'));
    await runProcess('mv', [file('new.key'), file('key')]);
    await runProcess('mv', [file('new.pem'), file('pem')]);
    return { cert: file('pem'), key: file('key') };
  }
}

export const RSA_KEY: readonly string[] = ['-newkey', 'rsa:2048', '-nodes'];
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export async function openssl(...args: string[]): Promise<void> {
  const { code, stderr } = await runProcess('openssl', args, { lifetimeMs: 30_000 });
  if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}
