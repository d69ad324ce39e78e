import { describe, expect, it, vi } from 'vitest';
import { BrokerWorld, type TestClient } from '../../../test/support/brokerWorld.ts';
import { randomBelow, seededPrng, type Prng } from '../../base/prng.ts';
import type { Authenticator } from '../../access/authn/authenticator.ts';
import type { AuthnResult, AuthStep } from '../../protocol/authentication.ts';

/** An authenticator that answers when it is told to. */
class Slow implements Authenticator {
  readonly id = 'test:slow';
  readonly asked: string[] = [];
  #answers: ((result: AuthnResult) => void)[] = [];

  authenticate({ clientId }: { clientId: string }): Promise<AuthnResult> {
    this.asked.push(clientId);
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  begin(): undefined {}

  /** Answers the oldest question, and lets what waits for it happen. */
  async answer(result: AuthnResult): Promise<void> {
    this.#answers.shift()?.(result);
    await turn();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const at = (id: string, result: AuthnResult): Authenticator => ({ id, authenticate: () => result, begin: () => undefined });
const OK = { result: 'ok' } as const;
const IGNORE = { result: 'ignore' } as const;
const WRONG = { result: 'error', reasonCode: 0x86 } as const;

function slowWorld(sets: readonly string[] = []): { world: BrokerWorld; slow: Slow } {
  const world = new BrokerWorld({ sets });
  const slow = new Slow();
  world.authn.global = world.chain(slow);
  return { world, slow };
}

describe('a chain of authenticators', () => {
  const CHAINS: readonly { name: string; chain: readonly AuthnResult[]; code: number; counters: Record<string, number> }[] = [
    { name: 'nobody is asked: anonymous', chain: [], code: 0, counters: { 'authentication.success.anonymous': 1, 'client.auth.anonymous': 1 } },
    { name: 'everybody passes on: nobody vouched', chain: [IGNORE, IGNORE], code: 0x87, counters: { 'authentication.failure': 1 } },
    { name: 'the first that knows decides, for', chain: [IGNORE, OK, WRONG], code: 0, counters: { 'authentication.success': 1, 'authentication.success.anonymous': 0 } },
    { name: 'the first that knows decides, against', chain: [WRONG, OK], code: 0x86, counters: { 'authentication.failure': 1, 'packets.connack.auth_error': 1 } },
  ];
  it.each(CHAINS)('$name', ({ chain, code, counters }) => {
    const world = new BrokerWorld();
    world.authn.global = world.chain(...chain.map((result, index) => at(`test:${index}`, result)));
    expect(world.connect('c').connack?.reasonCode).toBe(code);
    expect(world.metrics.counters()).toMatchObject({ 'client.authenticate': 1, ...counters });
  });

  it('treats one that throws as one that passes on, and says so', () => {
    const world = new BrokerWorld();
    const broken: Authenticator = { ...at('test:broken', OK), authenticate: () => { throw new Error('backend is down'); } }; // prettier-ignore
    world.authn.global = world.chain(broken, at('test:good', OK));
    expect(world.connect('c').connack?.reasonCode).toBe(0);
    expect(world.logged).toEqual([{ msg: 'authenticator_failed', fields: { authenticator: 'test:broken', reason: 'backend is down' } }]);
  });

  it('goes on behind one that answers later, and behind one that fails later', async () => {
    const { world, slow } = slowWorld();
    const failing: Authenticator = { ...at('test:failing', OK), authenticate: () => Promise.reject(new Error('time-out')) };
    world.authn.global = world.chain(failing, slow, at('test:good', OK));
    const client = world.connect('c');
    await turn();
    await slow.answer(IGNORE);
    expect(client.connack?.reasonCode).toBe(0);
    expect(world.logged.map(({ msg }) => msg)).toEqual(['authenticator_failed']);
  });

  it('is the one of the listener where that has its own, and can be off or refuse the nameless at once', () => {
    const world = new BrokerWorld();
    world.authn.global = world.chain(at('test:no', WRONG));
    const ask = (username?: string) => world.connect('c', username === undefined ? {} : { username }).connack?.reasonCode;
    const answers = [ask('u')];
    world.authn.listeners.set('tcp:default', { mode: 'on', chain: world.chain(at('test:yes', OK)) });
    answers.push(ask('u'));
    world.authn.listeners.set('tcp:default', { mode: 'off', chain: null });
    answers.push(ask('u'));
    world.authn.listeners.set('tcp:default', { mode: 'quickDeny', chain: null });
    answers.push(ask('u'), ask(''), ask());
    expect(answers).toEqual([0x86, 0, 0, 0x86, 0x87, 0x87]);
  });

  it('answers in the turn of the CONNECT when everybody answers at once', () => {
    const world = new BrokerWorld();
    world.authn.global = world.chain(at('test:a', IGNORE), at('test:b', OK));
    const client = world.connect('c');
    expect({ connack: client.connack?.reasonCode, state: client.channel.connState }).toEqual({ connack: 0, state: 'connected' });
  });
});

describe('while an authenticator thinks', () => {
  it('what the client sends behind its CONNECT waits, in order, and takes effect after acceptance', async () => {
    const { world, slow } = slowWorld();
    const watcher = watch(world);
    const client = world.connect('c');
    client.subscribe('own/#');
    client.publish('own/1', 'first');
    client.publish('other', 'second', { qos: 1 });
    expect({ taken: client.taken(), state: client.channel.connState }).toEqual({ taken: [], state: 'connecting' });
    await slow.answer(OK);
    expect(client.connack?.reasonCode).toBe(0);
    expect(client.taken()).toEqual(['suback #1 0x02', 'publish own/1 qos0 "first"', 'puback #2']);
    expect(watcher.taken()).toEqual(['publish own/1 qos0 "first"', 'publish other qos1 #1 "second"']);
  });

  it('a refusal leaves what was sent behind the CONNECT without effect [MQTT-3.1.4-6]', async () => {
    const { world, slow } = slowWorld();
    const watcher = watch(world);
    const client = world.connect('c');
    client.publish('other', 'never', { retain: true });
    await slow.answer(WRONG);
    expect({ connack: client.connack?.reasonCode, closed: client.closed, taken: watcher.taken() }).toEqual({ connack: 0x86, closed: true, taken: [] });
    expect({ sessions: [...world.node.sessions.keys()], retained: world.node.retained.size }).toEqual({ sessions: ['watcher'], retained: 0 });
  });

  it('an older connection of the same id keeps its session until the answer is yes', async () => {
    const { world, slow } = slowWorld();
    const first = world.connect('c');
    await slow.answer(OK);
    const refused = world.connect('c');
    expect(first.closed).toBe(false);
    await slow.answer(WRONG);
    expect({ refused: refused.connack?.reasonCode, first: first.closed }).toEqual({ refused: 0x86, first: false });
    const second = world.connect('c');
    await slow.answer(OK);
    expect({ second: second.connack?.reasonCode, first: first.closed, told: first.taken() }).toEqual({ second: 0, first: true, told: ['disconnect 0x8e'] });
  });

  it('a connection that ends meanwhile makes the answer void', async () => {
    const { world, slow } = slowWorld();
    const client = world.connect('c', { will: { topic: 'w', payload: new Uint8Array(), qos: 0, retain: false, properties: {} } });
    client.vanish();
    await slow.answer(OK);
    expect({ connack: client.connack, sessions: world.node.sessions.size, published: world.metrics.get('messages.publish') }).toEqual({
      connack: undefined,
      sessions: 0,
      published: 0,
    });
    expect(world.metrics.counters()).toMatchObject({ 'client.connected': 0, 'client.disconnected': 0 });
  });

  it('a client that nobody answers for is closed after mqtt.idle_timeout', async () => {
    const { world, slow } = slowWorld(['mqtt.idle_timeout=10s']);
    const client = world.connect('c');
    world.advance(9_999);
    expect(client.closed).toBe(false);
    world.advance(1);
    expect(client.closed).toBe(true);
    await slow.answer(OK);
    expect({ connack: client.connack, sessions: world.node.sessions.size }).toEqual({ connack: undefined, sessions: 0 });
  });
});

describe('what an authenticator says about a client', () => {
  it('a superuser may do everything, and rules are not asked', () => {
    const world = new BrokerWorld({ sets: ['authorization.no_match=deny'] });
    world.authn.global = world.chain(at('test:a', { result: 'ok', isSuperuser: true, clientAttrs: { role: 'admin' } }));
    const client = world.connect('c');
    client.subscribe('a');
    client.publish('a', 'x');
    expect(client.taken()).toEqual(['suback #1 0x02', 'publish a qos0 "x"']);
    expect(world.metrics.counters()).toMatchObject({ 'authorization.superuser': 2, 'authorization.allow': 2, 'authorization.nomatch': 0 });
    expect(client.channel.session?.identity).toMatchObject({ isSuperuser: true, attributes: { role: 'admin' } });
  });

  it('when the credentials expire the client is disconnected with 0x87', () => {
    const world = new BrokerWorld();
    world.authn.global = world.chain(at('test:a', { result: 'ok', expireAtMs: world.nowMs + 5_000 }));
    const client = world.connect('c');
    world.advance(4_999);
    expect(client.closed).toBe(false);
    world.advance(1);
    expect({ closed: client.closed, taken: client.taken() }).toEqual({ closed: true, taken: ['disconnect 0x87'] });
  });

  it('credentials that have expired already are refused with 0x86', () => {
    const world = new BrokerWorld();
    world.authn.global = world.chain(at('test:a', { result: 'ok', expireAtMs: world.nowMs }));
    expect(world.connect('c').connack?.reasonCode).toBe(0x86);
  });
});

// ---------------------------------------------------------------- enhanced authentication

const METHOD = 'COUNT';
const bytes = (text: string) => new TextEncoder().encode(text);

/** Serves the method COUNT: the client counts to `steps`, then is who it said it is in the first step. */
class Counting implements Authenticator {
  readonly id = 'test:counting';
  readonly #steps: number;
  /** Set to make each step take a turn of the loop. */
  later = false;

  constructor(steps: number) {
    this.#steps = steps;
  }

  authenticate(): AuthnResult {
    return IGNORE;
  }

  begin(method: string) {
    if (method !== METHOD) return undefined;
    let count = 0;
    let username = '';
    const step = (data: Uint8Array | undefined): AuthStep => {
      const text = new TextDecoder().decode(data);
      if (count === 0) username = text;
      else if (text !== String(count)) return { result: 'error', reasonCode: 0x86 };
      count += 1;
      return count <= this.#steps ? { result: 'continue', data: bytes(`${count}?`) } : { result: 'ok', username, data: bytes('done') };
    };
    return { step: (data: Uint8Array | undefined) => (this.later ? turn().then(() => step(data)) : step(data)) };
  }
}

function counting(steps: number): { world: BrokerWorld; authenticator: Counting } {
  const world = new BrokerWorld();
  const authenticator = new Counting(steps);
  world.authn.global = world.chain(authenticator);
  return { world, authenticator };
}

function begin(world: BrokerWorld, username = 'ann'): TestClient {
  return world.connect('c', { properties: { authenticationMethod: METHOD, authenticationData: bytes(username) } });
}

const answer = (client: TestClient, text: string, reasonCode = 0x18, method = METHOD) =>
  client.auth(reasonCode, { authenticationMethod: method, authenticationData: bytes(text) });

const asked = (reasonCode: number, text: string) => ({
  type: 'auth',
  reasonCode,
  properties: { authenticationMethod: METHOD, authenticationData: bytes(text) },
});

describe('enhanced authentication', () => {
  it('exchanges AUTH packets until it is over, then accepts with method and data [MQTT-4.12.0-2], [MQTT-4.12.0-5]', () => {
    const { world } = counting(2);
    const client = begin(world);
    expect(client.take()).toEqual([asked(0x18, '1?')]);
    answer(client, '1');
    expect(client.take()).toEqual([asked(0x18, '2?')]);
    answer(client, '2');
    expect(client.connack).toMatchObject({ reasonCode: 0, properties: { authenticationMethod: METHOD, authenticationData: bytes('done') } });
    expect(client.channel.identity.username).toBe('ann');
    expect(world.metrics.counters()).toMatchObject({ 'client.authenticate': 1, 'authentication.success': 1, 'packets.auth.sent': 2, 'packets.auth.received': 2 });
  });

  it('holds the client while a step is worked on, and keeps the order', async () => {
    const { world, authenticator } = counting(1);
    authenticator.later = true;
    const client = begin(world);
    answer(client, '1');
    client.subscribe('t');
    expect({ taken: client.take(), state: client.channel.connState }).toEqual({ taken: [], state: 'connecting' });
    await vi.waitFor(() => expect(client.connack?.reasonCode).toBe(0));
    expect(client.take()).toMatchObject([asked(0x18, '1?'), { type: 'suback' }]);
  });

  const REFUSED: readonly { name: string; act: (client: TestClient) => void; code: number | undefined }[] = [
    { name: 'a wrong answer', act: (client) => answer(client, '7'), code: 0x86 },
    { name: 'another method [MQTT-4.12.0-5]', act: (client) => answer(client, '1', 0x18, 'OTHER'), code: 0x8c },
    { name: 'a request to authenticate again before the first is over [MQTT-4.12.0-3]', act: (client) => answer(client, '1', 0x19), code: 0x82 },
    { name: 'any other packet [MQTT-3.1.2-30]', act: (client) => client.publish('t', 'x'), code: 0x82 },
    { name: 'a second CONNECT', act: (client) => client.connect('c'), code: 0x82 },
    { name: 'a DISCONNECT, without an answer', act: (client) => client.disconnect(), code: undefined },
  ];
  it.each(REFUSED)('ends before CONNACK on $name', ({ act, code }) => {
    const { world } = counting(1);
    const client = begin(world);
    client.take();
    act(client);
    expect({ connack: client.connack?.reasonCode, closed: client.closed, taken: client.taken(), sessions: world.node.sessions.size }).toEqual({
      connack: code,
      closed: true,
      taken: [],
      sessions: 0,
    });
  });

  it('refuses a method that nobody serves, also where nobody is asked at all [MQTT-4.12.0-1]', () => {
    const codes = [counting(1).world, new BrokerWorld()].map((world) => world.connect('c', { properties: { authenticationMethod: 'OTHER' } }).connack?.reasonCode);
    expect(codes).toEqual([0x8c, 0x8c]);
  });

  it('refuses who proves to be one user and goes by the name of another', () => {
    const { world } = counting(0);
    const connect = (username: string) =>
      world.connect('c', { username, properties: { authenticationMethod: METHOD, authenticationData: bytes('ann') } }).connack?.reasonCode;
    expect([connect('root'), connect('ann')]).toEqual([0x87, 0]);
  });

  it('closes a client that does not answer', () => {
    const { world } = counting(1);
    const client = begin(world);
    world.advance(15_000);
    expect({ connack: client.connack, closed: client.closed }).toEqual({ connack: undefined, closed: true });
  });
});

describe('authenticating again', () => {
  it('goes on beside other packets and ends with AUTH 0x00 [MQTT-4.12.1-1]', () => {
    const { world } = counting(1);
    const client = connected(world);
    answer(client, 'ann', 0x19);
    client.subscribe('t');
    answer(client, '1');
    expect(client.take()).toMatchObject([asked(0x18, '1?'), { type: 'suback' }, asked(0x00, 'done')]);
    expect(client.channel.connState).toBe('connected');
  });

  it('may begin again after it ended', () => {
    const { world } = counting(0);
    const client = connected(world);
    answer(client, 'ann', 0x19);
    answer(client, 'ann', 0x19);
    expect(client.take()).toEqual([asked(0x00, 'done'), asked(0x00, 'done')]);
  });

  const FAILED: readonly { name: string; act: (client: TestClient) => void; code: string }[] = [
    { name: 'a wrong answer [MQTT-4.12.1-2]', act: (client) => (answer(client, 'ann', 0x19), answer(client, '7')), code: '0x87' },
    { name: 'another method [MQTT-4.12.1-1]', act: (client) => answer(client, 'ann', 0x19, 'OTHER'), code: '0x82' },
    { name: 'an answer to no question', act: (client) => answer(client, 'ann', 0x18), code: '0x82' },
    { name: 'a second request while one is under way', act: (client) => (answer(client, 'ann', 0x19), answer(client, 'ann', 0x19)), code: '0x82' },
    { name: 'another user', act: (client) => (answer(client, 'bob', 0x19), answer(client, '1')), code: '0x87' },
  ];
  it.each(FAILED)('disconnects on $name', ({ act, code }) => {
    const { world } = counting(1);
    const client = connected(world);
    act(client);
    expect({ last: client.taken().at(-1), closed: client.closed }).toEqual({ last: `disconnect ${code}`, closed: true });
  });

  it('is refused to a client that named no method [MQTT-4.12.0-7]', () => {
    const client = new BrokerWorld().connect('c');
    answer(client, 'ann', 0x19);
    expect(client.taken()).toEqual(['disconnect 0x82']);
  });

  function connected(world: BrokerWorld): TestClient {
    const client = begin(world);
    if (client.connack === undefined) answer(client, '1');
    client.take();
    expect(client.connack?.reasonCode).toBe(0);
    return client;
  }
});

/** What a client might send at any moment, sensible or not. */
function sendAnything(client: TestClient, prng: Prng): void {
  const texts = ['ann', 'bob', '1', '2', '7', ''];
  const text = texts[randomBelow(prng, texts.length)] as string;
  switch (randomBelow(prng, 10)) {
    case 0:
      return client.connect('c', { properties: { authenticationMethod: METHOD, authenticationData: bytes(text) } });
    case 1:
      return client.auth(0x18, { authenticationMethod: METHOD });
    case 2:
      return answer(client, text, 0x18, 'OTHER');
    case 3:
      return client.subscribe('t');
    case 4:
      return void client.publish('t', text, { qos: 1 });
    case 5:
      return randomBelow(prng, 4) === 0 ? client.disconnect() : client.packet({ type: 'pingreq' });
    case 6:
      return answer(client, text, 0x19);
    default:
      return answer(client, text);
  }
}

describe('whatever a client sends', () => {
  it.each([false, true])('it gets at most one CONNACK, AUTH alone before it, and nobody fails (steps that take a turn: %s)', async (later) => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const prng = seededPrng(seed);
      const { world, authenticator } = counting(2);
      authenticator.later = later;
      const client = begin(world);
      for (let step = 0; step < 25; step += 1) {
        const types = client.take().map((packet) => packet.type);
        if (client.connack === undefined) expect([seed, types.filter((type) => type !== 'auth')]).toEqual([seed, []]);
        sendAnything(client, prng);
        if (later && randomBelow(prng, 2) === 0) await turn();
      }
      await turn();
      expect([seed, world.metrics.get('packets.connack.sent') <= 1, world.logged.map(({ msg }) => msg).filter((msg) => msg.endsWith('_failed'))]).toEqual([seed, true, []]);
    }
  });
});

/** A client that gets everything, connected past the chain. */
function watch(world: BrokerWorld): TestClient {
  const { global } = world.authn;
  world.authn.global = world.chain();
  const watcher = world.connect('watcher');
  watcher.subscribe('#', { qos: 1 });
  watcher.take();
  world.authn.global = global;
  return watcher;
}

