/** One test client: an MQTT.js connection owned by the host, so that no hidden window can miss its keep-alive. */
import type { IConnackPacket, IPublishPacket, MqttClient, Packet } from 'mqtt';
import { BusbarError } from '../../broker/base/errors.ts';
import { TOPIC_PROBLEMS } from '../../broker/topics/topicProblem.ts';
import { topicNameProblem } from '../../broker/topics/topicName.ts';
import type { ClientMessage, ClientState, ConnectionSpec, PublishRequest, SubscriptionState } from '../contract/clients.ts';
import type { ConnectSecrets, SubscriptionSpec } from '../contract/connectionParts.ts';
import { connectionProblems, isTls, problemWords, schemeOf } from '../contract/connectionRules.ts';
import { failureText, KnownFailure, type FailureText } from './connectFailure.ts';
import { endMqttClient } from './endMqttClient.ts';
import type { MessageLog } from './messageLog.ts';
import { MAX_MESSAGE_BYTES, RETRY_MS, firstPauseMs, subscribeOptions } from './mqttOptions.ts';
import { isFinalDisconnect, openMqttClient, reasonWords } from './mqttTransport.ts';
import { OpenPublishes } from './openPublishes.ts';
import { copyOf, plainProperties } from './receivedMessage.ts';
import { packetProperties, refuseProperties } from './publishProperties.ts';
import { SubscriptionList } from './subscriptionList.ts';
import { readTlsMaterial } from './tlsMaterial.ts';

