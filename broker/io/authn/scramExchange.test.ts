import { describe, expect, it } from 'vitest';
import type { AuthStep } from '../../protocol/authentication.ts';
import { ScramExchange, scramKeys, type ScramHash } from './scramExchange.ts';

interface Vector {
  readonly hash: ScramHash;
  readonly salt: string;
  readonly serverNonce: string;
  readonly clientFirst: string;
  readonly serverFirst: string;
  readonly clientFinal: string;
  readonly serverFinal: string;
}

/** RFC 7677 section 3: user `user`, password `pencil`. */
const RFC_7677: Vector = {
  hash: 'sha256',
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
  serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal: 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};

async function exchange(vector: Vector = RFC_7677, isSuperuser: boolean | null = false): Promise<ScramExchange> {
  const keys = await scramKeys('pencil', Buffer.from(vector.salt, 'base64'), 4096, vector.hash);
  return new ScramExchange({ hash: vector.hash, nonce: vector.serverNonce, find: () => ({ keys, isSuperuser }) });
}

const text = (step: AuthStep) => ('data' in step && step.data !== undefined ? Buffer.from(step.data).toString() : undefined);
const WRONG = { result: 'error', reasonCode: 0x86 };
const MALFORMED = { result: 'error', reasonCode: 0x87 };

describe('SCRAM', () => {
  it('follows the example of RFC 7677', async () => {
    const scram = await exchange();
    const first = scram.step(Buffer.from(RFC_7677.clientFirst));
    expect([first.result, text(first)]).toEqual(['continue', RFC_7677.serverFirst]);
    expect(scram.step(Buffer.from(RFC_7677.clientFinal))).toEqual({
      result: 'ok',
      username: 'user',
      isSuperuser: false,
      data: Buffer.from(RFC_7677.serverFinal),
    });
  });

  it('refuses a wrong proof, and the right proof of nobody, alike', async () => {
    const wrongProof = RFC_7677.clientFinal.replace('dHzb', 'dHzc');
    const answers: AuthStep[] = [];
    for (const [superuser, last] of [[false, wrongProof], [null, RFC_7677.clientFinal]] as const) {
      const scram = await exchange(RFC_7677, superuser);
      expect(text(scram.step(Buffer.from(RFC_7677.clientFirst)))).toBe(RFC_7677.serverFirst);
      answers.push(scram.step(Buffer.from(last)));
    }
    expect(answers).toEqual([WRONG, WRONG]);
  });

  it.each([
    ['another nonce', RFC_7677.clientFinal.replace('r=rOpr', 'r=rOps')],
    ['the nonce of the client alone', RFC_7677.clientFinal.replace(RFC_7677.serverNonce, '')],
    ['another channel binding', RFC_7677.clientFinal.replace('c=biws', 'c=eSws')],
    ['a proof of another length', RFC_7677.clientFinal.replace(/p=.*/, 'p=AAEC')],
    ['no such message', 'hello'],
  ])('refuses a last message with %s', async (_name, last) => {
    const scram = await exchange();
    scram.step(Buffer.from(RFC_7677.clientFirst));
    expect(scram.step(Buffer.from(last))).toEqual(MALFORMED);
  });

  it('refuses to begin without data, with what is no message, or for somebody else', async () => {
    const begin = async (data: string | undefined) => (await exchange()).step(data === undefined ? undefined : Buffer.from(data));
    expect([await begin(undefined), await begin('n,,r=x'), await begin('n,a=root,n=user,r=x'), await begin('n,,n=\u0007,r=x')]).toEqual(Array(4).fill(MALFORMED));
  });

  it('asks for the user in the spelling of SASLprep', async () => {
    const asked: string[] = [];
    const keys = await scramKeys('pencil', Buffer.alloc(16), 4096, 'sha512');
    const find = (username: string) => {
      asked.push(username);
      return { keys, isSuperuser: null };
    };
    new ScramExchange({ hash: 'sha512', nonce: 'x', find }).step(Buffer.from('n,,n=I\u00adX=2C\u2168,r=x'));
    expect(asked).toEqual(['IX,IX']);
  });
});
