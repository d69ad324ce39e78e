/** Salted, slow hashes of passwords: scrypt with the cost OWASP gives as minimum (16 MB, five passes). */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import Type, { type Static } from 'typebox';

const COST = { N: 16_384, r: 8, p: 5 } as const;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

const deriveKey = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

/** As kept in a file: the cost is kept too, so that it can be raised later without locking anybody out. */
export const PasswordHash = Type.Object({
  algorithm: Type.Literal('scrypt'),
  N: Type.Integer({ minimum: 1024, maximum: 1_048_576 }),
  r: Type.Integer({ minimum: 1, maximum: 32 }),
  p: Type.Integer({ minimum: 1, maximum: 16 }),
  salt: Type.String({ minLength: 16, maxLength: 128 }),
  key: Type.String({ minLength: 16, maxLength: 128 }),
});
export type PasswordHash = Static<typeof PasswordHash>;

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, COST);
  return { algorithm: 'scrypt', ...COST, salt: salt.toString('base64'), key: key.toString('base64') };
}

/** A hash that no password has, at the usual cost. */
export function unmatchableHash(): PasswordHash {
  return {
    algorithm: 'scrypt',
    ...COST,
    salt: randomBytes(SALT_BYTES).toString('base64'),
    key: randomBytes(KEY_BYTES).toString('base64'),
  };
}

export async function passwordMatches(password: string, hash: PasswordHash): Promise<boolean> {
  const expected = Buffer.from(hash.key, 'base64');
  const actual = await derive(password, Buffer.from(hash.salt, 'base64'), hash, expected.length);
  return timingSafeEqual(actual, expected);
}

function derive(
  password: string,
  salt: Buffer,
  { N, r, p }: { N: number; r: number; p: number },
  bytes = KEY_BYTES,
): Promise<Buffer> {
  return deriveKey(password.normalize('NFKC'), salt, bytes, { N, r, p, maxmem: 256 * N * r });
}
