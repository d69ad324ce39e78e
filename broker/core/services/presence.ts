/**
 * Events of clients below `$SYS/brokers/<node>/clients/<clientid>/…` with EMQX's payloads (broker-contract 5.5). They hang on hook
 * points that fire only for clients whose CONNECT was accepted, so a refused one makes no event. Costs nothing per message.
 */
import { DisposableStore } from '../../base/disposable.ts';
import type { Millis, NodeName } from '../../base/ids.ts';
import type { SysTopicsConfig } from '../../config/serviceConfig.ts';
import type { Hooks } from '../../hooks/hooks.ts';
import { HOOK_PRIORITY, type SubscriptionFacts } from '../../hooks/hookPoints.ts';
import type { ClientInfo, ConnInfo } from '../../protocol/clientInfo.ts';
import type { SubOpts } from '../../protocol/packet.ts';
import { inTopic, speak, SYS_ROOT, type SysPort } from './sysPublisher.ts';

export interface PresenceOptions {
  readonly port: SysPort;
  readonly hooks: Hooks;
  readonly node: NodeName;
  /** Local port of a listener; undefined for one without. */
  readonly listenerPort: (listener: string) => number | undefined;
  /** How long the session of a client outlives its connection. */
  readonly sessionExpiryMs: (clientId: string) => Millis;
  readonly config: Pick<SysTopicsConfig, 'events' | 'presenceQos' | 'payloads'>;
}

type EventName = 'connected' | 'disconnected' | 'subscribed' | 'unsubscribed';

/** Session Expiry Interval 0xFFFFFFFF, which never ends, in ms. */
const NEVER_MS = 0xffff_ffff * 1000;
const HOOK = { priority: HOOK_PRIORITY.sysTopics, owner: 'sys_topics' } as const;

export class Presence {
  readonly #options: PresenceOptions;
  #config: PresenceOptions['config'];
  #hooked = new DisposableStore();

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#hook();
  }

  configure(config: PresenceOptions['config']): void {
    this.#config = config;
    this.#hooked.dispose();
    this.#hooked = new DisposableStore();
    this.#hook();
  }

  dispose(): void {
    this.#hooked.dispose();
  }

  /** Only what is switched on is hooked. */
  #hook(): void {
    const { hooks } = this.#options;
    const { events } = this.#config;
    const store = this.#hooked;
    if (events.clientConnected) store.add(hooks.on('client.connected', (client, connection) => this.#connected(client, connection), HOOK));
    if (events.clientDisconnected) {
      store.add(hooks.on('client.disconnected', (client, reason, connection) => this.#disconnected(client, reason, connection), HOOK));
    }
    if (events.clientSubscribed) {
      store.add(hooks.on('session.subscribed', (client, filter, opts, facts) => this.#subscribed(client, filter, opts, facts), HOOK));
    }
    if (events.clientUnsubscribed) store.add(hooks.on('session.unsubscribed', (client, filter) => this.#unsubscribed(client, filter), HOOK));
  }

  #speak(event: EventName, clientId: string, payload: () => Readonly<Record<string, unknown>>): void {
    const { port, node } = this.#options;
    const topic = `${SYS_ROOT}/${node}/clients/${inTopic(clientId)}/${event}`;
    speak(port, topic, () => JSON.stringify(payload()), { qos: this.#config.presenceQos });
  }

  #connected(client: ClientInfo, connection: ConnInfo): void {
    this.#speak('connected', client.clientId, () => {
      const expiryMs = Math.min(this.#options.sessionExpiryMs(client.clientId), NEVER_MS);
      const old = this.#config.payloads === 'emqx4';
      return {
        ...this.#common(client, connection),
        ts: this.#nowMs(),
        keepalive: connection.keepalive,
        clean_start: connection.cleanStart,
        expiry_interval: old ? Math.floor(expiryMs / 1000) : expiryMs,
        ...(old ? { connack: 0 } : {}),
      };
    });
  }

  #disconnected(client: ClientInfo, reason: string, connection: ConnInfo): void {
    this.#speak('disconnected', client.clientId, () => ({
      ...this.#common(client, connection),
      disconnected_at: this.#nowMs(),
      ts: this.#nowMs(),
      reason: presenceReason(reason),
    }));
  }

  #common(client: ClientInfo, connection: ConnInfo): Readonly<Record<string, unknown>> {
    return {
      clientid: client.clientId,
      username: usernameOf(client),
      ipaddress: client.peerHost,
      sockport: this.#options.listenerPort(connection.listener),
      protocol: 'mqtt',
      proto_name: connection.protoVer === 3 ? 'MQIsdp' : 'MQTT',
      proto_ver: connection.protoVer,
      connected_at: connection.connectedAtMs,
    };
  }

  #subscribed(client: ClientInfo, topicFilter: string, opts: SubOpts, { isNew, subscriptionId }: SubscriptionFacts): void {
    this.#speak('subscribed', client.clientId, () => ({
      clientid: client.clientId,
      username: usernameOf(client),
      protocol: 'mqtt',
      topic: topicFilter,
      subopts: {
        qos: opts.qos,
        nl: Number(opts.noLocal),
        rap: Number(opts.retainAsPublished),
        rh: opts.retainHandling,
        is_new: isNew,
        sub_props: subscriptionId === undefined ? {} : { 'Subscription-Identifier': subscriptionId },
      },
      ts: this.#nowMs(),
    }));
  }

  #unsubscribed(client: ClientInfo, topicFilter: string): void {
    this.#speak('unsubscribed', client.clientId, () => ({
      clientid: client.clientId,
      username: usernameOf(client),
      protocol: 'mqtt',
      topic: topicFilter,
      ts: this.#nowMs(),
    }));
  }

  #nowMs(): Millis {
    return this.#options.port.clock.now();
  }
}

/** EMQX prints the atom that stands for a missing one. */
function usernameOf(client: ClientInfo): string {
  return client.username ?? 'undefined';
}

/** Errors of the socket are one reason to those who watch clients; all other reasons are names already. */
function presenceReason(reason: string): string {
  return /^E[A-Z]+$/.test(reason) ? 'tcp_closed' : reason;
}
