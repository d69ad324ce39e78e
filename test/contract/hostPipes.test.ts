/** The host contract over each transport. Electron's own IPC is a structured clone between two processes; the fake does the same. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Listeners } from '../../electron/contract/pipe.ts';
import type { MessagePipe, PreloadBridge, WindowPipe } from '../../electron/contract/pipe.ts';
import { acceptWindows } from '../../electron/host/wsPipe.ts';
import type { AcceptOptions } from '../../electron/host/wsPipe.ts';
import { ipcPipe } from '../../renderer/host/ipcPipe.ts';
import { connectWsPipe } from '../../renderer/host/wsPipe.ts';
import { memoryPipes } from '../support/memoryPipe.ts';
import { describeHostContract } from './hostContract.ts';
import type { PipePair } from './hostContract.ts';

const TOKEN = 'f00dfeed';

/** The window's IPC pipe over a bridge as the preload exposes it. */
function ipcPair(): PipePair {
  const toHost = new Listeners<[unknown]>();
  const toWindow = new Listeners<[unknown]>();
  const hostCloses = new Listeners<[]>();
  const bridge: PreloadBridge = {
    postMessage: (message) => {
      const copy: unknown = structuredClone(message);
      setImmediate(() => toHost.tell(copy));
    },
    onMessage: (listener) => toWindow.add(listener),
  };
  const window = ipcPipe(bridge);
  const host: MessagePipe = {
    send: (message) => {
      const copy: unknown = structuredClone(message);
      setImmediate(() => toWindow.tell(copy));
    },
    onMessage: (listener) => toHost.add(listener),
    onClose: (listener) => hostCloses.add(listener),
    // A host that closes an Electron pipe is one whose window is gone: both ends see the end.
    close: () => {
      hostCloses.tell();
      window.close();
    },
  };
  return { host, window, dispose: () => Promise.resolve(window.close()) };
}

interface WsRig {
  readonly url: string;
  readonly pipes: MessagePipe[];
  readonly refusals: string[];
  nextPipe(): Promise<MessagePipe>;
  /** Ends every connection and listens no more; returns how to listen again on the same port. */
  stop(): Promise<() => Promise<void>>;
}

async function wsRig(options: Partial<AcceptOptions> = {}): Promise<WsRig> {
  const pipes: MessagePipe[] = [];
  const refusals: string[] = [];
  const arrivals = new Listeners<[MessagePipe]>();
  let server = createServer();
  let undo = () => undefined as void;
  let origin = '';
  const listen = async (port: number) => {
    server = createServer();
    undo = acceptWindows(server, {
      token: TOKEN,
      origins: () => [origin],
      onRefused: (reason) => refusals.push(reason),
      onPipe: (pipe) => {
        pipes.push(pipe);
        arrivals.tell(pipe);
      },
      ...options,
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  origin = `http://127.0.0.1:${port}`;
  return {
    url: `ws://127.0.0.1:${port}/host`,
    pipes,
    refusals,
    nextPipe: () => new Promise((resolve) => arrivals.add(resolve)),
    stop: async () => {
      undo();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      return async () => void (await listen(port));
    },
  };
}

function stateOf(pipe: WindowPipe, wanted: WindowPipe['state']): Promise<void> {
  if (pipe.state === wanted) return Promise.resolve();
  return new Promise((resolve) => pipe.onState((state) => state === wanted && resolve()));
}

async function wsPair(): Promise<PipePair> {
  const rig = await wsRig();
  const arrival = rig.nextPipe();
  const window = connectWsPipe({ url: rig.url, token: TOKEN });
  const host = await arrival;
  return {
    host,
    window,
    dispose: async () => {
      window.close();
      await rig.stop();
    },
  };
}

describeHostContract('a pipe in memory', () => Promise.resolve({ ...memoryPipes(), dispose: () => Promise.resolve() }));
describeHostContract('Electron IPC', () => Promise.resolve(ipcPair()));
describeHostContract('a WebSocket', wsPair);

describe('a WebSocket window', () => {
  it('connects again after the host restarted, and tells the loss once', async () => {
    const rig = await wsRig();
    const window = connectWsPipe({ url: rig.url, token: TOKEN });
    const states: string[] = [];
    let losses = 0;
    window.onState((state) => states.push(state));
    window.onClose(() => (losses += 1));
    await stateOf(window, 'online');
    const restart = await rig.stop();
    await stateOf(window, 'offline');
    expect(losses).toBe(1);
    expect(() => window.send({ type: 'call', id: 1, name: 'app/info' })).toThrow(expect.objectContaining({ code: 'HOST_GONE' }) as Error);
    await restart();
    await stateOf(window, 'online');
    expect(states.slice(0, 3)).toEqual(['online', 'offline', 'connecting']);
    window.close();
    await rig.stop();
  });

  it.each([
    ['a wrong token', { token: 'f00dfeee' }, /token that Busbar printed/],
    ['no token', { token: '' }, /token that Busbar printed/],
  ])('is refused with %s', async (_, { token }, reason) => {
    const rig = await wsRig();
    const window = connectWsPipe({ url: rig.url, token });
    await stateOf(window, 'offline');
    expect(rig.pipes).toEqual([]);
    expect(rig.refusals[0]).toMatch(reason);
    window.close();
    await rig.stop();
  });

  it.each([
    ['another origin', '/host', { origin: 'http://evil.example' }, 403],
    ['another path', '/other', {}, 404],
    ['an unknown subprotocol', '/host', { 'sec-websocket-protocol': `busbar.v9, busbar.token.${TOKEN}` }, 400],
  ])('is refused from %s', async (_, path, headers, status) => {
    const rig = await wsRig();
    const { request } = await import('node:http');
    const upgrade = request(rig.url.replace('ws:', 'http:').replace('/host', path), {
      headers: {
        ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
        ...{ 'sec-websocket-protocol': `busbar.v1, busbar.token.${TOKEN}` },
        ...headers,
      },
    });
    upgrade.end();
    const [response] = (await once(upgrade, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(status);
    expect(rig.pipes).toEqual([]);
    await rig.stop();
  });

  it('is disconnected when it reads too slowly, and the host goes on', async () => {
    const faults: [number, string][] = [];
    const rig = await wsRig({ maxBufferedBytes: 1_000_000, onFault: (code, reason) => faults.push([code, reason]) });
    const arrival = rig.nextPipe();
    const window = connectWsPipe({ url: rig.url, token: TOKEN });
    const host = await arrival;
    const gone = new Promise<void>((resolve) => host.onClose(resolve));
    const payload = new Uint8Array(200_000);
    // Sent within one turn: nothing can be read in between, so the bound must strike.
    const flood = () => {
      for (let count = 0; count < 100; count += 1) host.send({ type: 'event', name: 'client/messages', payload });
    };
    expect(flood).toThrow(expect.objectContaining({ code: 'HOST_GONE' }) as Error);
    await gone;
    expect(faults.map(([code]) => code)).toContain(4408);
    window.close();
    await rig.stop();
  });

  it('is disconnected when it answers no ping', async () => {
    const faults: number[] = [];
    const rig = await wsRig({ heartbeatMs: 20, onFault: (code) => faults.push(code) });
    const { connect } = await import('node:net');
    const socket = connect(Number(new URL(rig.url).port), '127.0.0.1');
    const arrival = rig.nextPipe();
    socket.write(
      `GET /host HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: busbar.v1, busbar.token.${TOKEN}\r\n\r\n`,
    );
    const host = await arrival;
    await new Promise<void>((resolve) => host.onClose(resolve));
    expect(faults).toEqual([4409]);
    socket.destroy();
    await rig.stop();
  });
});
