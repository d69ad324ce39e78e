/** A real node for one file of conformance tests, and raw clients that end with it. */
import { afterAll, beforeAll } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import type { ConnectBytes } from './raw/build.ts';
import { RawClient } from './raw/client.ts';

export interface ConformanceBroker {
  readonly port: number;
  /** Listener id → bound address. */
  readonly listeners: Readonly<Record<string, string>>;
  /** A connection that has sent nothing yet. */
  readonly open: () => Promise<RawClient>;
  /** A client whose CONNECT was accepted. */
  readonly connect: (clientId: string, options?: ConnectBytes) => Promise<RawClient>;
  /** Sends bytes on a new connection; what came back in text until the broker closed it. */
  readonly answerTo: (level: 3 | 4 | 5, ...parts: Buffer[]) => Promise<string[]>;
}

/** `sets`: configuration as `key=value`. Call at the top of a test file. */
export function conformanceBroker(sets: readonly string[] = []): ConformanceBroker {
  let broker: BrokerProcess;
  const clients: RawClient[] = [];
  beforeAll(async () => {
    broker = await startBroker(sets);
  }, 30_000);
  afterAll(async () => {
    for (const client of clients) client.vanish();
    await broker.end();
  });
  const open = async () => {
    const client = await RawClient.open(broker.port);
    clients.push(client);
    return client;
  };
  return {
    get port() {
      return broker.port;
    },
    get listeners() {
      return broker.ready.listeners;
    },
    open,
    async connect(clientId, options = {}) {
      const client = await open();
      client.connect(clientId, options);
      client.connack = await client.packet();
      if (client.connack.type !== 'connack' || client.connack.codes[0] !== 0) throw new Error(`${clientId} was refused: ${client.connack.text}`);
      return client;
    },
    async answerTo(level, ...parts) {
      const client = await open();
      client.level = level;
      client.send(...parts);
      return client.closed();
    },
  };
}
