import { describe, expect, it } from 'vitest';
import { ScramClient } from './scramClient.ts';

/** The exchange printed in RFC 7677 section 3. */
const LOGIN = { hash: 'sha256', username: 'user', password: 'pencil', nonce: 'rOprNGfwEbeRWgbNEkqO' } as const;
const SERVER_FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';
const bytes = (text: string) => Buffer.from(text);

describe('the client side of SCRAM', () => {
  it('says what the example of RFC 7677 says, and accepts its proof only', () => {
    const client = new ScramClient(LOGIN);
    expect(client.first.toString()).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
    expect(client.proves(bytes(SERVER_FINAL))).toBe(false);
    expect(client.answer(bytes(SERVER_FIRST)).toString()).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    );
    expect([SERVER_FINAL, SERVER_FINAL.replace('6', '7'), 'v=', ''].map((text) => client.proves(bytes(text)))).toEqual([true, false, false, false]);
    expect(client.proves(undefined)).toBe(false);
  });

  it('escapes a name and takes another nonce each time', () => {
    const first = () => new ScramClient({ hash: 'sha512', username: 'a,b=c', password: '' }).first.toString();
    expect(first()).toMatch(/^n,,n=a=2Cb=3Dc,r=[A-Za-z0-9+/]{24}$/);
    expect(first()).not.toBe(first());
  });

  it.each(['', 'e=other-error', 'r=other,s=QQ==,i=4096', `r=${LOGIN.nonce},s=QQ==,i=4096`, SERVER_FIRST.replace('4096', '0'), SERVER_FIRST.replace('4096', '9999999')])('refuses %j', (text) => {
    expect(() => new ScramClient(LOGIN).answer(bytes(text))).toThrow('no SCRAM message');
  });
});
