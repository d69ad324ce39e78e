import { describe, expect, it } from 'vitest';
import { formatNetwork, inNetwork, parseAddress, parseNetwork } from './address.ts';

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '10.0.0.1', false],
    ['192.168.1.7/25', '192.168.1.127', true],
    ['192.168.1.7/25', '192.168.1.128', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['fe80::/10', 'fe80::1%eth0', true],
  ])('%s has %s: %s', (network, address, expected) => {
    const parsed = parseNetwork(network);
    const peer = parseAddress(address);
    expect(parsed && peer && inNetwork(peer, parsed)).toBe(expected);
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '::/129',
    'g::',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    ':::',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it('is written without its host bits', () => {
    expect(
      ['10.1.2.3/8', '10.1.2.3', 'fd00:1::9/16', '::ffff:1.2.3.4'].map((text) =>
        formatNetwork(parseNetwork(text) as NonNullable<ReturnType<typeof parseNetwork>>),
      ),
    ).toEqual(['10.0.0.0/8', '10.1.2.3', 'fd00:0:0:0:0:0:0:0/16', '1.2.3.4']);
  });
});
