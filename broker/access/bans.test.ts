import { describe, expect, it } from 'vitest';
import { BanTable, MAX_PATTERN_BANS, type Ban, type BanKind, type BanSubject } from './bans.ts';

const NOW = 1_000_000;
const ban = (as: BanKind, who: string, untilMs = Number.POSITIVE_INFINITY): Ban => ({ as, who, by: 'test', reason: '', atMs: 0, untilMs });

function tableOf(...bans: readonly Ban[]): BanTable {
  const table = new BanTable();
  for (const one of bans) expect(table.put(one)).toBeUndefined();
  return table;
}

const CLIENT: BanSubject = { clientId: 'device-7', username: 'ann', peerHost: '10.1.2.3' };

describe('a ban', () => {
  const CASES: readonly (readonly [as: BanKind, fits: string, not: string])[] = [
    ['clientid', 'device-7', 'device-'],
    ['username', 'ann', 'an'],
    ['peerhost', '10.1.2.3', '10.1.2.4'],
    ['peerhost', '::ffff:10.1.2.3', '::ffff:10.1.2.4'],
    ['clientid_re', '^device-[0-9]+$', '^device-[a-z]+$'],
    ['username_re', 'a.n', '^n'],
    ['peerhost_net', '10.1.0.0/16', '10.2.0.0/16'],
  ];
  it.each(CASES)('by %s keeps out whom it means', (as, fits, not) => {
    expect([tableOf(ban(as, fits)).find(CLIENT, NOW)?.who, tableOf(ban(as, not)).find(CLIENT, NOW)]).toEqual([fits, undefined]);
  });

  it('by user name means nobody without one', () => {
    const table = tableOf(ban('username_re', '.*'), ban('username', 'ann'));
    expect(table.find({ ...CLIENT, username: undefined }, NOW)).toBeUndefined();
  });

  it('ends when its time comes, swept or not', () => {
    const table = tableOf(ban('clientid', 'device-7', NOW + 1), ban('clientid_re', 'device', NOW + 1), ban('username', 'ann', NOW + 2));
    expect([table.find(CLIENT, NOW)?.as, table.find(CLIENT, NOW + 1)?.as, table.find(CLIENT, NOW + 2)]).toEqual(['clientid', 'username', undefined]);
    expect([table.sweep(NOW + 1).map(({ as }) => as), table.size]).toEqual([['clientid', 'clientid_re'], 1]);
  });

  it('of one is told before a pattern, and may be taken back', () => {
    const table = tableOf(ban('clientid_re', 'device'), ban('peerhost', '10.1.2.3'));
    expect(table.find(CLIENT, NOW)?.as).toBe('peerhost');
    expect([table.delete('peerhost', '10.1.2.3'), table.delete('peerhost', '10.1.2.3'), table.find(CLIENT, NOW)?.as]).toEqual([true, false, 'clientid_re']);
    table.clear();
    expect([table.isEmpty, table.find(CLIENT, NOW)]).toEqual([true, undefined]);
  });

  it('that is no pattern is refused', () => {
    const table = new BanTable();
    expect([table.put(ban('clientid_re', '(')), table.put(ban('peerhost_net', '10.0.0.0/33')), table.size]).toEqual([
      expect.stringMatching(/^the regular expression is not valid: /),
      '10.0.0.0/33 is no network such as 10.0.0.0/8',
      0,
    ]);
  });

  it('by pattern is one of a bounded number', () => {
    const table = tableOf(...Array.from({ length: MAX_PATTERN_BANS }, (_, index) => ban('clientid_re', `x${index}`)));
    expect([table.put(ban('clientid_re', 'y')), table.put(ban('clientid_re', 'x0')), table.put(ban('clientid', 'y'))]).toEqual([
      `there are ${MAX_PATTERN_BANS} bans by pattern already`,
      undefined,
      undefined,
    ]);
  });

  it('is listed by kind, then text', () => {
    const table = tableOf(ban('peerhost_net', '::/0'), ban('username', 'b'), ban('username', 'a'), ban('clientid', 'z'));
    expect(table.list().map(({ as, who }) => `${as} ${who}`)).toEqual(['clientid z', 'username a', 'username b', 'peerhost_net ::/0']);
  });
});
