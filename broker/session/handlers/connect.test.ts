import { describe, expect, it } from 'vitest';
import { BrokerWorld, type ConnectOptions } from '../../../test/support/brokerWorld.ts';
import { NO_PROPERTIES, type Will } from '../../protocol/packet.ts';

const WILL: Will = { topic: 'w', payload: new Uint8Array(), qos: 0, retain: false, properties: NO_PROPERTIES };

describe('a successful CONNACK', () => {
  it('tells an MQTT 5 client what the broker can do', () => {
    const client = new BrokerWorld().connect('c', { properties: { receiveMaximum: 20 } });
    expect(client.connack).toEqual({
      type: 'connack',
      sessionPresent: false,
      reasonCode: 0,
      properties: {
        receiveMaximum: 20,
        retainAvailable: 1,
        maximumPacketSize: 1_048_576,
        topicAliasMaximum: 65_535,
        wildcardSubscriptionAvailable: 1,
        subscriptionIdentifierAvailable: 1,
        sharedSubscriptionAvailable: 1,
      },
    });
  });

  it('names limits that differ from what the client may expect', () => {
    const world = new BrokerWorld({ sets: ['mqtt.max_qos_allowed=1', 'mqtt.retain_available=false', 'mqtt.server_keepalive=30', 'mqtt.max_inflight=5'] });
    const { connack } = world.connect('', { keepalive: 60 });
    expect(connack?.properties).toMatchObject({
      maximumQos: 1,
      retainAvailable: 0,
      serverKeepAlive: 30,
      receiveMaximum: 5,
      assignedClientIdentifier: 'assigned-1',
    });
  });

  it('has no properties in MQTT 3.1.1, and an empty id with clean session is given one silently', () => {
    const world = new BrokerWorld();
    const client = world.connect('', { version: 4 });
    expect(client.connack).toEqual({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} });
    expect([...world.node.sessions.keys()]).toEqual(['assigned-1']);
  });
});

interface Refusal {
  readonly name: string;
  readonly sets?: readonly string[];
  readonly clientId?: string;
  readonly options: ConnectOptions;
  readonly code: number;
}

const REFUSALS: readonly Refusal[] = [
  { name: 'an empty id with clean session 0 in 3.1.1', clientId: '', options: { version: 4, cleanStart: false }, code: 0x85 },
  { name: 'an id longer than allowed', sets: ['mqtt.max_clientid_len=23'], clientId: 'x'.repeat(24), options: {}, code: 0x85 },
  { name: 'an authentication method nobody serves', options: { properties: { authenticationMethod: 'SCRAM-SHA-1' } }, code: 0x8c },
  { name: 'a will above the maximum QoS', sets: ['mqtt.max_qos_allowed=0'], options: { will: { ...WILL, qos: 1 } }, code: 0x9b },
  { name: 'a retained will where retaining is off', sets: ['mqtt.retain_available=false'], options: { will: { ...WILL, retain: true } }, code: 0x9a },
  { name: 'a will topic with too many levels', sets: ['mqtt.max_topic_levels=2'], options: { will: { ...WILL, topic: 'a/b/c' } }, code: 0x90 },
];

describe('a refused CONNECT', () => {
  it.each(REFUSALS)('$name', ({ sets, clientId, options, code }) => {
    const world = new BrokerWorld({ sets: sets ?? [] });
    const client = world.connect(clientId ?? 'c', options);
    expect(client.connack).toEqual({ type: 'connack', sessionPresent: false, reasonCode: code, properties: {} });
    expect({ closed: client.closed, sessions: world.node.sessions.size }).toEqual({ closed: true, sessions: 0 });
    expect(world.metrics.get('packets.connack.error')).toBe(1);
  });

  it('touches no session of the same id, and publishes no will of its own', () => {
    const world = new BrokerWorld();
    const held = world.connect('c', { properties: { sessionExpiryInterval: 100 } });
    world.hooks.on('client.authenticate', () => ({ next: { result: 'error', reasonCode: 0x86 } }), { owner: 'test' });
    const intruder = world.connect('c', { will: WILL });
    expect(intruder.connack?.reasonCode).toBe(0x86);
    expect({ closed: held.closed, channel: world.node.sessions.get('c')?.channel === held.channel }).toEqual({ closed: false, channel: true });
    expect(world.metrics.counters()).toMatchObject({ 'packets.connack.auth_error': 1, 'authentication.failure': 1, 'messages.publish': 0 });
  });

  it('is what a chain of authenticators gives that all pass on', () => {
    const world = new BrokerWorld();
    world.hooks.on('client.authenticate', () => undefined, { owner: 'test' });
    expect(world.connect('c').connack?.reasonCode).toBe(0x87);
  });
});

