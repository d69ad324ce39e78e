/** Real nodes whose wall clocks are minutes apart, and one whose clock is set while it runs (R9, R36, S55, S56): nothing breaks, and it is told. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type IClientPublishOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster, joiningBroker, type ClusterMember } from '../support/brokerCluster.ts';
import type { StartBrokerOptions } from '../support/brokerProcess.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const SKEWED_CLOCK = fileURLToPath(new URL('../support/skewedClock.ts', import.meta.url));
const MINUTE_MS = 60_000;
/** bus1 is right, bus2 ahead, bus3 behind. */
const OFFSETS_MS = [0, 3 * MINUTE_MS, -2 * MINUTE_MS];

let cluster: BrokerCluster;
let directory: string;
const clients: MqttClient[] = [];

const clockFile = (number: number) => join(directory, `clock${number}`);
function skewed(number: number): StartBrokerOptions {
  return { nodeArguments: ['--import', SKEWED_CLOCK], env: { ...process.env, BUSBAR_TEST_CLOCK: clockFile(number) } };
}

beforeAll(async () => {
  directory = await createTempDir('busbar-clock-');
  await Promise.all(OFFSETS_MS.map((offsetMs, index) => writeFile(clockFile(index + 1), String(offsetMs))));
  cluster = await BrokerCluster.start(3, ['durability=replicated', 'log.console.level=info'], skewed);
}, 90_000);
afterAll(async () => {
  await cluster.end();
  await removeTempDir(directory);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

async function device(member: ClusterMember, clientId: string, sessionExpiryInterval = 30) {
  const client = connect(`mqtt://127.0.0.1:${member.broker.port}`, { clientId, protocolVersion: 5, clean: false, reconnectPeriod: 0, properties: { sessionExpiryInterval } });
  clients.push(client);
  const texts: string[] = [];
  client.on('message', (_topic, payload) => void texts.push(payload.toString()));
  const present = await new Promise<boolean>((resolve, reject) => {
    client.once('connect', ({ sessionPresent }) => resolve(sessionPresent));
    client.once('error', reject);
  });
  return { client, texts, present };
}

/** What a new subscriber finds retained, at each node. */
async function retainedEverywhere(topic: string): Promise<string[]> {
  return Promise.all(
    cluster.members.map(async (member, index) => {
      const { client, texts } = await device(member, `reader${index}-${clients.length}`, 0);
      await client.subscribeAsync(topic);
      await waitFor('a retained message', () => texts.length > 0).catch(() => texts.push('nothing'));
      await client.endAsync(true);
      return texts.join(' ');
    }),
  );
}

/** Writes on one node after the other, each when the one before has it: the last one wins on all, whatever the clocks say. */
async function lastWins(order: readonly number[], topic: string): Promise<void> {
  for (const number of order) {
    const { client } = await device(cluster.member(number), `writer${number}-${clients.length}`, 0);
    await client.publishAsync(topic, `by bus${number}`, { qos: 1, retain: true });
    await client.endAsync(true);
    await waitFor(`all to have what bus${number} wrote`, async () => (await retainedEverywhere(topic)).every((text) => text === `by bus${number}`));
  }
}

describe('nodes with clocks five minutes apart', { timeout: 60_000 }, () => {
  it('are one cluster, and each says by how much the others differ', async () => {
    await cluster.whole();
    for (const index of OFFSETS_MS.keys()) {
      const member = cluster.member(index + 1);
      const told = new Map(member.told('cluster_clock_differs').map(({ fields }) => [String(fields['peer']), Number(fields['difference_ms'])]));
      for (const [other, offsetMs] of OFFSETS_MS.entries()) {
        if (other === index) continue;
        const difference = told.get(`bus${other + 1}@127.0.0.1`) ?? 0;
        expect(Math.abs(difference - (offsetMs - (OFFSETS_MS[index] ?? 0)))).toBeLessThan(20_000);
      }
    }
    expect(cluster.member(1).told('cluster_clock_differs')[0]).toMatchObject({ level: 'warning', fields: { hint: 'Set the clocks of both machines.' } });
  });

  it('R38 keep the newest retained message, written on the fast node and then on the slow one, or the other way round', async () => {
    await lastWins([2, 3, 1, 3, 2], 'skew/newest');
  });

  it('let a session go from the slow node to the fast one and back: not expired, nothing lost, in order; and messages live as long as they should', async () => {
    const [one, two, three] = [cluster.member(1), cluster.member(2), cluster.member(3)];
    const first = await device(three, 'wanders');
    await first.client.subscribeAsync('skew/order', { qos: 1 });
    const publisher = await device(one, 'publisher');
    let sent = 0;
    const publish = async (count: number, options: IClientPublishOptions) => {
      for (let n = 0; n < count; n += 1) await publisher.client.publishAsync('skew/order', String(sent++), options);
    };
    await publish(5, { qos: 1 });
    await waitFor('the first messages', () => first.texts.length === 5);
    await first.client.endAsync(true);
    // Shorter than the clocks are apart: whoever compared wall clocks would drop them.
    await publish(5, { qos: 1, properties: { messageExpiryInterval: 60 } });
    const second = await device(two, 'wanders');
    expect(second.present).toBe(true);
    await waitFor('what waited', () => second.texts.length === 5);
    await second.client.endAsync(true);
    await publish(5, { qos: 2, properties: { messageExpiryInterval: 60 } });
    const third = await device(three, 'wanders');
    expect(third.present).toBe(true);
    await waitFor('the rest', () => third.texts.length === 5);
    expect([...first.texts, ...second.texts, ...third.texts]).toEqual(Array.from({ length: sent }, (_, n) => String(n)));
  });

  it('keep a retained message for as long as it should live, on the fast node too', async () => {
    const { client } = await device(cluster.member(3), 'mortal', 0);
    await client.publishAsync('skew/mortal', 'lives', { qos: 1, retain: true, properties: { messageExpiryInterval: 60 } });
    await waitFor('all to have it', async () => (await retainedEverywhere('skew/mortal')).every((text) => text === 'lives'), 30_000);
  });

  it('a clock that is set ten minutes ahead, and back, while its node runs: told once, and nothing else happens', async () => {
    const one = cluster.member(1);
    const session = await device(one, 'stepped');
    await session.client.subscribeAsync('skew/step', { qos: 1 });
    const downs = () => cluster.members.flatMap((member) => member.told('cluster_node_down')).length;
    const [before, publisher] = [downs(), await device(cluster.member(2), 'step-publisher')];
    let sent = 0;
    for (const [step, offsetMs] of [10 * MINUTE_MS, -10 * MINUTE_MS, 0].entries()) {
      await writeFile(clockFile(1), String(offsetMs));
      one.broker.process.kill('SIGUSR2');
      if (step === 0) await waitFor('the event', () => one.told('cluster_clock_stepped').length > 0);
      for (let n = 0; n < 3; n += 1) await publisher.client.publishAsync('skew/step', String(sent++), { qos: 1, properties: { messageExpiryInterval: 30 } });
      await waitFor('the messages', () => session.texts.length === sent);
      await lastWins([1, 2], `skew/step${step}`);
    }
    expect(one.told('cluster_clock_stepped')[0]).toMatchObject({ level: 'warning', fields: { hint: expect.stringContaining('order in the cluster is kept') as string } });
    expect(Math.abs(Number(one.told('cluster_clock_stepped')[0]?.fields['step_ms']) - 10 * MINUTE_MS)).toBeLessThan(10_000);
    await cluster.whole();
    expect(downs()).toBe(before);
  });

  it('S56 a node whose clock is two hours ahead is refused, with both clocks named, and serves alone', async () => {
    await writeFile(clockFile(9), String(120 * MINUTE_MS));
    const mad = await joiningBroker(cluster, ['node.name=bus9@127.0.0.1'], skewed(9));
    try {
      const refusals = () => mad.told('cluster_link_refused').filter(({ fields }) => fields['code'] === 'CLUSTER_CLOCK_TOO_FAR');
      const [line] = await waitFor('the refusal', () => (refusals().length > 0 ? refusals() : undefined));
      expect(line).toMatchObject({ level: 'warning', fields: { hint: 'Set the clocks of both machines; they differ by more than an hour.' } });
      expect(line?.fields['reason']).toMatch(/^The clock of bus\d@127\.0\.0\.1 stands at \d+ ms, that of bus\d@127\.0\.0\.1 at \d+ ms$/);
      expect(await mad.get('/cluster')).toMatchObject({ nodes: ['bus9@127.0.0.1'] });
      await cluster.whole();
    } finally {
      await mad.broker.end();
    }
  });
});
