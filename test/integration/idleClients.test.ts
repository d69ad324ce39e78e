/** What an idle client may cost: a guard rail that does not depend on the machine (hot-path.md section 12). */
import { expect, it } from 'vitest';
import { connect, subscribe } from '../bench/generator/packets.ts';
import { openClients } from '../bench/generator/rawClient.ts';
import { startBroker } from '../support/brokerProcess.ts';
import { HeapProbe, INSPECT } from '../support/heapProbe.ts';

/** 2.3 KB are measured, of which 1.1 KB are Node's socket. */
const MAX_HEAP_PER_IDLE_CLIENT = 2.5 * 1024;
const WARM_UP_CLIENTS = 1_000;
const IDLE_CLIENTS = 3_000;

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
    const early = await add(0, WARM_UP_CLIENTS);
    const before = await probe.liveBytes();
    const clients = await add(WARM_UP_CLIENTS, IDLE_CLIENTS);
    const perClient = ((await probe.liveBytes()) - before) / IDLE_CLIENTS;
    probe.close();
    expect(perClient).toBeLessThan(MAX_HEAP_PER_IDLE_CLIENT);
    expect(perClient).toBeGreaterThan(0);
    for (const { socket } of [...early, ...clients]) socket.destroy();
  } finally {
    await broker.end();
  }
});
