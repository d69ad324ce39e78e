/**
 * Settings of services that were changed while the cluster ran: one shared row for each service, so that a node that was away, starts
 * again or joins later has them too. They stand above what its configuration says.
 */
import type { Log } from '../../base/log.ts';
import { jsonCodec, type SharedTable, type SharedTables } from '../../cluster/shared/sharedTables.ts';
import { SERVICE_NAMES, type Json, type ServiceName } from '../../config/serviceJson.ts';
import type { BrokerServices } from './brokerServices.ts';

/** Name of the shared table; its keys are names of services. */
const TABLE = 'settings';

export class SharedSettings {
  readonly #tables: SharedTables;
  readonly #rows: SharedTable<Json>;
  readonly #services: BrokerServices;
  readonly #log: Log;

  /** What was changed before is in force when it returns. */
  constructor(tables: SharedTables, services: BrokerServices, log: Log) {
    this.#tables = tables;
    this.#services = services;
    this.#log = log;
    this.#rows = tables.open(TABLE, jsonCodec((value) => value as Json), (service, settings, origin) => {
      if (origin === 'remote' && settings !== undefined) this.#apply(service, settings);
    });
    for (const [service, settings] of this.#rows.entries()) this.#apply(service, settings);
  }

  /** A change that is in force here is to be so everywhere. */
  changed(service: ServiceName): void {
    const settings = this.#services.settings(service);
    // Every running node is told at once by the API: the first that writes it down spares the others.
    if (JSON.stringify(this.#rows.get(service)) === JSON.stringify(settings)) return;
    this.#rows.put(service, settings);
    this.#tables.persist();
  }

  /** R39: what this node cannot read or does not know stays in the table and is not in force here. */
  #apply(name: string, settings: Json): void {
    const service = SERVICE_NAMES.find((known) => known === name);
    if (service === undefined || JSON.stringify(this.#services.settings(service)) === JSON.stringify(settings)) return;
    const result = this.#services.change(service, settings);
    if (result.ok) this.#log.info('settings_of_cluster_in_force', { service });
    else this.#log.error('settings_not_applied', { service, reason: result.message });
  }
}
