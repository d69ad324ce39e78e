import { createServer, connect, type AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { messagesIn } from '../../test/support/forwarding.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import type { BrokerConfig, Seed } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { BusbarError } from '../base/errors.ts';
import type { NodeId, NodeName } from '../base/ids.ts';
import type { Log, LogFields } from '../base/log.ts';
import type { Message } from '../core/message.ts';
import { Publication } from '../session/publication.ts';
import { HybridClock, volatileBound } from '../cluster/hybridClock.ts';
import { noStore, SharedTables } from '../cluster/shared/sharedTables.ts';
import { systemClock } from './peerLinks.ts';
import { ClusterService, type Answers } from './clusterService.ts';

/** When messages arrive. */
const NOW_MS = 1_700_000_000_000;
const services: TestService[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((started) => started.service.stop()));
});

interface TestService {
  readonly service: ClusterService;
  readonly seed: Seed;
  readonly warnings: LogFields[];
  /** What the broker was told. */
  readonly heard: string[];
  readonly messages: Message[];
  readonly shared: readonly { readonly messages: readonly Message[]; readonly key: string; readonly again: boolean }[];
}

interface Changes {
  readonly cookie?: string;
  readonly seeds?: readonly Seed[];
  readonly port?: number;
  readonly host?: string;
  /** A route that it has before it is started. */
  readonly routeFromDisk?: string;
}

function configOf(name: string, { cookie = 'secret', seeds = [], port = 0, host = '127.0.0.1' }: Changes): BrokerConfig {
  const { config, problems } = loadConfig({ sets: [`node.name=${name}`, `node.cookie=${cookie}`] });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return { ...config, cluster: { ...config.cluster, host, port, seeds, discoveryStrategy: 'static' } };
}

function volatileTables(life: { nodeId: NodeId; incarnation: number }, log: Log): SharedTables {
  const clock = new HybridClock({ node: life.nodeId, clock: systemClock, bound: volatileBound(), log });
  return new SharedTables({ identity: life, clock, store: noStore, log });
}

