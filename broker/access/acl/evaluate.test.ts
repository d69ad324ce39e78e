import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng } from '../../base/prng.ts';
import type { AclClient, AclRequest } from './decision.ts';
import { compileAcl, RuleBook, type RuleSet } from './evaluate.ts';
import { matchLevels } from './match.ts';
import { parseAcl } from './parser.ts';

const rulesIn = (text: string): RuleSet => compileAcl(parseAcl(text));
const client = (over: Partial<AclClient> = {}): AclClient => ({
  clientId: 'c1',
  username: 'ops',
  peerHost: '10.20.4.17',
  ...over,
});
const publish = (topic: string, over: Partial<AclRequest> = {}): AclRequest => ({
  action: 'publish',
  topic,
  qos: 0,
  retain: false,
  ...over,
});
const subscribe = (topic: string, over: Partial<AclRequest> = {}): AclRequest => ({
  action: 'subscribe',
  topic,
  qos: 0,
  retain: false,
  ...over,
});

/** allow, deny or noMatch of one rule. */
const verdict = (text: string, who: AclClient, request: AclRequest): string => rulesIn(text).decide(who, request).permission;

describe('topics, as broker-contract 1.4 lists them', () => {
  it.each([
    [publish('t'), '"t/#"', true],
    [publish('t/1/2'), '"t/#"', true],
    [publish('tt/1'), '"t/#"', false],
    [subscribe('t/+/x'), '"t/#"', true],
    [subscribe('t/#'), '"t/#"', true],
    [subscribe('t/#'), '"t/1"', false],
    [subscribe('t/#'), '"t/+"', true],
    [subscribe('#'), '"+"', true],
    [subscribe('#'), '{eq, "#"}', true],
    [subscribe('+/#'), '{eq, "#"}', false],
    [subscribe('#'), '"eq #"', true],
    [subscribe('a'), '"eq #"', false],
    [subscribe('$SYS/#'), '"#"', true],
    [publish('$SYS/x'), '"#"', true],
    [publish('$SYS/x'), '"+/x"', true],
    [publish('a/b'), '"a/b"', true],
    [publish('a/b'), '"a/+"', true],
    [publish('a'), '"a/+"', false],
    [publish('a/'), '"a/+"', true],
    [publish('/a'), '"+/+"', true],
    [publish('/a'), '"+"', false],
    [publish('a/b/c'), '"a/+/#"', true],
    [publish('a'), '"a/+/#"', false],
    [publish('a/b'), '"a/+/#"', true],
    [publish('a/+'), '{eq, "a/+"}', true],
    [publish('a/b'), '<<"a/b">>', true],
  ])('%o against %s: %s', (request, topic, expected) => {
    expect(verdict(`{allow, all, all, [${topic}]}.`, client(), request)).toBe(expected ? 'allow' : 'noMatch');
  });

  it('never match where there are none', () => {
    expect(verdict('{allow, all, all, []}.', client(), publish('a'))).toBe('noMatch');
  });

  it('the prepared forms agree with the level lists they stand for', () => {
    const prng = seededPrng(3);
    const words = ['a', 'b', '', '+', '$S'];
    const draw = (extra: string[]): string => {
      const levels = Array.from({ length: 1 + randomBelow(prng, 4) }, () => words[randomBelow(prng, words.length)] as string);
      return [...levels, ...extra].join('/');
    };
    for (let round = 0; round < 3_000; round += 1) {
      const rule = draw(randomBelow(prng, 2) === 0 ? ['#'] : []);
      const wanted = draw(randomBelow(prng, 3) === 0 ? ['#'] : []);
      const expected = matchLevels(wanted.split('/'), rule.split('/')) ? 'allow' : 'noMatch';
      expect(verdict(`{allow, all, all, ["${rule}"]}.`, client(), subscribe(wanted)), `${wanted} ~ ${rule}`).toBe(expected);
    }
  });
});

