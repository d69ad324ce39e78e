import { describe, expect, it } from 'vitest';
import { MAX_HEADER_BYTES, readProxyHeader } from './proxyHeader.ts';

const text = (line: string) => Buffer.from(line, 'latin1');
const START = '0d0a0d0a000d0a515549540a';
/** A header of version 2: command and family as hex, then its content. */
function binary(commandAndFamily: string, content: string): Buffer {
  const body = Buffer.from(content.replaceAll(' ', ''), 'hex');
  return Buffer.concat([Buffer.from(START + commandAndFamily, 'hex'), Buffer.of(body.length >> 8, body.length & 0xff), body]);
}
const TCP4 = 'c0000201 cb007107 d431 075b';
const TCP6 = '20010db8000000000000000000000001 20010db8000000000000000000000002 d431 075b';
const source = (host: string, commonName?: string) => ({ host, port: 54_321, commonName });

describe('a PROXY header is read', () => {
  it.each([
    ['version 1, TCP4', text('PROXY TCP4 192.0.2.1 203.0.113.7 54321 1883\r\n'), source('192.0.2.1')],
    ['version 1, TCP6', text('PROXY TCP6 2001:db8::1 2001:db8::2 54321 1883\r\n'), source('2001:db8::1')],
    ['version 1, UNKNOWN', text('PROXY UNKNOWN\r\n'), undefined],
    ['version 1, UNKNOWN with anything behind', text('PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n'), undefined],
    ['version 2, TCP4', binary('2111', TCP4), source('192.0.2.1')],
    ['version 2, TCP6', binary('2121', TCP6), source('2001:db8::1')],
    ['version 2, IPv4 in IPv6 clothes', binary('2121', '00000000000000000000ffffc0000201 00000000000000000000ffffcb007107 d431 075b'), source('192.0.2.1')],
    ['version 2, LOCAL', binary('2000', ''), undefined],
    ['version 2, LOCAL with an address, which does not count', binary('2011', TCP4), undefined],
    ['version 2, UNSPEC', binary('2100', 'ee 0002 aabb'), undefined],
    ['version 2, a Unix socket', binary('2131', '00'.repeat(216)), undefined],
    ['version 2, the common name of a certificate', binary('2111', `${TCP4} 20 000e 07 00000000 22 0006 70756d702d37`), source('192.0.2.1', 'pump-7')],
    ['version 2, a TLS client without certificate', binary('2111', `${TCP4} 20 000e 01 00000000 22 0006 70756d702d37`), source('192.0.2.1')],
    ['version 2, other values and padding', binary('2111', `${TCP4} 04 0003 000000 01 0004 6d717474`), source('192.0.2.1')],
  ])('%s', (_name, header, expected) => {
    const reading = { state: 'whole', length: header.length, source: expected };
    expect(readProxyHeader(header)).toEqual(reading);
    expect(readProxyHeader(Buffer.concat([header, Buffer.from('100c', 'hex')]))).toEqual(reading);
    for (let end = 0; end < header.length; end += 1) expect(readProxyHeader(header.subarray(0, end))).toEqual({ state: 'more' });
  });

  it('with its checksum, and not with a wrong one', () => {
    // Computed with the reference of the specification: CRC-32C over the header, the checksum's own bytes zero.
    const right = binary('2111', `${TCP4} 03 0004 00000000`);
    const sum = crc32c(right);
    right.writeUInt32BE(sum, right.length - 4);
    expect(readProxyHeader(right)).toMatchObject({ state: 'whole', source: source('192.0.2.1') });
    right.writeUInt32BE(sum ^ 1, right.length - 4);
    expect(readProxyHeader(right)).toEqual({ state: 'bad', reason: 'the checksum is wrong' });
  });
});

/** By table, where the code under test goes bit by bit. Known answer: "123456789" gives e3069283. */
function crc32c(bytes: Uint8Array): number {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
    return value >>> 0;
  });
  return (bytes.reduce((crc, byte) => (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
}

it('the checksum of this test is the one everybody means', () => {
  expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283');
});

describe('what is no header, or not to be believed, is refused', () => {
  it.each([
    ['MQTT at once', Buffer.from('100c00044d515454', 'hex')],
    ['TLS at once', Buffer.from('160301', 'hex')],
    ['another word', text('PROXZ ')],
    ['another protocol', text('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n')],
    ['an address with a leading zero', text('PROXY TCP4 010.0.0.1 1.2.3.4 1 2\r\n')],
    ['an address beyond 255', text('PROXY TCP4 256.0.0.1 1.2.3.4 1 2\r\n')],
    ['IPv6 for TCP4', text('PROXY TCP4 ::1 1.2.3.4 1 2\r\n')],
    ['IPv4 for TCP6', text('PROXY TCP6 1.2.3.4 ::1 1 2\r\n')],
    ['an IPv6 address with two gaps', text('PROXY TCP6 1::2::3 ::1 1 2\r\n')],
    ['a port beyond 65535', text('PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n')],
    ['a port with a leading zero', text('PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n')],
    ['a word too few', text('PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n')],
    ['a word too many', text('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n')],
    ['two spaces', text('PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n')],
    ['CR without LF', text('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX')],
    ['a line without end', text(`PROXY UNKNOWN ${'x'.repeat(100)}`)],
    ['another signature', Buffer.from('0d0a0d0a000d0b', 'hex')],
    ['version 3', binary('3111', TCP4)],
    ['command 2', binary('2211', TCP4)],
    ['UDP', binary('2112', TCP4)],
    ['fewer bytes than the family needs', binary('2111', 'c0000201')],
    ['a value past the end', binary('2111', `${TCP4} 04 0003 00`)],
    ['a value about TLS past its end', binary('2111', `${TCP4} 20 0008 07 00000000 22 0006`)],
    ['more than anybody sends', Buffer.from(`${START}2111${(MAX_HEADER_BYTES - 15).toString(16).padStart(4, '0')}`, 'hex')],
  ])('%s', (_name, bytes) => {
    expect(readProxyHeader(bytes).state).toBe('bad');
  });
});
