/** The soak of `npm run soak` for a short while, and what an idle client may cost. */
import { expect, it } from 'vitest';
import { connect, subscribe } from '../bench/generator/packets.ts';
import { openClients } from '../bench/generator/rawClient.ts';
import { runSoak } from '../soak/soak.ts';
import { startBroker } from '../support/brokerProcess.ts';
import { HeapProbe, INSPECT } from '../support/heapProbe.ts';

const SOAK_S = 12;
/** hot-path.md part 12. */
const MAX_HEAP_PER_IDLE_CLIENT = 2.5 * 1024;
const IDLE_CLIENTS = 2_000;

it('memory stays level under mixed traffic with clients that come and go, and no message is lost, doubled or reordered', { timeout: 60_000 }, async () => {
  const { flat, lost, disorder, delivered, visits, samples, heapGrowthBytes, rssGrowthBytes } = await runSoak({
    seconds: SOAK_S,
    perSecond: 3_000,
    visitsPerSecond: 40,
    samples: 12,
  });
  expect({ flat, lost, disorder }, JSON.stringify({ heapGrowthBytes, rssGrowthBytes, samples })).toEqual({ flat: true, lost: 0, disorder: 0 });
  expect(delivered).toBeGreaterThan(SOAK_S * 1_000);
  expect(visits).toBeGreaterThan(SOAK_S);
});

it('an idle client with one subscription costs less than 2.5 KB of heap', { timeout: 60_000 }, async () => {
  const broker = await startBroker([], { nodeArguments: [INSPECT] });
  try {
    const probe = await HeapProbe.open(broker.process);
    const address = { port: broker.port, tls: false };
    const add = async (first: number, count: number) => {
      const clients = await openClients({ address, count, prefix: `idle${first}-`, connect });
      await Promise.all(clients.map((client, index) => client.subscribe(subscribe([`idle/${first + index}`], 0))));
      return clients;
    };
    // The first ones compile code and fill caches.
    const early = await add(0, 200);
    const before = await probe.liveBytes();
    const clients = await add(200, IDLE_CLIENTS);
    const perClient = ((await probe.liveBytes()) - before) / IDLE_CLIENTS;
    probe.close();
    expect(perClient).toBeLessThan(MAX_HEAP_PER_IDLE_CLIENT);
    expect(perClient).toBeGreaterThan(0);
    for (const { socket } of [...early, ...clients]) socket.destroy();
  } finally {
    await broker.end();
  }
});