describe('placeholders', () => {
  it.each([
    ['"dev-${clientid}/#"', client(), 'dev-c1/x', true],
    ['"dev-${clientid}/#"', client(), 'dev-c2/x', false],
    ['"u/${username}"', client(), 'u/ops', true],
    ['"u/${username}"', client({ username: undefined }), 'u/', false],
    ['"u/${username}", "v"', client({ username: undefined }), 'v', true],
    ['"${client_attrs.g}/#"', client(), 'x', false],
    ['"${client_attrs.g}/#"', client({ attributes: { g: 'line' } }), 'line/x', true],
    ['"${cert_common_name}/${zone}"', client({ certCommonName: 'cn', zone: 'z' }), 'cn/z', true],
    ['"${cn}/x"', client({ certCommonName: 'cn' }), 'cn/x', false],
    ['"${cn}/x"', client(), '${cn}/x', true],
    ['"p/${clientid}"', client({ clientId: 'a/b' }), 'p/a/b', true],
    ['"p/${clientid}"', client({ clientId: '#' }), 'p/anything/else', true],
    ['{eq, "${clientid}"}', client(), 'c1', false],
    ['"user/%u/#"', client(), 'user/ops/x', true],
    ['"user-%u/#"', client(), 'user-ops/x', false],
    ['"user/%u"', client({ username: undefined }), 'user/%u', true],
    ['"d/%c"', client({ clientId: '+' }), 'd/x', false],
    ['"d/%c"', client({ clientId: 'a/b' }), 'd/a/b', false],
  ])('%s for %o: publish %s → %s', (topic, who, wanted, expected) => {
    expect(verdict(`{allow, all, all, [${topic}]}.`, who, publish(wanted))).toBe(expected ? 'allow' : 'noMatch');
  });
});

describe('who', () => {
  it.each([
    ['all', client(), true],
    ['{username, "ops"}', client(), true],
    ['{user, "ops"}', client({ username: 'op' }), false],
    ['{username, "ops"}', client({ username: undefined }), false],
    ['{clientid, "c1"}', client(), true],
    ['{client, "c1"}', client({ clientId: 'C1' }), false],
    ['{username, {re, "^o"}}', client(), true],
    ['{username, {re, "p"}}', client(), true],
    ['{username, {re, "^p"}}', client(), false],
    ['{username, {re, ".*"}}', client({ username: undefined }), false],
    ['{clientid, {re, "^c[0-9]+$"}}', client(), true],
    ['{user, all}', client({ username: undefined }), true],
    ['{ipaddr, "10.20.4.17"}', client(), true],
    ['{ipaddr, "10.20.0.0/16"}', client(), true],
    ['{ipaddr, "10.20.4.18"}', client(), false],
    ['{ipaddr, "10.20.0.0/16"}', client({ peerHost: '' }), false],
    ['{ipaddr, "10.20.0.0/16"}', client({ peerHost: '::ffff:10.20.1.1' }), true],
    ['{ipaddr, "::ffff:10.20.0.0/112"}', client(), true],
    ['{ipaddr, "fd00::/8"}', client({ peerHost: 'fd12::1' }), true],
    ['{ipaddr, "fe80::/10"}', client({ peerHost: 'fe80::1%eth0' }), true],
    ['{ipaddrs, ["127.0.0.1", "10.0.0.0/8"]}', client(), true],
    ['{ipaddrs, []}', client(), false],
    [`{'and', [{username, "ops"}, {ipaddr, "10.0.0.0/8"}]}`, client(), true],
    [`{'and', [{username, "ops"}, {ipaddr, "11.0.0.0/8"}]}`, client(), false],
    [`{'or', [{username, "x"}, {'and', [{clientid, "c1"}, all]}]}`, client(), true],
    [`{'and', []}`, client(), true],
    [`{'or', []}`, client(), false],
  ])('%s for %o: %s', (who, subject, expected) => {
    expect(verdict(`{allow, ${who}, all, ["#"]}.`, subject, publish('a'))).toBe(expected ? 'allow' : 'noMatch');
  });

  it('refuses a name too long for a pattern, whatever the rule says', () => {
    const long = client({ username: 'a'.repeat(2_000) });
    expect(verdict('{allow, {username, {re, "a"}}, all, ["#"]}.', long, publish('t'))).toBe('noMatch');
    expect(verdict('{deny, {username, {re, "b"}}, all, ["#"]}.', long, publish('t'))).toBe('deny');
  });
});

