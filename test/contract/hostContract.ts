/** What every transport of the host contract must do. One suite, run against each of them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError } from '../../electron/contract/errors.ts';
import type { EventOf, HostEvent, HostHandlers } from '../../electron/contract/host.ts';
import { Listeners } from '../../electron/contract/pipe.ts';
import type { MessagePipe } from '../../electron/contract/pipe.ts';
import { MAX_OPEN_CALLS, createHostClient, serveHost } from '../../electron/contract/rpc.ts';
import type { HostClient, HostEventSource } from '../../electron/contract/rpc.ts';
import { BusbarError } from '../../broker/base/errors.ts';

/** Two connected ends, and how to take the transport down. */
export interface PipePair {
  readonly host: MessagePipe;
  readonly window: MessagePipe;
  dispose(): Promise<void>;
}

type AnyEvent = { [K in HostEvent]: [K, EventOf<K>] }[HostEvent];

/** Events a test can send by hand. */
class EventDesk implements HostEventSource {
  readonly #listeners = new Listeners<[HostEvent, unknown]>();
  subscribe(listener: <K extends HostEvent>(name: K, payload: EventOf<K>) => void): () => void {
    return this.#listeners.add(listener as (name: HostEvent, payload: unknown) => void);
  }
  tell(...[name, payload]: AnyEvent): void {
    this.#listeners.tell(name, payload);
  }
}

/** Handlers that answer only what a test gave them. */
function handlersOf(given: Partial<HostHandlers>): HostHandlers {
  return new Proxy(given, {
    get: (target, name) =>
      Reflect.get(target, name) ?? (() => Promise.reject(new BusbarError('INTERNAL', `No handler for ${String(name)} in this test.`))),
  }) as HostHandlers;
}

const APP = { version: '1.2.3', mode: 'headless' as const, platform: 'linux', nodeVersion: '24.0.0' };

