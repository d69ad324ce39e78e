/**
 * The broker of a simulated node, as small as the contract allows: connections of devices, a delivery window per connected durable session,
 * receivers without durable session, and the routes to theirs. Everything about durable sessions is asked of the engine.
 */
import type { NodeName } from '../../../broker/base/ids.ts';
import type { SessionMessage } from '../../../broker/cluster/sessions/message.ts';
import type {
  ConnectResult,
  ConnectTicket,
  OpenedSession,
  SessionItem,
  SessionsHost,
  SessionsPort,
  SessionWill,
} from '../../../broker/cluster/sessions/ports.ts';
import type { Connection } from './clientNet.ts';
import { DeliveryWindow } from './deliveryWindow.ts';
import type { FromDevice, PublishPacket } from './packets.ts';
import type { PlainReceivers } from './plainReceivers.ts';
import { messageOf } from './simMessage.ts';

/** One connection as its node knows it. */
interface Channel {
  readonly connection: Connection;
  readonly expiryS: number;
  readonly will: SessionWill | undefined;
  ticket: ConnectTicket | undefined;
  window: DeliveryWindow | undefined;
  /** QoS 2 packet ids of the device, and whether PUBREC is to come, has left, or the message was accepted on another connection. */
  readonly awaiting: Map<number, 'open' | 'answered' | 'recalled'>;
}

export interface BrokerHostOptions {
  readonly engine: () => SessionsPort;
  readonly plain: PlainReceivers;
  /** Nodes whose receivers without durable session want the topic. */
  readonly targets: (topic: string) => readonly NodeName[];
  /** A will is published. */
  readonly fired: (clientId: string) => void;
  /** Runs a step when the engine has returned. */
  readonly later: (step: () => void) => void;
  /** Something the contract forbids has happened. */
  readonly fault: (what: string) => void;
}

const MS_PER_S = 1_000;

export class BrokerHost implements SessionsHost {
  readonly #options: BrokerHostOptions;
  readonly #channels = new Map<number, Channel>();
  /** The connection that has the client id. */
  readonly #byClient = new Map<string, Channel>();
  /** Durable sessions the engine says are here. */
  readonly sessions = new Set<string>();

  constructor(options: BrokerHostOptions) {
    this.#options = options;
  }

