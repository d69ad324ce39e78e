import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';
import { waitFor, within } from '../../test/support/waitFor.ts';
import type { Authenticator } from '../access/authn/authenticator.ts';
import { CONNECT_5, PUBLISH_BYTES, publishes } from '../../test/support/rawPackets.ts';
import type { AuthnResult } from '../protocol/authentication.ts';
import { Connection } from './connection.ts';
import { MqttConnection } from './mqttConnection.ts';
import { OutputTurn } from './outputTurn.ts';
import { TurnClock } from './turnClock.ts';

let server: Server;
const sockets: Socket[] = [];
let output: OutputTurn;

beforeEach(async () => {
  output = new OutputTurn();
  server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  output.dispose();
  await new Promise((resolve) => server.close(resolve));
});

/** A client of a node whose only authenticator answers when `answer` is called. */
async function slowLogin() {
  const world = new BrokerWorld();
  let answer: (result: AuthnResult) => void = () => {};
  const slow: Authenticator = {
    id: 'test:slow',
    authenticate: () => new Promise((resolve) => (answer = resolve)),
    begin: () => undefined,
  };
  world.authn.global = world.chain(slow);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const peer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  peer.on('error', () => {}); // how it is thrown out is part of these tests
  const [socket] = await within('a connection', accepted);
  sockets.push(peer, socket);
  const connection = new Connection(socket, { output, bytes: { received() {}, sent() {} }, congestedBytes: 1024 * 1024 });
  let closed = false;
  const client = new MqttConnection(world.node, connection, { listener: 'tcp:default', host: '127.0.0.1', port: 1 }, new TurnClock(), { closed: () => (closed = true), blocked() {} });
  const received: Buffer[] = [];
  peer.on('data', (chunk: Buffer) => received.push(chunk));
  peer.write(CONNECT_5);
  await waitFor('the question', () => client.channel.connState === 'connecting');
  return { world, peer, socket, client, connection, answer: (result: AuthnResult) => answer(result), isClosed: () => closed, received: () => Buffer.concat(received) };
}

describe('a client that waits for its CONNACK', () => {
  it('is read only so far ahead, and everything it sent counts once it is accepted', async () => {
    const { world, peer, socket, connection, answer } = await slowLogin();
    const count = 4_000; // several times what is read ahead and what the system keeps in between
    peer.write(publishes(count));
    await waitFor('reading to stop', () => socket.isPaused());
    const readAhead = connection.receivedBytes;
    expect({ bounded: readAhead < 64 * 1024 + 2 * 65_536, published: world.metrics.get('messages.publish') }).toEqual({ bounded: true, published: 0 });
    answer({ result: 'ok' });
    await waitFor('all messages', () => world.metrics.get('messages.publish') === count);
    expect(connection.receivedBytes).toBe(CONNECT_5.length + count * PUBLISH_BYTES);
  });

  it('may leave: its end is noticed, and the answer changes nothing', async () => {
    const { world, peer, answer, isClosed, received } = await slowLogin();
    peer.end();
    await waitFor('the end', isClosed);
    answer({ result: 'ok' });
    await new Promise((resolve) => setImmediate(resolve));
    expect({ sessions: world.node.sessions.size, received: received().length }).toEqual({ sessions: 0, received: 0 });
  });

  it('that is refused has published nothing', async () => {
    const { world, peer, answer, isClosed, received } = await slowLogin();
    peer.write(publishes(3));
    answer({ result: 'error', reasonCode: 0x86 });
    await waitFor('the end', isClosed);
    await waitFor('CONNACK', () => received().length > 0);
    expect({ code: received()[3], published: world.metrics.get('messages.publish') }).toEqual({ code: 0x86, published: 0 });
  });
});
