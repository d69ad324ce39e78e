/** One test client: an MQTT.js connection owned by the host, so that no hidden window can miss its keep-alive. */
import type { IConnackPacket, IPublishPacket, MqttClient, Packet } from 'mqtt';
import { BusbarError } from '../../broker/base/errors.ts';
import { TOPIC_PROBLEMS } from '../../broker/topics/topicProblem.ts';
import { topicNameProblem } from '../../broker/topics/topicName.ts';
import type { ClientMessage, ClientState, ConnectionSpec, PublishRequest, SubscriptionState } from '../contract/clients.ts';
import type { MessageLog } from './messageLog.ts';
import { MAX_MESSAGE_BYTES, RETRY_MS, failureWords, isFinalDisconnect, openMqttClient, reasonWords } from './mqttTransport.ts';
import { OpenPublishes } from './openPublishes.ts';
import { SubscriptionList } from './subscriptionList.ts';

/** Time for DISCONNECT to leave before the socket is cut. */
const DISCONNECT_GRACE_MS = 1_000;
/** Windows hear of counters at most this often. */
const COUNTS_MS = 250;
/** DISCONNECT with reason "normal" is these two bytes in every version [MQTT-3.14]. */
const DISCONNECT = Buffer.from([0xe0, 0x00]);

export interface ClientSessionOptions {
  readonly spec: ConnectionSpec;
  readonly log: MessageLog;
  readonly now: () => number;
  /** Where the target is now; throws when it is a node that does not run. */
  readonly resolve: (spec: ConnectionSpec) => { host: string; port: number };
  readonly onChange: (state: ClientState) => void;
  readonly onAck: (seq: number, ack: number) => void;
}

type Phase = ClientState['state'];

