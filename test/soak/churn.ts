/** Clients that come and go: connections, subscriptions, sessions that outlive them, retained messages that change, wills. */
import mqttPacket from 'mqtt-packet';
import { DISCONNECT, publish, subscribe } from '../bench/generator/packets.ts';
import { ignoreBytes, RawClient, sourceFor, type BrokerAddress } from '../bench/generator/rawClient.ts';
import { pause } from '../bench/generator/job.ts';

const CONNACK = 0x20;
/** Sessions that are kept while their clients are away. Soon reached, so that memory is level soon. */
const PERSISTENT_CLIENTS = 20;
export const RETAINED_TOPICS = 200;
const RETAINED_PER_VISIT = 5;
const PAYLOAD_BYTES = 200;

function connectPacket(clientId: string, clean: boolean): Uint8Array {
  const will = { topic: `soak/will/${clientId}`, payload: Buffer.from('gone'), qos: 1 as const, retain: false };
  return mqttPacket.generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean, clientId, keepalive: 60, will });
}

export class Churn {
  readonly #address: BrokerAddress;
  #running = true;
  visits = 0;

  constructor(address: BrokerAddress) {
    this.#address = address;
  }

  /** Until `stop`: one visit after the other, `perSecond` of them. Rejects when the broker refuses one. */
  async run(perSecond: number): Promise<void> {
    const startedMs = performance.now();
    while (this.#running) {
      await this.#visit(this.visits);
      this.visits += 1;
      await pause(Math.max(0, startedMs + (this.visits * 1000) / perSecond - performance.now()));
    }
  }

  stop(): void {
    this.#running = false;
  }

  async #visit(number: number): Promise<void> {
    const named = number % 2 === 0;
    const clientId = named ? `kept${(number / 2) % PERSISTENT_CLIENTS}` : `passing${number}`;
    // Each name keeps its session, comes back to it, then starts afresh, which ends what was kept for it.
    const clean = !named || Math.floor(number / 2 / PERSISTENT_CLIENTS) % 3 === 2;
    const client = new RawClient(this.#address, sourceFor(number));
    await client.exchange(connectPacket(clientId, clean), CONNACK);
    const topic = `soak/retained/${number % RETAINED_TOPICS}`;
    // Retained messages may come before the answer to the next packet; only their bytes are read.
    await subscribed(client, subscribe([`soak/churn/${number % 50}/+`, `soak/retained/${number % 10}/#`, topic], 1));
    for (let offset = 0; offset < RETAINED_PER_VISIT; offset += 1) {
      const at = (number * RETAINED_PER_VISIT + offset) % RETAINED_TOPICS;
      client.socket.write(retainedMessage(at, number));
      client.socket.write(publish(`soak/churn/${at % 50}/x`, 0, PAYLOAD_BYTES, number).bytes);
    }
    await new Promise<void>((resolve) => {
      client.onClosed = resolve;
      // Every third leaves without a word, so that its will goes out.
      if (number % 3 === 0) client.socket.end();
      else client.socket.end(DISCONNECT);
    });
  }
}

/** In place of what is retained under one of the topics. */
export function retainedMessage(topic: number, number: number): Buffer {
  return publish(`soak/retained/${topic}`, 0, PAYLOAD_BYTES, number, true).bytes;
}

/** The answer to SUBSCRIBE may have deliveries of the session in front of it. */
function subscribed(client: RawClient, packet: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    client.onClosed = () => reject(new Error('the broker closed the connection after SUBSCRIBE'));
    client.onBytes = () => {
      client.onBytes = ignoreBytes;
      client.onClosed = null;
      resolve();
    };
    client.socket.write(packet);
  });
}
