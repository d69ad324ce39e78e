/**
 * core/services/: what stands beside routing and hangs on the node by hooks and timers, a file each: `$SYS` topics, presence
 * events, retained messages. Each can be changed while the node runs; changes last until it stops. May import what core/ may. Begin here for how they are put together.
 */
import type { SysTopicsConfig } from '../../config/serviceConfig.ts';
import { mergeJson, readServiceJson, serviceJson, type Json, type ServiceConfig, type ServiceName } from '../../config/serviceJson.ts';
import type { BrokerNode } from '../brokerNode.ts';
import { Presence } from './presence.ts';
import type { Retainer } from './retainer.ts';
import { SysTopics } from './sysTopics.ts';

export interface BrokerServicesOptions {
  readonly node: BrokerNode;
  readonly version: string;
  /** Members of the cluster that run, this node included. */
  readonly runningNodes: () => readonly string[];
  /** Bound port of a listener; undefined for one without. */
  readonly listenerPort: (listener: string) => number | undefined;
}

export class BrokerServices {
  readonly node: BrokerNode;
  #sysConfig: SysTopicsConfig;
  readonly #sysTopics: SysTopics;
  readonly #presence: Presence;

  constructor({ node, version, runningNodes, listenerPort }: BrokerServicesOptions) {
    const { name } = node.config.node;
    this.node = node;
    this.#sysConfig = node.config.sysTopics;
    this.#sysTopics = new SysTopics({ port: node, node: name, version, runningNodes, config: this.#sysConfig });
    this.#presence = new Presence({
      port: node,
      hooks: node.hooks,
      node: name,
      listenerPort,
      sessionExpiryMs: (clientId) => node.sessions.get(clientId)?.expiryMs ?? 0,
      config: this.#sysConfig,
    });
  }

  get retainer(): Retainer {
    return this.node.retainer;
  }

  /** The settings in force, as the REST API shows them. */
  settings(service: ServiceName): Json {
    return service === 'sys_topics' ? serviceJson(service, this.#sysConfig) : serviceJson(service, this.retainer.config);
  }

  /** Changes the settings that `changes` names; answers with all of them, or with a sentence that says what is wrong with it. */
  change(service: ServiceName, changes: Json): { readonly ok: true; readonly settings: Json } | { readonly ok: false; readonly message: string } {
    const reading = readServiceJson(service, mergeJson(this.settings(service), changes));
    if (!reading.ok) return reading;
    this.#apply(service, reading.config);
    return { ok: true, settings: this.settings(service) };
  }

  #apply(service: ServiceName, config: ServiceConfig<ServiceName>): void {
    // Table of services and reading agree on what belongs to which.
    if (service === 'sys_topics') this.configureSysTopics(config as ServiceConfig<'sys_topics'>);
    else this.retainer.configure(config as ServiceConfig<'retainer'>);
  }

  get sysTopics(): SysTopicsConfig {
    return this.#sysConfig;
  }

  configureSysTopics(config: SysTopicsConfig): void {
    this.#sysConfig = config;
    this.#sysTopics.configure(config);
    this.#presence.configure(config);
  }

  dispose(): void {
    this.#sysTopics.dispose();
    this.#presence.dispose();
    this.retainer.dispose();
  }
}