export class ClientSession {
  readonly #options: ClientSessionOptions;
  #spec: ConnectionSpec;
  #subscriptions: SubscriptionList;
  #client: MqttClient | undefined;
  #phase: Phase = 'offline';
  #sinceMs: number;
  #attempt = 0;
  #reasonCode: number | null = null;
  #reason: string | null = null;
  #sessionPresent = false;
  #assignedClientId: string | null = null;
  #firstOutcome = Promise.withResolvers<void>();
  #lastFailure: unknown;
  readonly #publishes = new OpenPublishes();
  #countsTimer: NodeJS.Timeout | undefined;

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#spec = options.spec;
    this.#subscriptions = new SubscriptionList(options.spec.subscriptions);
    this.#sinceMs = options.now();
  }

  get state(): ClientState {
    const { received, sent } = this.#options.log.totals;
    return {
      ...{ id: this.#spec.id, state: this.#phase, sinceMs: this.#sinceMs, attempt: this.#attempt },
      ...{ reasonCode: this.#reasonCode, reason: this.#reason, sessionPresent: this.#sessionPresent, assignedClientId: this.#assignedClientId },
      ...{ subscriptions: this.#subscriptions.states, received, sent },
    };
  }

  get wantedSubscriptions(): ConnectionSpec['subscriptions'] {
    return this.#subscriptions.wanted;
  }

  /** Takes a changed definition; all but its subscriptions take effect at the next connect. */
  async update(spec: ConnectionSpec): Promise<void> {
    this.#spec = spec;
    const wanted = new Map(spec.subscriptions.map(({ topicFilter, qos }) => [topicFilter, qos]));
    for (const { topicFilter } of this.#subscriptions.wanted) if (!wanted.has(topicFilter)) await this.unsubscribe(topicFilter);
    for (const [topicFilter, qos] of wanted) if (this.#subscriptions.state(topicFilter)?.qos !== qos) await this.subscribe(topicFilter, qos);
  }

  /** Connects, anew when it is connected already. Answers when connected, refused, or when the first try failed. */
  async connect(password: string | undefined): Promise<ClientState> {
    await this.disconnect();
    this.#attempt = 1;
    this.#lastFailure = undefined;
    this.#assignedClientId = null;
    this.#firstOutcome = Promise.withResolvers();
    const client = openMqttClient(this.#spec, password, () => this.#options.resolve(this.#spec));
    this.#client = client;
    this.#become('connecting');
    this.#listen(client);
    await this.#firstOutcome.promise;
    return this.state;
  }

  /** Says DISCONNECT, so that no will is sent. Answers when the socket is closed. */
  async disconnect(): Promise<ClientState> {
    const client = this.#client;
    if (!client) return this.state;
    this.#client = undefined;
    this.#publishes.fail('The client was disconnected before the broker acknowledged.');
    this.#firstOutcome.resolve();
    await end(client);
    this.#become('offline');
    return this.state;
  }

  /** Remembers the filter and, when connected, asks the broker. A refusal is in the answer. */
  async subscribe(topicFilter: string, qos: 0 | 1 | 2): Promise<SubscriptionState> {
    this.#subscriptions.want(topicFilter, qos);
    if (this.#client?.connected) await this.#send(this.#client, topicFilter, qos);
    this.#tell();
    return this.#subscriptions.state(topicFilter) ?? { topicFilter, qos, granted: null, count: 0 };
  }

  async unsubscribe(topicFilter: string): Promise<ClientState> {
    this.#subscriptions.drop(topicFilter);
    const client = this.#client;
    if (client?.connected) await new Promise<void>((resolve) => client.unsubscribe(topicFilter, () => resolve()));
    this.#tell();
    return this.state;
  }

  /** Throws CLIENT_OFFLINE, BAD_REQUEST for what is no topic name. */
  async publish(request: PublishRequest): Promise<ClientMessage> {
    const client = this.#client;
    if (!client?.connected) throw new BusbarError('CLIENT_OFFLINE', `The client ${this.#spec.name} is not connected.`);
    const problem = topicNameProblem(request.topic);
    if (problem) throw new BusbarError('BAD_REQUEST', `The topic ${TOPIC_PROBLEMS[problem].message}.`, { hint: 'Correct the topic.' });
    const { topic, payload, qos, retain } = request;
    const message = this.#options.log.add({
      ...{ timeMs: this.#options.now(), direction: 'out', topic, payload, qos, retain, dup: false },
      ...{ matched: [], ack: null, properties: {} },
    });
    const ack = await this.#publishes.send(client, request, (code) => {
      this.#options.log.acknowledge(message.seq, code);
      this.#options.onAck(message.seq, code);
    });
    this.#tellSoon();
    return { ...message, ack };
  }

  dispose(): Promise<ClientState> {
    clearTimeout(this.#countsTimer);
    return this.disconnect();
  }

  #listen(client: MqttClient): void {
    const mine = (handler: (...args: never[]) => void) => (...args: unknown[]) => {
      // What a client says after it was let go concerns nobody.
      if (this.#client === client) handler(...(args as never[]));
    };
    client.handleMessage = (packet, done) => this.#receive(client, packet, done);
    client.on('connect', mine((packet: IConnackPacket) => this.#connected(client, packet)));
    client.on('packetreceive', mine((packet: Packet) => {
      if (packet.cmd === 'connack') this.#refused(client, packet.reasonCode ?? packet.returnCode ?? 0);
      else this.#publishes.note(packet);
    }));
    client.on('disconnect', mine((packet: { reasonCode?: number }) => this.#dismissed(client, packet.reasonCode ?? 0)));
    client.on('reconnect', mine(() => this.#retry(client)));
    client.on('error', mine((error: Error) => {
      this.#lastFailure = error;
    }));
    client.on('close', mine(() => this.#lost()));
  }

  #connected(client: MqttClient, packet: IConnackPacket): void {
    client.options.reconnectPeriod = RETRY_MS.first;
    this.#attempt = 0;
    this.#lastFailure = undefined;
    this.#sessionPresent = packet.sessionPresent;
    const assigned = packet.properties?.assignedClientIdentifier;
    if (assigned !== undefined) {
      this.#assignedClientId = assigned;
      // The next try must resume this session, not begin another [MQTT-3.2.2-16].
      client.options.clientId = assigned;
    }
    this.#subscriptions.begin(packet.sessionPresent);
    this.#become('connected');
    this.#firstOutcome.resolve();
    for (const { topicFilter, qos } of this.#subscriptions.unanswered) void this.#send(client, topicFilter, qos).then(() => this.#tell());
  }

  #refused(client: MqttClient, code: number): void {
    if (code === 0) return;
    this.#client = undefined;
    void end(client);
    this.#become('refused', reasonWords(code), code);
    this.#firstOutcome.resolve();
  }

  #dismissed(client: MqttClient, code: number): void {
    this.#reasonCode = code;
    this.#lastFailure = new Error(reasonWords(code));
    if (!isFinalDisconnect(code)) return;
    this.#client = undefined;
    this.#publishes.fail(`The broker ended the connection: ${reasonWords(code)}.`);
    void end(client);
    this.#become('offline', reasonWords(code), code);
  }

  #retry(client: MqttClient): void {
    this.#attempt += 1;
    client.options.reconnectPeriod = Math.min(RETRY_MS.most, (client.options.reconnectPeriod ?? RETRY_MS.first) * 2);
    this.#tell();
  }

  #lost(): void {
    const words = this.#lastFailure === undefined ? 'The broker closed the connection.' : failureWords(this.#lastFailure);
    this.#become('reconnecting', words, this.#reasonCode);
    this.#firstOutcome.resolve();
  }

  #receive(client: MqttClient, packet: IPublishPacket, done: (error?: Error) => void): void {
    if (this.#client !== client) return done();
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload, 'utf8') : packet.payload;
    if (payload.length > MAX_MESSAGE_BYTES) {
      this.#client = undefined;
      void end(client);
      this.#become('offline', `A message on ${packet.topic} has ${payload.length} bytes; a pane takes at most ${MAX_MESSAGE_BYTES}.`);
      return;
    }
    this.#options.log.add({
      ...{ timeMs: this.#options.now(), direction: 'in', topic: packet.topic, payload: copyOf(payload), qos: packet.qos as 0 | 1 | 2 },
      ...{ retain: packet.retain, dup: packet.dup, matched: this.#subscriptions.count(packet.topic), ack: null, properties: plain(packet.properties) },
    });
    this.#tellSoon();
    const room = this.#options.log.room;
    // Not reading on is what MQTT offers against a flood: the broker then queues or drops by its own rules.
    if (room) void room.then(() => done());
    else done();
  }

  /** Sends one SUBSCRIBE and notes the broker's answer; without one (the connection ended) it is sent again at the next. */
  #send(client: MqttClient, topicFilter: string, qos: 0 | 1 | 2): Promise<void> {
    return new Promise((resolve) => {
      client.subscribe(topicFilter, { qos }, (error, _granted, packet) => {
        const code = packet?.granted[0] ?? (error && 'code' in error ? error.code : undefined);
        if (typeof code === 'number') this.#subscriptions.grant(topicFilter, code);
        // A filter MQTT.js itself refuses never reaches the broker: 0x8f is what the broker would say.
        else if (error?.message.startsWith('Invalid topic')) this.#subscriptions.grant(topicFilter, 0x8f);
        resolve();
      });
    });
  }

  #become(phase: Phase, reason: string | null = null, reasonCode: number | null = null): void {
    if (phase !== this.#phase) this.#sinceMs = this.#options.now();
    this.#phase = phase;
    this.#reason = reason;
    this.#reasonCode = reasonCode;
    if (phase !== 'connected' && phase !== 'reconnecting') this.#sessionPresent = false;
    this.#tell();
  }

  #tell(): void {
    clearTimeout(this.#countsTimer);
    this.#countsTimer = undefined;
    this.#options.onChange(this.state);
  }

  #tellSoon(): void {
    this.#countsTimer ??= setTimeout(() => this.#tell(), COUNTS_MS);
  }
}

function end(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => client.end(true, {}, () => resolve()), DISCONNECT_GRACE_MS);
    // Errors of a connection that is being let go have nobody to tell, but must not end the process.
    client.on('error', () => undefined);
    const cut = () => {
      clearTimeout(limit);
      client.end(true, {}, () => resolve());
    };
    if (client.connected) client.stream.end(DISCONNECT, cut);
    else cut();
  });
}

/** MQTT.js hands out views of its receive buffer; a message that is kept must not keep sixty-four kilobytes with it. */
function copyOf(payload: Uint8Array): Uint8Array {
  return new Uint8Array(payload);
}

/** Properties as plain data; bytes as base64. */
function plain(properties: IPublishPacket['properties']): Record<string, unknown> {
  if (!properties) return {};
  const replace = (_key: string, value: unknown) =>
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
      ? Buffer.from(value.data as number[]).toString('base64')
      : value;
  return JSON.parse(JSON.stringify(properties, replace)) as Record<string, unknown>;
}
