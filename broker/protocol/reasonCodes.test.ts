import { describe, expect, it } from 'vitest';
import { connackReasonCode, connackReturnCode, isFailure, ReasonCode, reasonName } from './reasonCodes.ts';

describe('a reason code', () => {
  // broker-contract 8.3
  it.each([
    [0x00, 'success'],
    [0x10, 'no_matching_subscribers'],
    [0x11, 'no_subscription_existed'],
    [0x80, 'unspecified_error'],
    [0x86, 'bad_username_or_password'],
    [0x8d, 'keepalive_timeout'],
    [0x91, 'packet_identifier_inuse'],
    [0x92, 'packet_identifier_not_found'],
    [0x9b, 'qos_not_supported'],
    [0xa2, 'wildcard_subscriptions_not_supported'],
    [0x03, 'unknown_error'],
  ])('%i is called %s', (code, name) => {
    expect(reasonName(code)).toBe(name);
  });

  it('has a number and a name of its own', () => {
    const codes = Object.values(ReasonCode);
    expect([new Set(codes).size, new Set(codes.map(reasonName)).size]).toEqual([codes.length, codes.length]);
  });

  it('refuses from 0x80 on', () => {
    expect([isFailure(0x7f), isFailure(0x80)]).toEqual([false, true]);
  });
});

describe('CONNACK to an older client', () => {
  // broker-contract 8.2, last lines
  it.each([
    [0, [0x00]],
    [1, [0x80, 0x81, 0x82, 0x83, 0x84]],
    [2, [0x85]],
    [3, [0x88, 0x89, 0x8b, 0x90, 0x97, 0x9c, 0x9d, 0x9f]],
    [4, [0x86]],
    [5, [0x87, 0x8a, 0x8c]],
  ])('says %i', (returnCode, reasonCodes) => {
    expect(reasonCodes.map(connackReturnCode)).toEqual(reasonCodes.map(() => returnCode));
  });

  it('is read back as a reason that maps to the same return code', () => {
    const back = [0, 1, 2, 3, 4, 5].map((returnCode) => connackReturnCode(connackReasonCode(returnCode) ?? -1));
    expect([back, connackReasonCode(6)]).toEqual([[0, 1, 2, 3, 4, 5], undefined]);
  });
});
