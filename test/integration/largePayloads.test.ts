/** Payloads of 64 KiB use the same memory one after the other: on every kind of connection each must come as it was sent. */
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { waitFor } from '../support/waitFor.ts';

const PAYLOAD_BYTES = 64 * 1024;
const PUBLISHERS = 4;
const EACH = 150;
/** Messages of one publisher that not all have received yet: so few that nobody counts as congested (1 MiB). */
const WINDOW = 2;

let broker: BrokerProcess;
let clients: MqttClient[] = [];
beforeEach(async () => {
  broker = await startBroker(['listeners.ssl.default.bind=127.0.0.1:0', 'listeners.ws.default.enable=true', 'listeners.ws.default.bind=127.0.0.1:0']);
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  clients = [];
  await broker.end();
});

async function client(listener: string, scheme: string, options: IClientOptions = {}): Promise<MqttClient> {
  const path = scheme === 'ws' ? '/mqtt' : '';
  const made = await connectAsync(`${scheme}://${broker.ready.listeners[listener]}${path}`, { rejectUnauthorized: false, reconnectPeriod: 0, ...options });
  clients.push(made);
  return made;
}

const payloadOf = (publisher: number, number: number): Buffer => Buffer.alloc(PAYLOAD_BYTES, Buffer.from(`${publisher}.${number};`));

/** What a receiver got from each publisher, by number; a payload in which anything else stands is told as it begins. */
function record(receiver: MqttClient, onMessage: (publisher: number) => void): (number | string)[][] {
  const heard: (number | string)[][] = Array.from({ length: PUBLISHERS }, () => []);
  receiver.on('message', (_topic, payload) => {
    const [publisher = 0, number = 0] = payload.subarray(0, 10).toString().split(/[.;]/).map(Number);
    heard[publisher]?.push(payload.equals(payloadOf(publisher, number)) ? number : `damaged: ${payload.subarray(0, 20).toString()}`);
    onMessage(publisher);
  });
  return heard;
}

it('each payload comes whole, once and in order', { timeout: 60_000 }, async () => {
  const sent = Array.from({ length: PUBLISHERS }, () => 0);
  const publishers = await Promise.all(sent.map(() => client('tcp:default', 'mqtt')));
  const judges: (number | string)[][][] = [];
  // At the pace of the slowest, so that nothing has to be left out.
  const goOn = (publisher: number): void => {
    const heard = Math.min(...judges.map((numbers) => numbers[publisher]?.length ?? 0));
    for (let number = sent[publisher]!; number < Math.min(EACH, heard + WINDOW); number += 1) {
      sent[publisher] = number + 1;
      publishers[publisher]?.publish(`large/${publisher}`, payloadOf(publisher, number));
    }
  };
  const kinds: [string, string, IClientOptions, 0 | 1][] = [
    ['tcp:default', 'mqtt', {}, 0],
    ['tcp:default', 'mqtt', { protocolVersion: 5 }, 0],
    ['tcp:default', 'mqtt', {}, 1],
    ['ssl:default', 'mqtts', {}, 0],
    ['ws:default', 'ws', {}, 0],
  ];
  for (const [listener, scheme, options, qos] of kinds) {
    const receiver = await client(listener, scheme, options);
    judges.push(record(receiver, goOn));
    await receiver.subscribeAsync('large/+', { qos });
  }
  for (let publisher = 0; publisher < PUBLISHERS; publisher += 1) goOn(publisher);
  await waitFor('every message everywhere', () => judges.every((heard) => heard.every(({ length }) => length === EACH)), 40_000);
  const expected = Array.from({ length: PUBLISHERS }, () => Array.from({ length: EACH }, (_, number) => number));
  for (const heard of judges) expect(heard).toEqual(expected);
});