describe('actions', () => {
  it.each([
    ['publish', publish('a'), true],
    ['publish', subscribe('a'), false],
    ['subscribe', subscribe('a'), true],
    ['subscribe', publish('a'), false],
    ['all', publish('a', { qos: 2, retain: true }), true],
    ['pubsub', subscribe('a'), true],
    ['{publish, [{qos, 1}]}', publish('a', { qos: 1 }), true],
    ['{publish, [{qos, 1}]}', publish('a', { qos: 2 }), false],
    ['{publish, [{qos, [0, 1]}, {qos, 2}]}', publish('a', { qos: 2 }), true],
    ['{publish, [{retain, true}]}', publish('a', { retain: true }), true],
    ['{publish, [{retain, true}]}', publish('a'), false],
    ['{publish, [{retain, false}]}', publish('a', { retain: true }), false],
    ['{publish, [{retain, all}]}', publish('a', { retain: true }), true],
    ['{all, [{qos, 0}, {retain, true}]}', subscribe('a'), true],
    ['{all, [{qos, 0}, {retain, true}]}', subscribe('a', { qos: 1 }), false],
    ['{subscribe, [{retain, true}]}', subscribe('a'), true],
    ['{publish, []}', publish('a', { qos: 2, retain: true }), true],
  ])('%s for %o: %s', (action, request, expected) => {
    expect(verdict(`{allow, all, ${action}, ["#"]}.`, client(), request)).toBe(expected ? 'allow' : 'noMatch');
  });
});

describe('a whole file', () => {
  const shipped = [
    '{allow, {username, {re, "^dashboard$"}}, subscribe, ["$SYS/#"]}.',
    '{allow, {ipaddr, "127.0.0.1"}, all, ["$SYS/#", "#"]}.',
    '{deny, all, subscribe, ["$SYS/#", {eq, "#"}]}.',
    '{allow, all}.',
  ].join('\n');

  it.each([
    ['the dashboard reads $SYS', client({ username: 'dashboard' }), subscribe('$SYS/brokers'), { permission: 'allow', rule: 1 }],
    [
      'the dashboard does not write it by rule 1',
      client({ username: 'dashboard' }),
      publish('$SYS/x'),
      { permission: 'allow', rule: 4 },
    ],
    ['localhost may do everything', client({ peerHost: '127.0.0.1' }), subscribe('#'), { permission: 'allow', rule: 2 }],
    ['nobody else reads $SYS', client(), subscribe('$SYS/#'), { permission: 'deny', rule: 3 }],
    ['nobody else subscribes to #', client(), subscribe('#'), { permission: 'deny', rule: 3 }],
    ['but +/# slips through', client(), subscribe('+/#'), { permission: 'allow', rule: 4 }],
    ['the rest is open', client(), publish('a/b'), { permission: 'allow', rule: 4 }],
  ])('shipped by EMQX 5: %s', (_name, who, request, decision) => {
    expect(rulesIn(shipped).decide(who, request)).toEqual(decision);
  });

  it('of EMQX 3 decides alike', () => {
    const old =
      '{allow, {user, "dashboard"}, subscribe, ["$SYS/#"]}.\n{allow, {ipaddr, "127.0.0.1"}, pubsub, ["$SYS/#", "#"]}.\n{deny, all, subscribe, ["$SYS/#", {eq, "#"}]}.\n{allow, all}.';
    for (const who of [client(), client({ username: 'dashboard' }), client({ peerHost: '127.0.0.1' })]) {
      for (const request of [publish('a'), publish('$SYS/x'), subscribe('#'), subscribe('+/#'), subscribe('$SYS/x')]) {
        expect(rulesIn(old).decide(who, request)).toEqual(rulesIn(shipped).decide(who, request));
      }
    }
  });

  it('leaves a request that no rule takes to no_match', () => {
    expect(rulesIn('').decide(client(), publish('a'))).toEqual({ permission: 'noMatch', rule: 0 });
  });

  it('is replaced as a whole, and the epoch says so', () => {
    const book = new RuleBook(rulesIn('{allow, all}.'));
    const before = [book.epoch, book.decide(client(), publish('a')).permission];
    book.replace(rulesIn('{deny, all}.'));
    expect([before, [book.epoch, book.decide(client(), publish('a')).permission]]).toEqual([
      [0, 'allow'],
      [1, 'deny'],
    ]);
  });
});
