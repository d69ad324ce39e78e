/** The client's side of SCRAM (RFC 5802), so that the server's has somebody to talk to. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

export interface ScramClientOptions {
  readonly username: string;
  readonly password: string;
  readonly hash?: 'sha256' | 'sha512';
  readonly nonce?: string;
}

const KEY_BYTES = { sha256: 32, sha512: 64 } as const;

export class ScramClient {
  readonly first: Buffer;
  /** What the server has to prove itself with; known once `answer` was called. */
  serverFinal = '';
  readonly #options: ScramClientOptions;
  readonly #bare: string;

  constructor(options: ScramClientOptions) {
    this.#options = options;
    const name = options.username.replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#bare = `n=${name},r=${options.nonce ?? 'fyko+d2lbbFgONRv9qkxdawL'}`;
    this.first = Buffer.from(`n,,${this.#bare}`);
  }

  /** The last message, for what the server answered to the first. */
  answer(serverFirst: Uint8Array): Buffer {
    const { password, hash = 'sha256' } = this.#options;
    const text = Buffer.from(serverFirst).toString();
    const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(text) ?? [];
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), KEY_BYTES[hash], hash);
    const mac = (key: Buffer, data: string) => createHmac(hash, key).update(data).digest();
    const clientKey = mac(salted, 'Client Key');
    const withoutProof = `c=biws,r=${nonce}`;
    const signed = `${this.#bare},${text},${withoutProof}`;
    const signature = mac(createHash(hash).update(clientKey).digest(), signed);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] as number)));
    this.serverFinal = `v=${mac(mac(salted, 'Server Key'), signed).toString('base64')}`;
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  }
}
