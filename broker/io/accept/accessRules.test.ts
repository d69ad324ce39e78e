import { describe, expect, it } from 'vitest';
import { compileAccessRules } from './accessRules.ts';

const rule = (text: string) => {
  const [permission, who] = text.split(' ') as ['allow' | 'deny', string];
  return { permission, who };
};
const check = (...rules: string[]) => compileAccessRules(rules.map(rule), 'tcp:default');

describe('access rules', () => {
  it('ask nothing where everybody may connect', () => {
    expect(check('allow all')).toBe(null);
  });

  it.each([
    ['10.1.2.3', true],
    ['10.0.0.9', false],
    ['::ffff:10.1.2.3', true],
    ['2001:db8::5', true],
    ['2001:db9::5', false],
    ['192.0.2.1', false],
    ['', false],
  ])('decide by the first that fits, and none means no: %s', (host, allowed) => {
    expect(check('deny 10.0.0.0/24', 'allow 10.0.0.0/8', 'allow 2001:db8::/32')?.(host)).toBe(allowed);
  });

  it('let a socket file pass by all only', () => {
    expect([check('deny 10.0.0.0/8', 'allow all')?.(''), check()?.('')]).toEqual([true, false]);
  });

  it('that name no address are refused with the words of EMQX', () => {
    expect(() => check('allow 10.0.0.0/33')).toThrow('invalid_rule(s): allow 10.0.0.0/33');
  });
});
