/**
 * core/services/: what stands beside routing and hangs on the node by hooks and timers, a file each: `$SYS` topics and presence
 * events. Each can be changed while the node runs. May import what core/ may. Begin here for how they are put together.
 */
import type { SysTopicsConfig } from '../../config/serviceConfig.ts';
import type { BrokerNode } from '../brokerNode.ts';
import { Presence } from './presence.ts';
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
  #sysConfig: SysTopicsConfig;
  readonly #sysTopics: SysTopics;
  readonly #presence: Presence;

  constructor({ node, version, runningNodes, listenerPort }: BrokerServicesOptions) {
    const { name } = node.config.node;
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
  }
}
