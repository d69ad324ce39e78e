/**
 * Settings of services that were changed while the cluster ran: one shared row for each service, so that a node that was away, starts
 * again or joins later has them too. A change made before this node started yields to the keys of its configuration (broker-contract
 * 3.1); one made since holds until the next start.
 */
import type { Log } from '../../base/log.ts';
import { jsonCodec, type SharedTable, type SharedTables } from '../../cluster/shared/sharedTables.ts';
import type { Stamp } from '../../cluster/stamp.ts';
import { logOverridden, yieldTo, type GivenKeys } from '../../config/given.ts';
import { SERVICE_NAMES, serviceKey, type Json, type ServiceName } from '../../config/serviceJson.ts';
import type { BrokerServices } from './brokerServices.ts';

/** Name of the shared table; its keys are names of services. */
const TABLE = 'settings';

export interface SharedSettingsOptions {
  readonly tables: SharedTables;
  readonly services: BrokerServices;
  readonly given: GivenKeys;
  /** Hybrid time of the start of this node. */
  readonly startedAt: number;
  readonly log: Log;
}

export class SharedSettings {
  readonly #options: SharedSettingsOptions;
  readonly #rows: SharedTable<Json>;

  /** What was changed before is in force when it returns. */
  constructor(options: SharedSettingsOptions) {
    this.#options = options;
    this.#rows = options.tables.open(TABLE, jsonCodec((value) => value as Json), (service, settings, origin, stamp) => {
      if (origin === 'remote' && settings !== undefined) this.#apply(service, settings, stamp);
    });
    for (const [service, settings] of this.#rows.entries()) this.#apply(service, settings, this.#rows.stamp(service));
  }

  /** A change that is in force here is to be so everywhere. */
  changed(service: ServiceName): void {
    const settings = this.#options.services.settings(service);
    // Every running node is told at once by the API: the first that writes it down spares the others.
    if (JSON.stringify(this.#rows.get(service)) === JSON.stringify(settings)) return;
    this.#rows.put(service, settings);
    this.#options.tables.persist();
  }

  /** R39: what this node cannot read or does not know stays in the table and is not in force here. */
  #apply(name: string, settings: Json, stamp: Stamp | undefined): void {
    const { services, log } = this.#options;
    const service = SERVICE_NAMES.find((known) => known === name);
    if (service === undefined) return;
    const wanted = this.#allowed(service, settings, stamp);
    if (wanted === undefined) return;
    const before = JSON.stringify(services.settings(service));
    const result = services.change(service, wanted);
    if (!result.ok) log.error('settings_not_applied', { service, reason: result.message });
    else if (JSON.stringify(result.settings) !== before) log.info('settings_of_cluster_in_force', { service });
  }

  #allowed(service: ServiceName, settings: Json, stamp: Stamp | undefined): Json | undefined {
    const { services, given, startedAt, log } = this.#options;
    if (stamp !== undefined && stamp.at > startedAt) return settings;
    const { json, overridden } = yieldTo(given, serviceKey(service), settings, services.settings(service));
    logOverridden(log, overridden);
    return json;
  }
}
