/**
 * core/services/: what stands beside routing and hangs on the node by hooks and timers, a file each: `$SYS` topics, presence, retained and
 * delayed messages, topic rewrite, auto subscribe. Each can be changed while the node runs; sharedSettings.ts keeps changes.
 * May import what core/ may. Begin here for how they are put together.
 */
import { mergeJson, readServiceJson, serviceJson, type Json, type ServiceConfig, type ServiceName } from '../../config/serviceJson.ts';
import type { SysTopicsConfig } from '../../config/serviceConfig.ts';
import type { BrokerNode } from '../brokerNode.ts';
import { Alarms } from './alarms.ts';
import { AutoSubscribe } from './autoSubscribe.ts';
import { DelayedMessages, type DelayedRecord, type DelayedStore } from './delayed.ts';
import { Presence } from './presence.ts';
import type { Retainer } from './retainer.ts';
import { SysTopics } from './sysTopics.ts';
import { TopicRewrite } from './topicRewrite.ts';

export interface BrokerServicesOptions {
  readonly node: BrokerNode;
  readonly version: string;
  /** Members of the cluster that run, this node included. */
  readonly runningNodes: () => readonly string[];
  /** Bound port of a listener; undefined for one without. */
  readonly listenerPort: (listener: string) => number | undefined;
  /** Who keeps to the limits of the node; without one they are only remembered. */
  readonly limiter?: Adjustable<'limiter'>;
  /** Where delayed messages outlive the process, with what an earlier life left there; without one they do not. */
  readonly delayed?: DelayedStore & { readonly records: readonly DelayedRecord[] };
}

type ChangeResult = { readonly ok: true; readonly settings: Json } | { readonly ok: false; readonly message: string };

/** One service to the administration: what is in force, and how to put something else in force. */
export interface Adjustable<S extends ServiceName> {
  config(): ServiceConfig<S>;
  configure(config: ServiceConfig<S>): void;
}

function remembered<S extends ServiceName>(config: ServiceConfig<S>): Adjustable<S> {
  let current = config;
  return { config: () => current, configure: (changed) => void (current = changed) };
}

const NOT_STORED = { records: [], add() {}, remove() {} };

export class BrokerServices {
  readonly node: BrokerNode;
  readonly delayed: DelayedMessages;
  readonly rewrite: TopicRewrite;
  readonly autoSubscribe: AutoSubscribe;
  readonly alarms: Alarms;
  #sysConfig: SysTopicsConfig;
  readonly #sysTopics: SysTopics;
  readonly #presence: Presence;
  readonly #adjustable: { readonly [S in ServiceName]: Adjustable<S> };

  constructor({ node, version, runningNodes, listenerPort, delayed: store = NOT_STORED, limiter }: BrokerServicesOptions) {
    const { hooks, log, config } = node;
    const { name } = config.node;
    const sessionOf = (clientId: string) => node.sessions.get(clientId);
    this.node = node;
    this.#sysConfig = config.sysTopics;
    this.#sysTopics = new SysTopics({ port: node, node: name, version, runningNodes, config: this.#sysConfig });
    const sessionExpiryMs = (clientId: string) => sessionOf(clientId)?.expiryMs ?? 0;
    this.#presence = new Presence({ port: node, hooks, node: name, listenerPort, sessionExpiryMs, config: this.#sysConfig });
    this.delayed = new DelayedMessages({
      ...{ clock: node.clock, timers: node.timers, metrics: node.metrics, log, store, records: store.records },
      config: config.delayed,
      publish: (message) => void node.publish(message),
      isBanned: ({ fromClientId, fromUsername }) => node.isBanned(fromClientId, fromUsername),
      defer: (task) => node.defer(task),
    });
    node.delayed = this.delayed;
    this.rewrite = new TopicRewrite(hooks, log, config.rewrite);
    this.autoSubscribe = new AutoSubscribe({ node, hooks, log, sessionOf, config: config.autoSubscribe });
    this.alarms = new Alarms({ port: node, node: name, log, config: config.alarm });
    this.#adjustable = {
      sys_topics: { config: () => this.#sysConfig, configure: (changed) => this.configureSysTopics(changed) },
      retainer: { config: () => this.retainer.config, configure: (changed) => this.retainer.configure(changed) },
      delayed: { config: () => this.delayed.config, configure: (changed) => this.delayed.configure(changed) },
      rewrite: { config: () => this.rewrite.config, configure: (changed) => this.rewrite.configure(changed) },
      auto_subscribe: { config: () => this.autoSubscribe.config, configure: (changed) => this.autoSubscribe.configure(changed) },
      alarm: { config: () => this.alarms.config, configure: (changed) => this.alarms.configure(changed) },
      limiter: limiter ?? remembered<'limiter'>(config.limiter),
    };
  }

  get retainer(): Retainer {
    return this.node.retainer;
  }

  get sysTopics(): SysTopicsConfig {
    return this.#sysConfig;
  }

  configureSysTopics(config: SysTopicsConfig): void {
    this.#sysConfig = config;
    this.#sysTopics.configure(config);
    this.#presence.configure(config);
  }

  /** The settings in force, as the REST API shows them. */
  settings<S extends ServiceName>(service: S): Json {
    const adjustable: Adjustable<S> = this.#adjustable[service];
    return serviceJson(service, adjustable.config());
  }

  /** Changes the settings that `changes` names; answers with all of them, or with a sentence that says what is wrong with it. */
  change<S extends ServiceName>(service: S, changes: Json): ChangeResult {
    const reading = readServiceJson(service, mergeJson(this.settings(service), changes));
    if (!reading.ok) return reading;
    const adjustable: Adjustable<S> = this.#adjustable[service];
    adjustable.configure(reading.config);
    return { ok: true, settings: this.settings(service) };
  }

  dispose(): void {
    this.node.delayed = null;
    for (const service of [this.#sysTopics, this.#presence, this.retainer, this.delayed, this.rewrite, this.autoSubscribe]) service.dispose();
  }
}