  get #engine(): SessionsPort {
    return this.#options.engine();
  }

  // ---------------------------------------------------------------- devices

  packet(connection: Connection, packet: FromDevice): void {
    if (packet.type === 'connect') return this.#connect(connection, packet);
    const channel = this.#channels.get(connection.id);
    if (channel?.window === undefined) return;
    switch (packet.type) {
      case 'publish':
        return this.#publish(channel, packet);
      case 'pubrel':
        return this.#pubrel(channel, packet.packetId);
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        return channel.window[packet.type](packet.packetId);
      case 'subscribe':
        return this.#subscribe(channel, packet.packetId, packet.filter, packet.qos === 2 ? 2 : 1);
      case 'unsubscribe':
        return this.#unsubscribe(channel, packet.packetId, packet.filter);
      case 'pingreq':
        return connection.toDevice({ type: 'pingresp' });
      case 'disconnect':
        return this.#ended(channel, true);
    }
  }

  closed(connection: Connection): void {
    const channel = this.#channels.get(connection.id);
    if (channel !== undefined) this.#ended(channel, false);
  }

  #connect(connection: Connection, { cleanStart, expiryS, will }: Extract<FromDevice, { type: 'connect' }>): void {
    const { clientId } = connection;
    const sessionWill = will && { message: messageOf(clientId, will.topic, will.body, 1), delayMs: will.delayS * MS_PER_S };
    const channel: Channel = {
      connection,
      expiryS,
      will: sessionWill,
      ticket: undefined,
      window: undefined,
      awaiting: new Map(),
    };
    this.#channels.set(connection.id, channel);
    const options = { cleanStart, expiryMs: expiryS * MS_PER_S, will: sessionWill, client: { username: undefined, mountpoint: '' } };
    let answered = false;
    const ticket = this.#engine.connect(clientId, options, (result) => {
      answered = true;
      channel.ticket = undefined;
      this.#opened(channel, result);
    });
    if (!answered) channel.ticket = ticket;
  }

  #opened(channel: Channel, result: ConnectResult): void {
    const { connection } = channel;
    const { clientId } = connection;
    if (!this.#channels.has(connection.id)) return this.#options.fault(`${clientId} was opened for a connection that had gone`);
    if (result.kind !== 'opened') {
      connection.toDevice({ type: 'connack', ok: false, present: false });
      return this.#close(channel);
    }
    const { session } = result;
    if (this.#byClient.has(clientId)) this.#options.fault(`${clientId} was opened while its older connection is there`);
    if (session.durable !== channel.expiryS > 0)
      this.#options.fault(`${clientId} got a session that is ${session.durable ? '' : 'not '}durable`);
    this.#byClient.set(clientId, channel);
    for (const packetId of session.awaitingRel) channel.awaiting.set(packetId, 'recalled');
    channel.window = new DeliveryWindow(this.#engine, clientId, session.packetIdsFrom, (packet) => connection.toDevice(packet));
    if (session.durable) this.#here(clientId, session);
    else this.#options.plain.opened(clientId, (packet) => connection.toDevice(packet));
    connection.toDevice({ type: 'connack', ok: true, present: session.present });
  }

  /** The device has gone by itself. */
  #ended(channel: Channel, cleanly: boolean): void {
    const { connection, ticket, expiryS, will, window } = channel;
    this.#close(channel);
    if (ticket !== undefined) ticket.cancel();
    else if (window !== undefined) this.#engine.disconnected(connection.clientId, expiryS * MS_PER_S, cleanly ? undefined : will);
  }

  /** Takes the connection out of everything and ends it. */
  #close(channel: Channel): void {
    const { connection, window } = channel;
    this.#channels.delete(connection.id);
    if (window !== undefined) window.over = true;
    if (this.#byClient.get(connection.clientId) === channel) {
      this.#byClient.delete(connection.clientId);
      this.#options.plain.closed(connection.clientId);
    }
    connection.end();
  }

  // ---------------------------------------------------------------- publish

  #publish(channel: Channel, { topic, body, qos, dup, packetId }: PublishPacket): void {
    const { connection, expiryS, awaiting } = channel;
    if (qos === 0) return;
    if (qos === 1)
      return this.#accept(connection.clientId, topic, body, 1, undefined, () =>
        connection.toDevice({ type: 'puback', packetId }),
      );
    const pubrec = () => {
      if (!this.#channels.has(connection.id)) return;
      awaiting.set(packetId, 'answered');
      connection.toDevice({ type: 'pubrec', packetId });
    };
    const before = awaiting.get(packetId);
    if (before === 'answered') return pubrec();
    if (before === 'open') return;
    // Without DUP it is another message: the client was told of the end of the one before at a node whose word of it has not come here.
    if (before === 'recalled' && !dup) this.#engine.release(connection.clientId, packetId);
    // R65: what another connection began is asked for again under its packet id, and must be the same message.
    awaiting.set(packetId, 'open');
    this.#accept(
      connection.clientId,
      topic,
      body,
      2,
      expiryS > 0 ? { clientId: connection.clientId, packetId } : undefined,
      pubrec,
    );
  }

  #accept(
    clientId: string,
    topic: string,
    body: string,
    qos: 1 | 2,
    source: { clientId: string; packetId: number } | undefined,
    answer: () => void,
  ): void {
    const message = messageOf(clientId, topic, body, qos);
    this.#options.plain.dispatch(message);
    this.#engine.publish(message, this.#options.targets(topic), [], source, { published: answer });
  }

  #pubrel(channel: Channel, packetId: number): void {
    channel.awaiting.delete(packetId);
    if (channel.expiryS > 0) this.#engine.release(channel.connection.clientId, packetId);
    channel.connection.toDevice({ type: 'pubcomp', packetId });
  }

  // ---------------------------------------------------------------- subscriptions

  #subscribe({ connection, expiryS }: Channel, packetId: number, topicFilter: string, qos: 1 | 2): void {
    const secured = () => connection.toDevice({ type: 'suback', packetId });
    if (expiryS === 0) return this.#options.plain.subscribe(connection.clientId, topicFilter, secured);
    const subscription = {
      topicFilter,
      qos,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      subscriptionId: 0,
    } as const;
    // SUBACK waits for both: the subscription is safe, and all nodes know the route (R28).
    const { plain } = this.#options;
    const { clientId } = connection;
    this.#engine.subscribed(clientId, subscription, { secured: () => plain.routeKnown(secured) });
    plain.keptSubscribed(clientId, topicFilter);
  }

  #unsubscribe({ connection, expiryS }: Channel, packetId: number, topicFilter: string): void {
    const secured = () => connection.toDevice({ type: 'unsuback', packetId });
    if (expiryS > 0) {
      this.#options.plain.keptUnsubscribed(connection.clientId, topicFilter);
      return this.#engine.unsubscribed(connection.clientId, topicFilter, { secured });
    }
    this.#options.plain.unsubscribe(connection.clientId, topicFilter);
    secured();
  }

  // ---------------------------------------------------------------- told by the engine

  /** No device of a simulation is in a shared group. */
  share(): boolean {
    return false;
  }

  unshared(message: SessionMessage): void {
    this.#options.fault(`a message for a shared group was dropped: ${message.topic}`);
  }

  dispatch(message: SessionMessage): void {
    this.#options.plain.dispatch(message);
  }

  deliver(clientId: string, item: SessionItem): void {
    const channel = this.#byClient.get(clientId);
    if (channel?.window === undefined) this.#options.fault(`an item of ${clientId} was delivered without a connection`);
    else channel.window.deliver(item);
  }

  adopted(clientId: string, session: OpenedSession): void {
    if (this.#byClient.has(clientId)) this.#options.fault(`${clientId} was adopted while it is connected`);
    this.#here(clientId, session);
  }

  #here(clientId: string, { subscriptions }: OpenedSession): void {
    this.sessions.add(clientId);
    this.#options.plain.kept(
      clientId,
      subscriptions.map(({ topicFilter }) => topicFilter),
    );
  }

  released(clientId: string): void {
    this.sessions.delete(clientId);
    this.#options.plain.kept(clientId, []);
    if (this.#byClient.has(clientId)) this.#options.fault(`${clientId} was released while it is connected`);
  }

  expired(clientId: string): void {
    this.released(clientId);
  }

  closeClient(clientId: string): void {
    const channel = this.#byClient.get(clientId);
    if (channel !== undefined) this.#close(channel);
  }

  fireWill(clientId: string, will: SessionWill): void {
    this.#options.fired(clientId);
    this.#options.later(() => {
      this.#options.plain.dispatch(will.message);
      this.#engine.publish(will.message, this.#options.targets(will.message.topic), [], undefined, { published: () => {} });
    });
  }

  dropped(clientId: string, _item: SessionItem): void {
    this.#options.fault(`a message for ${clientId} was dropped because its queue is full`);
  }
}