/** A service on a free loopback port, with a broker that only keeps what it is told. */
async function start(name: string, changes: Changes = {}): Promise<TestService> {
  const config = configOf(name, changes);
  const warnings: LogFields[] = [];
  const log: Log = { debug() {}, info() {}, error() {}, warn: (msg, fields) => void warnings.push({ msg, ...fields }) };
  const life = {
    nodeId: randomBytes(16).toString('hex') as NodeId,
    incarnation: Date.now(),
    nonce: randomBytes(8).toString('hex'),
  };
  const service = await ClusterService.open({ config, life, log, tables: volatileTables(life, log) });
  const heard: string[] = [];
  if (changes.routeFromDisk !== undefined) {
    service.port.routeAdded(changes.routeFromDisk);
    // Turns pass between reading the disk and being ready for others.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
  const messages: Message[] = [];
  const shared: { readonly messages: readonly Message[]; readonly key: string; readonly again: boolean }[] = [];
  const answers = {
    stats: () => ({ 'topics.count': 3 }),
    clients: ({ limit }: { limit: number }) => Promise.reject(tooMany(limit)),
  };
  service.start({
    answers: answers as unknown as Answers,
    broker: {
      remoteRouteAdded: (node, topicFilter) => -Math.sign(heard.push(`+ ${node} ${topicFilter}`)),
      remoteRouteRemoved: (node, topicFilter) => Math.sign(heard.push(`- ${node} ${topicFilter}`)) - 1,
      remoteRoutesSnapshot: () => {},
      remoteRoutes: () => [...new Set(heard.flatMap((line) => (line.startsWith('+ ') ? [line.split(' ')[2] ?? ''] : [])))],
      remoteNodeDown: (node) => void heard.push(`down ${node}`),
      dispatchForwarded: (_node, publishes) => messages.push(...messagesIn(publishes, NOW_MS)),
      forwardsFailed: () => {},
      remoteGroupChanged: (node, key, online, total) => void heard.push(`${node} ${key} ${online}/${total}`),
      remoteClaimChanged: (node, key, claim) => void heard.push(`${node} ${key} ${claim?.clientId ?? '-'}`),
      dispatchShared: (_node, publish, key, again) => void shared.push({ messages: messagesIn(publish, NOW_MS), key, again }),
    },
  });
  const port = Number(service.bind.slice(service.bind.lastIndexOf(':') + 1));
  const started = {
    service,
    seed: { node: name as NodeName, host: changes.host ?? '127.0.0.1', port },
    warnings,
    heard,
    messages,
    shared,
  };
  services.push(started);
  return started;
}

const tooMany = (limit: number) => new BusbarError('BAD_REQUEST', `limit ${limit} is too large`, { hint: 'Use at most 10000.' });
const running = ({ service }: TestService) => service.members().filter((member) => member.status === 'running').length;

async function pair(): Promise<[TestService, TestService]> {
  const one = await start('n1@127.0.0.1');
  const two = await start('n2@127.0.0.1', { seeds: [one.seed] });
  await waitFor('two linked nodes', () => running(one) === 2 && running(two) === 2);
  return [one, two];
}

const message: Message = {
  topic: 'plant/1',
  payload: Buffer.from('21.5'),
  qos: 1,
  retain: false,
  properties: { contentType: 'text/plain', userProperties: [['line', '7']] },
  fromClientId: 'sensor',
  fromUsername: 'ann',
  timestampMs: NOW_MS,
};

describe('two nodes on loopback', () => {
  it('share routes and forward whole messages, with counters and round trip on the link', async () => {
    const [one, two] = await pair();
    one.service.port.routeAdded('plant/+');
    await new Promise<void>((resolve) => one.service.port.routeBarrier(resolve));
    expect(two.heard).toEqual(['+ n1@127.0.0.1 plant/+']);
    two.service.port.forward(one.service.self, new Publication(message));
    await waitFor('the message', () => one.messages.length === 1);
    expect(one.messages).toEqual([message]);
    await waitFor('a round trip', () => two.service.links()[0]?.rttMs !== null);
    expect(two.service.links()).toMatchObject([
      { peer: 'n1@127.0.0.1', state: 'up', messagesOut: 1, messagesIn: 0, reason: null },
    ]);
    expect(two.service.routes()).toEqual([{ topic: 'plant/+', node: 'n1@127.0.0.1' }]);
  });

  it('hear of what a node knew before it was ready for others', async () => {
    const one = await start('n1@127.0.0.1', { routeFromDisk: 'kept/1' });
    const two = await start('n2@127.0.0.1', { seeds: [one.seed] });
    await waitFor('the route', () => two.heard.includes('+ n1@127.0.0.1 kept/1'));
  });

  it('tell each other of groups and exclusive claims, and send a share to one node only', async () => {
    const [one, two] = await pair();
    const { port } = one.service;
    port.groupChanged('$share/g/plant/+', 0, 1);
    port.groupChanged('$share/g/plant/+', 1, 2);
    port.claimChanged('$exclusive/plant/1', { clientId: 'c1', sinceMs: 1 });
    await new Promise<void>((resolve) => port.routeBarrier(resolve));
    port.claimChanged('$exclusive/plant/1', undefined);
    port.groupChanged('$share/g/plant/+', 0, 0);
    await new Promise<void>((resolve) => port.routeBarrier(resolve));
    const node = 'n1@127.0.0.1';
    expect(two.heard).toEqual([
      `${node} $share/g/plant/+ 0/1`,
      `${node} $share/g/plant/+ 1/2`,
      `${node} $exclusive/plant/1 c1`,
      `${node} $exclusive/plant/1 -`,
      `${node} $share/g/plant/+ 0/0`,
    ]);
    expect(two.service.port.forwardShared(one.service.self, new Publication(message), '$share/g/plant/+', false)).toBe(true);
    expect(two.service.port.forwardShared('n9@127.0.0.1' as NodeName, new Publication(message), '$share/g/plant/+', false)).toBe(false);
    await waitFor('the share', () => one.shared.length === 1);
    expect([one.shared, one.messages]).toEqual([[{ messages: [message], key: '$share/g/plant/+', again: false }], []]);
  });

  it('answer questions of each other, and their refusals keep code, message and hint', async () => {
    const [one, two] = await pair();
    await expect(one.service.ask(two.service.self, 'stats', {})).resolves.toEqual({ 'topics.count': 3 });
    await expect(one.service.ask(one.service.self, 'stats', {})).resolves.toEqual({ 'topics.count': 3 });
    const refused = one.service.ask(two.service.self, 'clients', { filter: {}, offset: 0, limit: 99_999 });
    await expect(refused).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: 'limit 99999 is too large',
      hint: 'Use at most 10000.',
    });
    const stranger = one.service.ask('n9@127.0.0.1' as NodeName, 'stats', {});
    await expect(stranger).rejects.toMatchObject({ code: 'NODE_DOWN' });
  });

  it('a node that stops is down at once at the other, and says so', async () => {
    const [one, two] = await pair();
    await two.service.stop();
    await waitFor('the end of n2', () => one.heard.includes('down n2@127.0.0.1'), 1_000);
    expect(one.service.links()).toMatchObject([{ peer: 'n2@127.0.0.1', state: 'down', reason: 'n2@127.0.0.1 was stopped' }]);
    expect(one.service.members()).toContainEqual({ node: 'n2@127.0.0.1', status: 'stopped' });
  });

  it('carry a message of 20 MiB', async () => {
    const [one, two] = await pair();
    const payload = randomBytes(20 * 1024 * 1024);
    two.service.port.forward(one.service.self, new Publication({ ...message, payload }));
    await waitFor('the message', () => one.messages.length === 1);
    expect(payload.equals(one.messages[0]?.payload ?? Buffer.alloc(0))).toBe(true);
  });

  it('find each other over IPv6', async () => {
    const one = await start('n1@ip6-localhost', { host: '::1' });
    const two = await start('n2@ip6-localhost', { host: '::1', seeds: [one.seed] });
    await waitFor('two linked nodes', () => running(one) === 2 && running(two) === 2);
  });
});

