import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';
import { compileAcl, RuleBook } from '../access/acl/evaluate.ts';
import { parseAcl } from '../access/acl/parser.ts';
import { loadConfig } from '../config/load.ts';

const INIT = `mqtt.client_attrs_init=[
  {expression = "nth(1, tokens(clientid, '-'))", set_as_attr = group},
  {expression = "concat(client_attrs.group, '/', user_property.site)", set_as_attr = path},
  {expression = "nth(9, tokens(clientid, '-'))", set_as_attr = none}]`;

describe('mqtt.client_attrs_init', () => {
  it('sets attributes from the words of a client; an expression without a value sets none', () => {
    const world = new BrokerWorld({ sets: [INIT] });
    const [full, bare] = [world.connect('plant-1', { properties: { userProperties: [['site', 'west']] } }), world.connect('plant-2', { version: 4 })];
    expect([full, bare].map(({ channel }) => channel.identity.attributes)).toEqual([{ group: 'plant', path: 'plant/west' }, { group: 'plant' }]);
  });

  it('fills mountpoints', () => {
    const world = new BrokerWorld({ sets: [INIT] });
    const outside = world.connect('outside');
    outside.subscribe('#');
    outside.take();
    world.connect('plant-1', { mountpoint: '${client_attrs.group}/' }).publish('t', 'x');
    expect(outside.taken()).toEqual(['publish plant/t qos0 "x"']);
  });

  it('fills rules', () => {
    const authorizer = new RuleBook();
    authorizer.replace(compileAcl(parseAcl('{allow, all, publish, ["${client_attrs.group}/#"]}. {deny, all, publish, ["#"]}. {allow, all}.')));
    const world = new BrokerWorld({ sets: [INIT], authorizer });
    const reader = world.connect('reader');
    reader.subscribe('#');
    reader.take();
    const client = world.connect('plant-1');
    client.publish('plant/t', 'mine');
    client.publish('other/t', 'not mine');
    expect(reader.taken()).toEqual(['publish plant/t qos0 "mine"']);
  });

  it('gives way to what an authenticator says', () => {
    const world = new BrokerWorld({ sets: [INIT] });
    world.hooks.on('client.authenticate', () => ({ next: { result: 'ok', clientAttrs: { group: 'said' } } }), { owner: 'test' });
    expect(world.connect('plant-1').channel.identity.attributes).toEqual({ group: 'said' });
  });
});

describe('mqtt.clientid_override', () => {
  const world = () => new BrokerWorld({ sets: [INIT, `mqtt.clientid_override=concat(client_attrs.group, ':', username)`] });

  it('takes the place of the id a client chose: sessions, bans and everything else go by it', () => {
    const here = world();
    here.connect('plant-1', { username: 'ann', cleanStart: false, properties: { sessionExpiryInterval: 100 } }).disconnect();
    const back = here.connect('plant-2', { username: 'ann', cleanStart: false });
    expect([back.channel.identity.clientId, back.connack?.sessionPresent, [...here.node.sessions.keys()]]).toEqual(['plant:ann', true, ['plant:ann']]);
    expect(back.connack?.properties.assignedClientIdentifier).toBe(undefined);
  });

  it('leaves the own one where the expression has no value', () => {
    expect(world().connect('plant-1').channel.identity.clientId).toBe('plant-1');
  });

  it('is what a client without an id is told', () => {
    const here = new BrokerWorld({ sets: ['mqtt.clientid_override=username'] });
    expect(here.connect('', { username: 'ann' }).connack?.properties.assignedClientIdentifier).toBe('ann');
  });
});

describe('an expression in the configuration', () => {
  it.each([
    ['mqtt.clientid_override=nonsense(clientid)'],
    ['mqtt.clientid_override=password'],
    ['mqtt.client_attrs_init=[{expression = "clientid"}]'],
    ['mqtt.client_attrs_init=[{expression = "clientid", set_as_attr = "a b"}]'],
    ['mqtt.client_attrs_init=[{expression = "clientid", set_as_attr = a, more = 1}]'],
  ])('%s is refused with the form it must have', (set) => {
    expect(loadConfig({ sets: [set] }).problems.map(({ code, message }) => [code, message.includes('nth(1, tokens(clientid')])).toEqual([['CONFIG_BAD_VALUE', true]]);
  });
});

describe('allow_anonymous', () => {
  it('lets nobody in where nobody is asked who they are', () => {
    const closed = new BrokerWorld({ sets: ['allow_anonymous=false'] });
    const [five, four] = [closed.connect('five', { username: 'ann' }), closed.connect('four', { version: 4 })];
    expect([five.connack?.reasonCode, four.connack?.reasonCode, closed.metrics.get('authentication.success.anonymous')]).toEqual([0x87, 0x87, 0]);
    closed.hooks.on('client.authenticate', () => ({ next: { result: 'ok' } }), { owner: 'test' });
    expect(closed.connect('six').connack?.reasonCode).toBe(0);
  });
});