describe('the session a CONNECT gets', () => {
  it('is the old one after a reconnect with Clean Start 0 within its expiry', () => {
    const world = new BrokerWorld();
    const first = world.connect('c', { properties: { sessionExpiryInterval: 10 } });
    first.subscribe('a');
    first.vanish();
    world.advance(9_999);
    const second = world.connect('c', { cleanStart: false, properties: { sessionExpiryInterval: 10 } });
    expect(second.connack?.sessionPresent).toBe(true);
    world.connect('p').publish('a', 'x');
    expect(second.taken()).toEqual(['publish a qos0 "x"']);
  });

  it.each([
    ['its expiry has passed', 10, false, 10_000],
    ['Clean Start is 1', 10, true, 0],
    ['it ended with its connection', 0, false, 0],
  ])('is a new one when %s', (_why, expiry, cleanStart, awayMs) => {
    const world = new BrokerWorld();
    const first = world.connect('c', { properties: { sessionExpiryInterval: expiry } });
    first.subscribe('a');
    first.vanish();
    world.advance(awayMs);
    const second = world.connect('c', { cleanStart });
    expect(second.connack?.sessionPresent).toBe(false);
    expect(world.node.routes.localSubscriptions).toBe(0);
  });

  it('lives for the configured time in 3.1.1 with clean session 0', () => {
    const world = new BrokerWorld({ sets: ['mqtt.session_expiry_interval=60s'] });
    world.connect('c', { version: 4, cleanStart: false }).disconnect();
    world.advance(59_999);
    expect(world.node.sessions.has('c')).toBe(true);
    world.advance(1);
    expect(world.node.sessions.has('c')).toBe(false);
  });

  it('never expires with 0xFFFFFFFF', () => {
    const world = new BrokerWorld();
    world.connect('c', { properties: { sessionExpiryInterval: 0xffff_ffff } }).vanish();
    world.advance(1e12);
    expect(world.node.sessions.has('c')).toBe(true);
  });

  it('is taken over from a live connection, which is told 0x8E', () => {
    const world = new BrokerWorld();
    const first = world.connect('c', { properties: { sessionExpiryInterval: 10 } });
    first.subscribe('a');
    first.take();
    const second = world.connect('c', { cleanStart: false, properties: { sessionExpiryInterval: 10 } });
    expect({ told: first.taken(), closed: first.closed, present: second.connack?.sessionPresent }).toEqual({
      told: ['disconnect 0x8e'],
      closed: true,
      present: true,
    });
    // The old socket reports its end later: that must not touch the session, which belongs to another now.
    first.vanish();
    world.connect('p').publish('a', 'x');
    expect(second.taken()).toEqual(['publish a qos0 "x"']);
    expect(world.metrics.counters()).toMatchObject({ 'session.takenover': 1, 'session.resumed': 1, 'session.terminated': 0 });
  });

  it('is closed without a word for an older client', () => {
    const world = new BrokerWorld();
    const first = world.connect('c', { version: 4 });
    world.connect('c', { version: 4 });
    expect({ told: first.taken(), closed: first.closed }).toEqual({ told: [], closed: true });
  });
});

describe('a connection', () => {
  it('that sends no CONNECT is closed after the idle time-out', () => {
    const world = new BrokerWorld();
    const client = world.accept();
    world.advance(14_999);
    expect(client.closed).toBe(false);
    world.advance(1);
    expect({ closed: client.closed, told: client.taken() }).toEqual({ closed: true, told: [] });
  });

  it('whose first packet is another one is closed without a word', () => {
    const client = new BrokerWorld().accept();
    client.publish('a', 'x');
    expect({ closed: client.closed, told: client.taken() }).toEqual({ closed: true, told: [] });
  });

  it('that sends a second CONNECT is told 0x82', () => {
    const client = new BrokerWorld().connect('c');
    client.connect('c');
    expect(client.taken()).toEqual(['disconnect 0x82']);
  });

  it('is closed 1.5 keep-alive periods after its last packet', () => {
    const world = new BrokerWorld();
    const client = world.connect('c', { keepalive: 10 });
    world.advance(14_000);
    client.channel.packet({ type: 'pingreq' });
    world.advance(14_999);
    expect(client.taken()).toEqual(['pingresp']);
    world.advance(1);
    expect(client.taken()).toEqual(['disconnect 0x8d']);
  });

  it('is not closed for a silence of ours: while it is not read its time stands still', () => {
    const world = new BrokerWorld();
    const client = world.connect('c', { keepalive: 10 });
    client.readingPaused = true;
    world.advance(60_000);
    client.readingPaused = false;
    world.advance(14_000);
    expect(client.closed).toBe(false);
    world.advance(16_000);
    expect(client.taken()).toEqual(['disconnect 0x8d']);
  });

  it('with keep-alive 0 may be silent for ever', () => {
    const world = new BrokerWorld();
    const client = world.connect('c', { keepalive: 0 });
    world.advance(1e9);
    expect(client.closed).toBe(false);
  });
});

describe('bytes that break a rule', () => {
  const violation = (reasonCode: number) => ({ reasonCode, message: 'wrong', spec: '§0' });

  it.each([
    ['a connected MQTT 5 client is told the code', 5, ['disconnect 0x81']],
    ['a connected 3.1.1 client is closed', 4, []],
  ] as const)('%s', (_name, version, told) => {
    const client = new BrokerWorld().connect('c', { version });
    client.channel.malformed(violation(0x81), version);
    expect({ told: client.taken(), closed: client.closed }).toEqual({ told, closed: true });
  });

  it.each([
    ['an MQTT 5 CONNECT is answered with the code', 0x95, 5, 0x95],
    ['an unknown level is answered to old clients too', 0x84, 4, 0x84],
    ['a malformed 3.1.1 CONNECT is not answered', 0x81, 4, undefined],
    ['bytes that are no CONNECT are not answered', 0x81, 0, undefined],
  ] as const)('before CONNACK: %s', (_name, code, version, answer) => {
    const client = new BrokerWorld().accept();
    client.channel.malformed(violation(code), version);
    expect({ answer: client.connack?.reasonCode, closed: client.closed }).toEqual({ answer, closed: true });
  });
});