describe('a third node', () => {
  it('learns of the others from the one it was told of', async () => {
    const [one, two] = await pair();
    const three = await start('n3@127.0.0.1', { seeds: [two.seed] });
    await waitFor('a full mesh', () => [one, two, three].every((node) => running(node) === 3));
  });
});

describe('a node that does not fit', () => {
  it('with another cookie gets one event with a hint, and the link shows why', async () => {
    const one = await start('n1@127.0.0.1');
    const two = await start('n2@127.0.0.1', { seeds: [one.seed], cookie: 'other' });
    await waitFor('both refusals', () => one.warnings.length > 0 && two.warnings.length > 0);
    for (const { warnings } of [one, two]) {
      expect(warnings).toMatchObject([
        { msg: 'cluster_link_refused', code: 'CLUSTER_WRONG_COOKIE', hint: 'Set the same node.cookie on all nodes.' },
      ]);
    }
    expect(two.service.links()).toMatchObject([
      { peer: 'n1@127.0.0.1', state: 'down', reason: 'n2@127.0.0.1 has another cookie than n1@127.0.0.1' },
    ]);
  });

  it('on a busy port gets an error that names the port', async () => {
    const one = await start('n1@127.0.0.1');
    await expect(start('n2@127.0.0.1', { port: one.seed.port })).rejects.toMatchObject({
      code: 'CLUSTER_PORT_IN_USE',
      details: { port: one.seed.port },
    });
  });

  it('that finds itself behind a seed of another name does not dial it again', async () => {
    let dials = 0;
    const seed = { node: 'n9@127.0.0.1' as NodeName, host: '127.0.0.1', port: 0 };
    // A relay in front of the node, so that its own address comes back under another port.
    const relay = createServer((socket) => {
      dials += 1;
      const onward = connect(target, '127.0.0.1');
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const { port } = relay.address() as AddressInfo;
    const one = await start('n1@127.0.0.1', { seeds: [{ ...seed, port }] });
    const target = one.seed.port;
    await waitFor('the dial', () => dials === 1);
    await waitFor('its end', () => new Promise((resolve) => relay.getConnections((_error, count) => resolve(count === 0))));
    expect(one.service.links()).toEqual([]);
    expect(one.warnings).toEqual([]);
    await new Promise((resolve) => relay.close(resolve));
  });

  it('that speaks HTTP on the cluster port is shut out, and the cluster goes on', async () => {
    const [one, two] = await pair();
    const socket = connect(one.seed.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve).resume());
    expect(one.warnings).toMatchObject([{ msg: 'cluster_link_refused', code: 'CLUSTER_PROTOCOL' }]);
    expect([running(one), running(two)]).toEqual([2, 2]);
  });
});