/** Runs the contract suite over `connect`. */
export function describeHostContract(name: string, connect: () => Promise<PipePair>): void {
  describe(`the host contract over ${name}`, () => {
    let pair: PipePair;
    let client: HostClient;
    let events: EventDesk;
    let failures: [string, unknown][];

    const serve = (given: Partial<HostHandlers>) =>
      serveHost(pair.host, handlersOf(given), events, { checkAnswers: true, onFailure: (call, error) => failures.push([call, error]) });

    beforeEach(async () => {
      pair = await connect();
      client = createHostClient(pair.window);
      events = new EventDesk();
      failures = [];
    });
    afterEach(async () => {
      client.dispose();
      await pair.dispose();
    });

    it('answers a call without a request', async () => {
      serve({ 'app/info': () => Promise.resolve(APP) });
      expect(await client.call('app/info')).toEqual(APP);
    });

    it('hands the request to the handler and answers nothing as undefined', async () => {
      const seen: unknown[] = [];
      serve({ 'client/clear': (request) => Promise.resolve(void seen.push(request)) });
      expect(await client.call('client/clear', { id: 'c1' })).toBeUndefined();
      expect(seen).toEqual([{ id: 'c1' }]);
    });

    it('leaves out what is not given', async () => {
      const seen: unknown[] = [];
      serve({ 'client/messages': (request) => Promise.resolve((seen.push(request), [])) });
      await client.call('client/messages', { id: 'c1', limit: 5 });
      expect(seen).toEqual([{ id: 'c1', limit: 5 }]);
    });

    it('carries bytes both ways unchanged', async () => {
      const payload = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      serve({
        'client/publish': (request) =>
          Promise.resolve({
            ...{ seq: 1, timeMs: 1_700_000_000_123, direction: 'out', topic: request.topic, payload: request.payload, qos: request.qos },
            ...{ retain: false, dup: false, matched: [], ack: null, properties: { size: request.payload.length } },
          }),
      });
      const answer = await client.call('client/publish', { id: 'c1', topic: 'Grüße/世界', payload, qos: 1, retain: false });
      expect(answer.payload).toBeInstanceOf(Uint8Array);
      expect(Buffer.from(answer.payload).equals(Buffer.from(payload))).toBe(true);
      expect({ topic: answer.topic, timeMs: answer.timeMs, ack: answer.ack, properties: answer.properties }).toEqual({
        ...{ topic: 'Grüße/世界', timeMs: 1_700_000_000_123, ack: null, properties: { size: 70_000 } },
      });
    });

    it('rebuilds a failure with code, message, hint and details', async () => {
      serve({ 'node/start': () => Promise.reject(new BusbarError('LISTENER_PORT_IN_USE', 'Port 1883 is taken.', { details: { port: 1883 } })) });
      const error = await client.call('node/start', { node: 'busbar-1' }).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(HostError);
      expect(error).toMatchObject({
        code: 'LISTENER_PORT_IN_USE',
        message: 'Port 1883 is taken.',
        hint: 'Stop the program on this port or change the listener bind.',
        details: { port: 1883 },
      });
    });

    it('tells a fault of ours as INTERNAL and names the call to the log', async () => {
      const fault = new TypeError('x is not a function');
      serve({ 'cluster/get': () => Promise.reject(fault) });
      await expect(client.call('cluster/get')).rejects.toMatchObject({ code: 'INTERNAL', message: 'x is not a function' });
      expect(failures).toEqual([['cluster/get', fault]]);
    });

    it('refuses a request that does not fit before the handler sees it', async () => {
      let calls = 0;
      serve({ 'client/messages': () => Promise.resolve((calls++, [])) });
      await expect(client.call('client/messages', { id: 'c1', limit: 0 })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringContaining('request of client/messages does not fit the contract: limit must be') as string,
      });
      await expect(client.call('client/clear', { id: 'no spaces' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      await expect(client.call('client/clear', { id: 'c1', extra: 1 } as { id: string })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      expect(calls).toBe(0);
    });

    it('catches a host that breaks its word', async () => {
      serve({ 'app/info': () => Promise.resolve({ ...APP, version: 7 as unknown as string }) });
      await expect(client.call('app/info')).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('answer of app/info') as string });
    });

    it.each(['no/such', 'toString', '__proto__'])('knows no call %s', async (call) => {
      serve({});
      await expect(client.call(call as 'app/info')).rejects.toMatchObject({ code: 'UNKNOWN_CALL' });
    });

    it('answers calls in the order they end', async () => {
      const release = Promise.withResolvers<void>();
      serve({ 'cluster/get': async () => (await release.promise, { name: 'first', state: 'none', nodes: [] }), 'app/info': () => Promise.resolve(APP) });
      const order: string[] = [];
      const slow = client.call('cluster/get').then(() => order.push('slow'));
      await client.call('app/info').then(() => order.push('fast'));
      release.resolve();
      await slow;
      expect(order).toEqual(['fast', 'slow']);
    });

    it('tells events in order to those who listen', async () => {
      serve({});
      const seen: unknown[] = [];
      const done = Promise.withResolvers<void>();
      const undo = client.on('client/acked', (event) => {
        seen.push(event);
        if (event.seq === 3) done.resolve();
      });
      client.on('settings/changed', (event) => seen.push(event));
      for (const seq of [1, 2, 3]) events.tell('client/acked', { id: 'c1', seq, ack: 0 });
      await done.promise;
      undo();
      const other = Promise.withResolvers<void>();
      client.on('client/acked', () => other.resolve());
      events.tell('client/acked', { id: 'c1', seq: 4, ack: 0 });
      await other.promise;
      expect(seen).toEqual([1, 2, 3].map((seq) => ({ id: 'c1', seq, ack: 0 })));
    });

    it('refuses more open calls than the bound and goes on afterwards', async () => {
      const release = Promise.withResolvers<void>();
      serve({ 'cluster/get': async () => (await release.promise, { name: 'first', state: 'none', nodes: [] }) });
      const open = Array.from({ length: MAX_OPEN_CALLS }, () => client.call('cluster/get'));
      await expect(client.call('cluster/get')).rejects.toMatchObject({ code: 'HOST_BUSY' });
      release.resolve();
      await Promise.all(open);
      await expect(client.call('cluster/get')).resolves.toMatchObject({ name: 'first' });
    });

    it('fails what is under way with HOST_GONE when the host goes', async () => {
      const reached = Promise.withResolvers<void>();
      serve({ 'cluster/get': () => (reached.resolve(), new Promise(() => undefined)) });
      const call = client.call('cluster/get');
      await reached.promise;
      pair.host.close();
      await expect(call).rejects.toMatchObject({ code: 'HOST_GONE' });
    });

    it('fails calls with HOST_GONE after the window let go', async () => {
      serve({ 'app/info': () => Promise.resolve(APP) });
      client.dispose();
      await expect(client.call('app/info')).rejects.toMatchObject({ code: 'HOST_GONE' });
    });

    it('closes on what is no call', async () => {
      serve({});
      const closed = new Promise<void>((resolve) => pair.window.onClose(resolve));
      pair.window.send({ type: 'nonsense' } as never);
      await closed;
    });
  });
}
