/**
 * Auto subscribe: filters that every client gets when it has connected, without asking and without authorization (broker-contract 3.6).
 */
import { toDisposable, type Disposable } from '../../base/disposable.ts';
import type { Log } from '../../base/log.ts';
import type { AutoSubscription } from '../../config/serviceConfig.ts';
import { HOOK_PRIORITY } from '../../hooks/hookPoints.ts';
import type { Hooks } from '../../hooks/hooks.ts';
import type { ClientInfo, ConnInfo } from '../../protocol/clientInfo.ts';
import { METRIC } from '../../metrics/metrics.ts';
import { feedRetained } from '../../session/handlers/subscribe.ts';
import { mountFilter } from '../../session/mountpoint.ts';
import type { NodePort } from '../../session/ports.ts';
import type { Session } from '../../session/session.ts';
import { parseSubscription } from '../../topics/sharedSubscription.ts';

export interface AutoSubscribeOptions {
  readonly node: NodePort;
  readonly hooks: Hooks;
  readonly log: Log;
  readonly sessionOf: (clientId: string) => Session | undefined;
  readonly config: readonly AutoSubscription[];
}

export class AutoSubscribe {
  readonly #options: AutoSubscribeOptions;
  #config: readonly AutoSubscription[];
  #hooked: Disposable = toDisposable(() => {});

  constructor(options: AutoSubscribeOptions) {
    this.#options = options;
    this.#config = options.config;
    this.configure(options.config);
  }

  get config(): readonly AutoSubscription[] {
    return this.#config;
  }

  /** Concerns clients that connect from now on. */
  configure(config: readonly AutoSubscription[]): void {
    this.#config = config;
    this.#hooked.dispose();
    if (config.length === 0) return;
    const { hooks, node } = this.#options;
    const connected = (client: ClientInfo, connection: ConnInfo) => {
      // After the client has got what its session still owed it: nothing newer may overtake that (section 4.6).
      node.defer(() => this.#subscribe(client, connection));
    };
    this.#hooked = hooks.on('client.connected', connected, { priority: HOOK_PRIORITY.autoSubscribe, owner: 'auto_subscribe' });
  }

  dispose(): void {
    this.#hooked.dispose();
  }

  #subscribe(client: ClientInfo, connection: ConnInfo): void {
    const { node, sessionOf } = this.#options;
    const session = sessionOf(client.clientId);
    // It may have gone, or another connection may have taken its place, which then has its own turn.
    if (session === undefined || session.channel === null || session.connection !== connection) return;
    const feeds: string[] = [];
    for (const entry of this.#config) {
      const wanted = this.#filterFor(entry.topic, client, connection);
      if (wanted === undefined) continue;
      const topicFilter = mountFilter(session.mountpoint, wanted);
      const { qos, noLocal, retainAsPublished, retainHandling } = entry;
      node.metrics.inc(METRIC['client.subscribe']);
      const isNew = node.subscribe(session, topicFilter, { qos, noLocal, retainAsPublished, retainHandling }, undefined);
      if (retainHandling === 0 || (retainHandling === 1 && isNew)) feeds.push(topicFilter);
    }
    if (feeds.length === 0) return;
    const { channel } = session;
    node.routeBarrier(session, () => {
      if (session.channel === channel) for (const topicFilter of feeds) feedRetained(session, topicFilter);
    });
  }

  /**
   * The filter with this client's values in place of placeholders. Undefined, and told in the log, when a value is missing or
   * holds a wildcard: nobody is asked whether the client may subscribe, so its id must not make the filter any wider.
   */
  #filterFor(template: string, client: ClientInfo, connection: ConnInfo): string | undefined {
    let problem: string | undefined;
    const topicFilter = template.replace(/\$\{(?:clientid|username|host|port)\}|%c|%u/g, (placeholder) => {
      const value = valueOf(placeholder, client, connection);
      if (value === undefined || value === '') problem = 'placeholder_without_value';
      else if (/[+#]/.test(value)) problem = 'wildcard_in_value';
      return value ?? '';
    });
    if (problem === undefined && !parseSubscription(topicFilter).ok) problem = 'invalid_topic_filter';
    if (problem === undefined) return topicFilter;
    this.#options.log.warn('auto_subscription_skipped', { clientid: client.clientId, username: client.username, topic: template, reason: problem });
    return undefined;
  }
}

function valueOf(placeholder: string, client: ClientInfo, connection: ConnInfo): string | undefined {
  switch (placeholder) {
    case '${clientid}':
    case '%c':
      return client.clientId;
    case '${host}':
      return connection.peerHost;
    case '${port}':
      return String(connection.peerPort);
    default:
      return client.username;
  }
}