/** Windows hear of counters at most this often. */
const COUNTS_MS = 250;
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
  /** Grows with every connect and disconnect: one that was overtaken while it read files does nothing more. */
  #turn = 0;
  #phase: Phase = 'offline';
  #sinceMs: number;
  #attempt = 0;
  #reasonCode: number | null = null;
  #reason: FailureText | null = null;
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
      ...{ reasonCode: this.#reasonCode, reason: null, ...this.#reason, sessionPresent: this.#sessionPresent, assignedClientId: this.#assignedClientId },
      ...{ subscriptions: this.#subscriptions.states, received, sent },
    };
  }

  get wantedSubscriptions(): ConnectionSpec['subscriptions'] {
    return this.#subscriptions.wanted;
  }

  /** Takes a changed definition; all but its subscriptions take effect at the next connect. */
  async update(spec: ConnectionSpec): Promise<void> {
    this.#spec = spec;
    const wanted = new Set(spec.subscriptions.map(({ topicFilter }) => topicFilter));
    for (const { topicFilter } of this.#subscriptions.wanted) if (!wanted.has(topicFilter)) await this.unsubscribe(topicFilter);
    const before = new Map(this.#subscriptions.wanted.map((one) => [one.topicFilter, JSON.stringify(one)]));
    for (const one of spec.subscriptions) if (before.get(one.topicFilter) !== JSON.stringify(one)) await this.subscribe(one);
  }

  /**
   * Connects, anew when it is connected already. Answers when connected, refused, or when the first try failed. Throws BAD_REQUEST for a
   * connection that its version of MQTT does not allow.
   */
  async connect(secrets: ConnectSecrets): Promise<ClientState> {
    await this.disconnect();
    const [problem] = Object.values(connectionProblems(this.#spec));
    if (problem) throw new BusbarError('BAD_REQUEST', problemWords(problem), { hint: 'Correct the connection settings.' });
    const spec = this.#spec;
    const turn = (this.#turn += 1);
    const tls = await (isTls(schemeOf(spec)) ? readTlsMaterial(spec.tls, secrets.passphrase) : Promise.resolve({})).catch((error: unknown) => failureText(error));
    if (turn !== this.#turn) return this.state;
    if ('reason' in tls) {
      this.#become('offline', tls);
      return this.state;
    }
    this.#attempt = 1;
    this.#lastFailure = undefined;
    this.#assignedClientId = null;
    this.#firstOutcome = Promise.withResolvers();
    const client: MqttClient = openMqttClient({
      ...{ spec, secrets, tls, nowMs: this.#options.now(), resolve: () => this.#options.resolve(spec) },
      onStreamError: (error) => {
        if (this.#client === client) this.#lastFailure ??= error;
      },
    });
    this.#client = client;
    this.#become('connecting');
    this.#listen(client);
    await this.#firstOutcome.promise;
    return this.state;
  }

  /** Says DISCONNECT, so that no will is sent. Answers when the socket is closed. */
  async disconnect(): Promise<ClientState> {
    const client = this.#client;
    this.#turn += 1;
    if (!client) return this.state;
    this.#client = undefined;
    this.#publishes.fail('The client was disconnected before the broker acknowledged.');
    this.#firstOutcome.resolve();
    await endMqttClient(client);
    this.#become('offline');
    return this.state;
  }

  /** Remembers the subscription and, when connected, tells the broker what is new to it. A refusal is in the answer. */
  async subscribe(subscription: SubscriptionSpec): Promise<SubscriptionState> {
    const { topicFilter, qos } = subscription;
    this.#subscriptions.want(subscription);
    const state = () => this.#subscriptions.state(topicFilter) ?? { topicFilter, qos, granted: null, count: 0 };
    if (this.#client?.connected) {
      await this.#forget(this.#client);
      if (subscription.disabled !== true && state().granted === null) await this.#send(this.#client, subscription);
    }
    this.#tell();
    return state();
  }

  async unsubscribe(topicFilter: string): Promise<ClientState> {
    this.#subscriptions.drop(topicFilter);
    if (this.#client?.connected) await this.#forget(this.#client);
    this.#tell();
    return this.state;
  }

  /** Throws CLIENT_OFFLINE, BAD_REQUEST for what is no topic name. */
  async publish(request: PublishRequest): Promise<ClientMessage> {
    const client = this.#client;
    if (!client?.connected) throw new BusbarError('CLIENT_OFFLINE', `The client ${this.#spec.name} is not connected.`);
    const problem = topicNameProblem(request.topic);
    if (problem) throw new BusbarError('BAD_REQUEST', `The topic ${TOPIC_PROBLEMS[problem].message}.`, { hint: 'Correct the topic.' });
    if (this.#spec.protocolVersion !== 5 && request.properties) refuseProperties(request.properties);
    const { topic, payload, qos, retain } = request;
    const message = this.#options.log.add({
      ...{ timeMs: this.#options.now(), direction: 'out', topic, payload, qos, retain, dup: false },
      ...{ matched: [], ack: null, properties: request.properties ? plainProperties(packetProperties(request.properties)) : {} },
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
      this.#lastFailure ??= error;
    }));
    client.on('close', mine(() => this.#lost(client)));
  }

  #connected(client: MqttClient, packet: IConnackPacket): void {
    client.options.reconnectPeriod = firstPauseMs(this.#spec);
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
    void this.#forget(client);
    for (const subscription of this.#subscriptions.unanswered) void this.#send(client, subscription).then(() => this.#tell());
  }

  #refused(client: MqttClient, code: number): void {
    if (code === 0) return;
    this.#client = undefined;
    void endMqttClient(client);
    this.#become('refused', { reason: reasonWords(code) }, code);
    this.#firstOutcome.resolve();
  }

  #dismissed(client: MqttClient, code: number): void {
    this.#reasonCode = code;
    this.#lastFailure = new Error(reasonWords(code));
    if (!isFinalDisconnect(code)) return;
    this.#client = undefined;
    this.#publishes.fail(`The broker ended the connection: ${reasonWords(code)}.`);
    void endMqttClient(client);
    this.#become('offline', { reason: reasonWords(code) }, code);
  }

  #retry(client: MqttClient): void {
    const { reconnect } = this.#spec;
    this.#attempt += 1;
    this.#lastFailure = undefined;
    // The last try that is allowed: MQTT.js asks for the period when that has failed.
    if (reconnect?.tries !== undefined && this.#attempt > reconnect.tries) client.options.reconnectPeriod = 0;
    else if (reconnect?.periodMs === undefined) client.options.reconnectPeriod = Math.min(RETRY_MS.most, (client.options.reconnectPeriod ?? RETRY_MS.first) * 2);
    this.#tell();
  }

  #lost(client: MqttClient): void {
    const failure = failureText(this.#lastFailure ?? new KnownFailure('closed'));
    // While trying there was no CONNACK yet.
    const words = failure.failure === 'closed' && this.#attempt > 0 ? failureText(new KnownFailure('closedEarly')) : failure;
    if (client.options.reconnectPeriod === 0) {
      this.#client = undefined;
      this.#publishes.fail(`The connection ended: ${words.reason}`);
      void endMqttClient(client);
      this.#become('offline', words, this.#reasonCode);
    } else this.#become('reconnecting', words, this.#reasonCode);
    this.#firstOutcome.resolve();
  }

  #receive(client: MqttClient, packet: IPublishPacket, done: (error?: Error) => void): void {
    if (this.#client !== client) return done();
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload, 'utf8') : packet.payload;
    if (payload.length > MAX_MESSAGE_BYTES) {
      this.#client = undefined;
      void endMqttClient(client);
      this.#become('offline', { reason: `A message on ${packet.topic} has ${payload.length} bytes; a pane takes at most ${MAX_MESSAGE_BYTES}.` });
      return;
    }
    this.#options.log.add({
      ...{ timeMs: this.#options.now(), direction: 'in', topic: packet.topic, payload: copyOf(payload), qos: packet.qos as 0 | 1 | 2 },
      ...{ retain: packet.retain, dup: packet.dup, matched: this.#subscriptions.count(packet.topic), ack: null, properties: plainProperties(packet.properties) },
    });
    this.#tellSoon();
    const room = this.#options.log.room;
    // Not reading on is what MQTT offers against a flood: the broker then queues or drops by its own rules.
    if (room) void room.then(() => done());
    else done();
  }

  /** Tells the broker what it still has and nobody wants; an UNSUBSCRIBE that the end of the connection overtook is sent at the next. */
  async #forget(client: MqttClient): Promise<void> {
    await Promise.all(
      this.#subscriptions.unforgotten.map(
        (topicFilter) =>
          new Promise<void>((resolve) => {
            client.unsubscribe(topicFilter, (error) => {
              if (!error) this.#subscriptions.forgotten(topicFilter);
              resolve();
            });
          }),
      ),
    );
  }

  /** Sends one SUBSCRIBE and notes the broker's answer; without one (the connection ended) it is sent again at the next. */
  #send(client: MqttClient, subscription: SubscriptionSpec): Promise<void> {
    const { topicFilter } = subscription;
    return new Promise((resolve) => {
      client.subscribe(topicFilter, subscribeOptions(subscription, this.#spec.protocolVersion), (error, _granted, packet) => {
        const code = packet?.granted[0] ?? (error && 'code' in error ? error.code : undefined);
        if (typeof code === 'number') this.#subscriptions.grant(topicFilter, code);
        // A filter MQTT.js itself refuses never reaches the broker: 0x8f is what the broker would say.
        else if (error?.message.startsWith('Invalid topic')) this.#subscriptions.grant(topicFilter, 0x8f);
        resolve();
      });
    });
  }

  #become(phase: Phase, reason: FailureText | null = null, reasonCode: number | null = null): void {
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
