import { describe, expect, it } from 'vitest';
import { Account } from './account.ts';

function books(): Account {
  const account = new Account();
  account.publisher('p', 0);
  account.publisher('other', 1);
  account.subscriber('s', 0);
  account.sends('p', 1);
  account.sends('p', 2);
  account.sends('p', 1);
  account.sends('other', 1);
  return account;
}

const message = (n: number, fields: Partial<{ qos: number; dup: boolean | null }> = {}, publisher = 'p') => ({
  publisher,
  n,
  qos: 1,
  dup: false,
  ...fields,
});

describe('the books of a ledger run', () => {
  it('owe every acknowledged message to every subscriber of its group, and no other', () => {
    const account = books();
    account.acknowledged('p', 0);
    account.acknowledged('p', 1);
    account.acknowledged('other', 0);
    account.received('s', message(0));
    expect(account.verdict()).toEqual({
      published: 4,
      acknowledged: 3,
      owed: 2,
      delivered: 1,
      lost: ['s never got p:1'],
      outOfOrder: [],
      explainedRepeats: 0,
      unexplainedRepeats: [],
    });
    expect(account.open).toEqual(['p:2 (QoS 1) was never answered']);
  });

  it('see messages of one publisher that come in another order, the first time each', () => {
    const account = books();
    account.received('s', message(0));
    account.received('s', message(2));
    account.received('s', message(1));
    account.received('s', message(0, { dup: true }));
    expect(account.verdict()).toMatchObject({ outOfOrder: ['s got p:1 after p:2'], explainedRepeats: 1 });
  });

  it('expect no order of messages that are each sent by a client of its own', () => {
    const account = books();
    account.publisher('many', 0, true);
    account.sends('many', 1);
    account.sends('many', 1);
    account.received('s', message(1, {}, 'many'));
    account.received('s', message(0, {}, 'many'));
    expect(account.verdict().outOfOrder).toEqual([]);
  });

  it('take a repetition for explained when it is marked, or when the publisher itself repeated the message', () => {
    const account = books();
    account.acknowledged('p', 0);
    account.interrupted('p');
    account.acknowledged('p', 2);
    for (const n of [0, 2]) for (let times = 0; times < 2; times += 1) account.received('s', message(n));
    account.received('s', message(0, { dup: true }));
    account.received('s', message(0, { dup: null }));
    expect(account.verdict()).toMatchObject({ explainedRepeats: 3, unexplainedRepeats: ['s got p:0 again (QoS 1)'] });
  });

  it('never excuse a second delivery with QoS 2', () => {
    const account = books();
    account.interrupted('p');
    account.received('s', message(1, { qos: 2 }));
    account.received('s', message(1, { qos: 2, dup: true }));
    expect(account.verdict().unexplainedRepeats).toEqual(['s got p:1 again (QoS 2)']);
  });
});
