/** The client's side of SCRAM (RFC 5802, RFC 7677) for one connect: proves the password without sending it, and asks the broker to prove it too. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

const KEY_BYTES = { sha256: 32, sha512: 64 } as const;
/** RFC 7677 section 4 asks for 4096 at least; a broker that asks for more than this would stop the host. */
const MOST_ITERATIONS = 1_000_000;
const SERVER_FIRST = /^r=([^,]+),s=([A-Za-z0-9+/=]+),i=(\d{1,7})(?:,.*)?$/;

export interface ScramLogin {
  readonly hash: keyof typeof KEY_BYTES;
  readonly username: string;
  readonly password: string;
  /** Chosen by chance unless given. */
  readonly nonce?: string;
}

export class ScramClient {
  /** The authentication data of CONNECT. */
  readonly first: Buffer;
  readonly #login: ScramLogin;
  readonly #nonce: string;
  readonly #bare: string;
  #serverFinal: Buffer | undefined;

  constructor(login: ScramLogin) {
    this.#login = login;
    this.#nonce = login.nonce ?? randomBytes(18).toString('base64');
    const name = login.username.normalize('NFKC').replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#bare = `n=${name},r=${this.#nonce}`;
    this.first = Buffer.from(`n,,${this.#bare}`);
  }

  /** The data of our AUTH for what the broker answered first. Throws when that is no SCRAM message for this login. */
  answer(serverFirst: Uint8Array): Buffer {
    const { hash, password } = this.#login;
    const text = Buffer.from(serverFirst).toString('utf8');
    const [, nonce = '', salt = '', count = ''] = SERVER_FIRST.exec(text) ?? [];
    const iterations = Number(count);
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce || iterations < 1 || iterations > MOST_ITERATIONS) throw new Error('The broker answered with no SCRAM message.');
    const mac = (key: Buffer, data: string) => createHmac(hash, key).update(data).digest();
    const salted = pbkdf2Sync(password.normalize('NFKC'), Buffer.from(salt, 'base64'), iterations, KEY_BYTES[hash], hash);
    const clientKey = mac(salted, 'Client Key');
    const withoutProof = `c=biws,r=${nonce}`;
    const signed = `${this.#bare},${text},${withoutProof}`;
    const signature = mac(createHash(hash).update(clientKey).digest(), signed);
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
    this.#serverFinal = Buffer.from(`v=${mac(mac(salted, 'Server Key'), signed).toString('base64')}`);
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`);
  }

  /** Whether the data of CONNACK proves that the broker knows the password. */
  proves(serverFinal: Uint8Array | undefined): boolean {
    const expected = this.#serverFinal;
    return expected !== undefined && serverFinal?.length === expected.length && timingSafeEqual(expected, serverFinal);
  }
}
