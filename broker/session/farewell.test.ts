import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';
import { encodeWithin } from '../protocol/writer.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';

const ELSEWHERE = 'b.example.com:1883 [2001:db8::2]:1883';

describe('a client that is sent to another server', () => {
  it.each([
    ['for now', ReasonCode.UseAnotherServer],
    ['for good', ReasonCode.ServerMoved],
  ])('%s is told which, and its will goes out as with any end that the server makes', (_name, reasonCode) => {
    const world = new BrokerWorld();
    const watcher = world.connect('watcher');
    watcher.subscribe('will');
    const will = { topic: 'will', payload: Buffer.from('gone'), qos: 0, retain: false, properties: {} } as const;
    const [five, four] = [world.connect('five', { will }), world.connect('four', { version: 4 })];
    watcher.take();
    for (const { channel } of [five, four]) channel.disconnect(reasonCode, { serverReference: ELSEWHERE, reasonString: 'node drains', userProperties: [['wait', '5s']] });
    expect(five.take()).toEqual([{ type: 'disconnect', reasonCode, properties: { serverReference: ELSEWHERE, reasonString: 'node drains', userProperties: [['wait', '5s']] } }]);
    expect([four.take(), five.closed, four.closed]).toEqual([[], true, true]);
    expect(watcher.taken()).toEqual(['publish will qos0 "gone"']);
  });

  it('is not told of one with a code that says something else', () => {
    const client = new BrokerWorld().connect('c');
    client.channel.disconnect(ReasonCode.ServerBusy, { serverReference: ELSEWHERE });
    expect(client.take()).toEqual([{ type: 'disconnect', reasonCode: ReasonCode.ServerBusy, properties: {} }]);
  });

  it('hears of it in CONNACK from a hook too', () => {
    const world = new BrokerWorld();
    world.hooks.on('client.connect', (decision) => ({ next: { ...decision, reasonCode: ReasonCode.UseAnotherServer } }), { owner: 'test' });
    world.hooks.on('client.connack', (properties, _connection, reasonCode) => (reasonCode === ReasonCode.UseAnotherServer ? { next: { ...properties, serverReference: ELSEWHERE } } : undefined), { owner: 'test' });
    expect(world.connect('c').connack).toEqual({ type: 'connack', sessionPresent: false, reasonCode: ReasonCode.UseAnotherServer, properties: { serverReference: ELSEWHERE } });
  });

  it('loses what is only for people before it loses the way', () => {
    const properties = { serverReference: 'b:1883', reasonString: 'node drains', userProperties: [['wait', '5s']] as const };
    const packet = { type: 'disconnect', reasonCode: ReasonCode.UseAnotherServer, properties } as const;
    const lengthOf = (left: typeof properties | object) => encodeWithin({ ...packet, properties: left }, 5, 1_000)?.length ?? 0;
    const { serverReference, reasonString } = properties;
    expect([1_000, 30, 20, 5].map((room) => encodeWithin(packet, 5, room)?.length)).toEqual([lengthOf(properties), lengthOf({ serverReference, reasonString }), lengthOf({ serverReference }), undefined]);
  });
});

describe('a node that stops', () => {
  it('sends MQTT 5 clients where the configuration says', () => {
    const world = new BrokerWorld({ sets: [`mqtt.server_reference=${ELSEWHERE}`] });
    const [five, four] = [world.connect('five'), world.connect('four', { version: 4 })];
    world.node.shutdown();
    expect(five.take()).toEqual([{ type: 'disconnect', reasonCode: ReasonCode.UseAnotherServer, properties: { serverReference: ELSEWHERE } }]);
    expect([four.take(), four.closed]).toEqual([[], true]);
  });
});

describe('User Properties of the broker', () => {
  const world = () => new BrokerWorld({ sets: ['mqtt.connack_user_properties={node = "${node}", via = "${listener}", "a b" = ""}'] });
  const told = (options: Parameters<BrokerWorld['connect']>[1] = {}) => world().connect('c', options).connack?.properties.userProperties;

  it('tell who connects where it is', () => {
    expect(told()).toEqual([
      ['node', 'test@127.0.0.1'],
      ['via', 'tcp:default'],
      ['a b', ''],
    ]);
  });

  it('are kept from who wants none, and from MQTT 3', () => {
    expect([told({ properties: { requestProblemInformation: 0 } }), told({ version: 4 })]).toEqual([undefined, undefined]);
  });
});
