import { describe, expect, it } from 'vitest';
import { parseClientFinal, parseClientFirst } from './scramMessages.ts';

const first = (text: string) => parseClientFirst(Buffer.from(text));
const final = (text: string) => parseClientFinal(Buffer.from(text));

describe("a client's first message", () => {
  it('is read whole', () => {
    expect(first('y,a=a=2Cb,n=us=3Der,r=n%c$e,x=later')).toEqual({
      gs2Header: 'y,a=a=2Cb,',
      bare: 'n=us=3Der,r=n%c$e,x=later',
      username: 'us=er',
      authzid: 'a,b',
      nonce: 'n%c$e',
    });
  });

  it.each([
    ['no header', 'n=user,r=nonce'],
    ['a demand for channel binding', 'p=tls-unique,,n=user,r=nonce'],
    ['another flag', 'z,,n=user,r=nonce'],
    ['an extension that must be understood', 'n,,m=x,n=user,r=nonce'],
    ['no user', 'n,,r=nonce'],
    ['an empty user', 'n,,n=,r=nonce'],
    ['an equals sign of its own', 'n,,n=us=er,r=nonce'],
    ['an escape in small letters', 'n,,n=us=2cer,r=nonce'],
    ['a nonce before the user', 'n,,r=nonce,n=user'],
    ['no nonce', 'n,,n=user'],
    ['an empty nonce', 'n,,n=user,r='],
    ['a nonce that is not printable', 'n,,n=user,r=no nce'],
    ['a nonce beyond ASCII', 'n,,n=user,r=nönce'],
    ['an extension without a name', 'n,,n=user,r=nonce,=x'],
    ['an extension without a value', 'n,,n=user,r=nonce,x='],
    ['a comma at the end', 'n,,n=user,r=nonce,'],
    ['a NUL', 'n,,n=us\0er,r=nonce'],
    ['more than any message needs', `n,,n=${'u'.repeat(5000)},r=nonce`],
    ['nothing', ''],
  ])('is refused with %s', (_name, text) => expect(first(text)).toBeUndefined());

  it('is refused when it is not UTF-8', () => {
    expect(parseClientFirst(Buffer.from('n,,n=\u00ff,r=nonce', 'latin1'))).toBeUndefined();
  });
});

describe("a client's last message", () => {
  it('is read whole', () => {
    expect(final('c=biws,r=nonce,x=later,p=AAEC')).toEqual({
      channelBinding: 'n,,',
      nonce: 'nonce',
      proof: Buffer.from([0, 1, 2]),
      withoutProof: 'c=biws,r=nonce,x=later',
    });
  });

  it.each([
    ['no proof', 'c=biws,r=nonce'],
    ['a proof that is not last', 'c=biws,p=AAEC,r=nonce'],
    ['an empty proof', 'c=biws,r=nonce,p='],
    ['a proof without its padding', 'c=biws,r=nonce,p=AAE'],
    ['a proof with loose bits at its end', 'c=biws,r=nonce,p=AAF='],
    ['no channel binding', 'r=nonce,p=AAEC'],
    ['an empty channel binding', 'c=,r=nonce,p=AAEC'],
    ['no nonce', 'c=biws,p=AAEC'],
  ])('is refused with %s', (_name, text) => expect(final(text)).toBeUndefined());
});
