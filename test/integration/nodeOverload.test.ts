/** What a node does about clients that take in less than they are sent: it says so, and keeps its memory. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { apiOf, type BrokerApi } from '../support/brokerApi.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { encodePacket } from '../../broker/protocol/writer.ts';
import { plainConnect } from '../support/plainConnect.ts';
import { waitFor, within } from '../support/waitFor.ts';

let broker: BrokerProcess;
const clients: MqttClient[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await broker.end();
});

async function client(clientId: string): Promise<MqttClient> {
  const connected = await connectAsync({ host: '127.0.0.1', port: broker.port, clientId, reconnectPeriod: 0, protocolVersion: 5 });
  clients.push(connected);
  return connected;
}

/** Subscribed to `flood`, and takes nothing in from then on. */
async function deafSubscriber(clientId: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: broker.port });
  sockets.push(socket);
  socket.on('error', () => {}); // a reset is one way to be disconnected
  await within('a connection', once(socket, 'connect'));
  socket.write(encodePacket({ ...plainConnect(clientId), version: 5 }, 5));
  const subscription = { topicFilter: 'flood', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  socket.write(encodePacket({ type: 'subscribe', packetId: 1, subscriptions: [subscription], properties: {} }, 5));
  let answered = '';
  await within('SUBACK', new Promise<void>((resolve) => socket.on('data', (bytes: Buffer) => (answered += bytes.toString('hex')).includes('90040001') && resolve())));
  socket.removeAllListeners('data').pause();
  return socket;
}

type AlarmRow = { readonly name: string; readonly details: Readonly<Record<string, unknown>> };
const alarms = async (api: BrokerApi, activated: boolean) => ((await api.get(`/alarms?activated=${activated}`)).body as { readonly data: readonly AlarmRow[] }).data;

async function flood(publisher: MqttClient, megabytes: number): Promise<void> {
  for (let sent = 0; sent < megabytes * 16; sent += 1) await publisher.publishAsync('flood', Buffer.alloc(65_536), { qos: 1 });
}

describe('a subscriber that does not read', () => {
  it('raises an alarm that everybody may see, and ends it when it reads again', async () => {
    broker = await startBroker(['conn_congestion.min_alarm_sustain_duration=5s']);
    const api = apiOf(broker.ready.api);
    const [publisher, reader] = [await client('publisher'), await client('reader')];
    const events: string[] = [];
    reader.on('message', (topic) => events.push(topic.split('/').slice(3).join('/')));
    await reader.subscribeAsync('$SYS/brokers/+/alarms/#');
    const deaf = await deafSubscriber('deaf');
    await flood(publisher, 16);
    await waitFor('the alarm', async () => (await alarms(api, true)).length === 1);
    expect(await alarms(api, true)).toMatchObject([{ name: 'conn_congestion/deaf/undefined', details: { clientid: 'deaf', listener: 'tcp:default' } }]);
    deaf.resume();
    await waitFor('its end', async () => (await alarms(api, true)).length === 0, 25_000);
    expect((await alarms(api, false)).map(({ name }) => name)).toEqual(['conn_congestion/deaf/undefined']);
    await waitFor('both events', () => events.length === 2);
    expect(events).toEqual(['alarms/activate', 'alarms/deactivate']);
  });

  it('is disconnected when too much waits for it; nobody else notices', async () => {
    broker = await startBroker(['force_shutdown.max_heap_size=4MB', 'listeners.tcp.default.tcp_options.high_watermark=64MB']);
    const [publisher, other] = [await client('publisher'), await client('other')];
    let got = 0;
    other.on('message', () => (got += 1));
    await other.subscribeAsync('flood', { qos: 1 });
    const deaf = await deafSubscriber('deaf');
    const closed = once(deaf, 'close');
    await flood(publisher, 24);
    await waitFor('the line in the log', () => broker.process.stderr().includes('client_force_shutdown'));
    deaf.resume();
    await within('the end of its connection', closed);
    await waitFor('all messages at the other one', () => got === 24 * 16);
    expect([publisher.connected, other.connected]).toEqual([true, true]);
    const { body } = await apiOf(broker.ready.api).get('/metrics?aggregate=true');
    expect((body as Record<string, number>)['overload_protection.client_shutdown']).toBe(1);
  });
});
