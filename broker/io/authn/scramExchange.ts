/** The server's side of SCRAM (RFC 5802, RFC 7677): the client proves its password without sending it, and so do we. */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { saslPrep } from '../../access/authn/saslPrep.ts';
import { parseClientFinal, parseClientFirst, printServerFinal, printServerFirst, type ClientFirst } from '../../access/authn/scramMessages.ts';
import type { AuthExchange, AuthnVerdict, AuthStep } from '../../protocol/authentication.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';

export type ScramHash = 'sha256' | 'sha512';

/** What is kept of a password: enough to check it, not enough to log in with it. */
export interface ScramKeys {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  readonly salt: Buffer;
  readonly iterationCount: number;
}

export interface ScramExchangeOptions {
  readonly hash: ScramHash;
  /** The keys of a user, or those of nobody that look the same from outside, with `null`. */
  find(username: string): { readonly keys: ScramKeys; readonly isSuperuser: boolean | null };
  /** The server's part of the nonce: printable, without a comma, never twice. */
  readonly nonce: string;
}

const derive = promisify(pbkdf2);
const KEY_BYTES: Readonly<Record<ScramHash, number>> = { sha256: 32, sha512: 64 };
const MALFORMED: AuthnVerdict = { result: 'error', reasonCode: ReasonCode.NotAuthorized };
const WRONG: AuthnVerdict = { result: 'error', reasonCode: ReasonCode.BadUserNameOrPassword };

/** Slow by `iterationCount`; runs outside the loop. `password` has been through SASLprep. */
export async function scramKeys(password: string, salt: Buffer, iterationCount: number, hash: ScramHash): Promise<ScramKeys> {
  const salted = await derive(password, salt, iterationCount, KEY_BYTES[hash], hash);
  const clientKey = createHmac(hash, salted).update('Client Key').digest();
  return {
    storedKey: createHash(hash).update(clientKey).digest(),
    serverKey: createHmac(hash, salted).update('Server Key').digest(),
    salt,
    iterationCount,
  };
}

export class ScramExchange implements AuthExchange {
  readonly #options: ScramExchangeOptions;
  #first: (ClientFirst & { readonly user: ReturnType<ScramExchangeOptions['find']>; readonly username: string }) | undefined;
  #serverFirst = '';

  constructor(options: ScramExchangeOptions) {
    this.#options = options;
  }

  step(data: Uint8Array | undefined): AuthStep {
    if (data === undefined) return MALFORMED;
    return this.#first === undefined ? this.#begin(data) : this.#prove(data);
  }

  #begin(data: Uint8Array): AuthStep {
    const message = parseClientFirst(data);
    const username = message === undefined ? undefined : saslPrep(message.username);
    if (message === undefined || username === undefined || username === '') return MALFORMED;
    // Nobody may act as somebody else here.
    if (message.authzid !== undefined && message.authzid !== message.username) return MALFORMED;
    const user = this.#options.find(username);
    this.#first = { ...message, user, username };
    this.#serverFirst = printServerFirst(message.nonce + this.#options.nonce, user.keys.salt, user.keys.iterationCount);
    return { result: 'continue', data: Buffer.from(this.#serverFirst) };
  }

  #prove(data: Uint8Array): AuthStep {
    const message = parseClientFinal(data);
    const first = this.#first;
    if (message === undefined || first === undefined) return MALFORMED;
    if (message.channelBinding !== first.gs2Header || message.nonce !== first.nonce + this.#options.nonce) return MALFORMED;
    const { storedKey, serverKey } = first.user.keys;
    const { hash } = this.#options;
    const signed = `${first.bare},${this.#serverFirst},${message.withoutProof}`;
    const clientSignature = createHmac(hash, storedKey).update(signed).digest();
    const serverSignature = createHmac(hash, serverKey).update(signed).digest();
    if (message.proof.length !== clientSignature.length) return MALFORMED;
    const clientKey = clientSignature.map((byte, index) => byte ^ (message.proof[index] as number));
    const isProven = timingSafeEqual(createHash(hash).update(clientKey).digest(), storedKey);
    if (!isProven || first.user.isSuperuser === null) return WRONG;
    return { result: 'ok', username: first.username, isSuperuser: first.user.isSuperuser, data: Buffer.from(printServerFinal(serverSignature)) };
  }
}
