/**
 * Discovery by DNS. `a` and `aaaa`: every address of a name, at the port of this node. `srv`: every target of the records. A headless
 * service of Kubernetes has one record for each of its ports, MQTT included; of several ports of one host ours is the right one.
 */
import { Resolver } from 'node:dns/promises';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Address, Proposal } from '../../cluster/ports.ts';
import { formatHostPort } from '../../config/address.ts';
import type { DnsConfig } from '../../config/clusterConfig.ts';
import type { DiscoverySource } from './discoverySource.ts';

/** Of the first try of a question; with the second, which waits twice as long, below the limit of a whole look. */
const QUESTION_MS = 1_000;
/** Targets of SRV records that are looked up; further ones are left out. */
const MAX_TARGETS = 64;

/** A name that has no records at present: the first node of a cluster finds nobody, and that is no failure. */
const NOBODY: readonly unknown[] = ['ENOTFOUND', 'ENODATA'];

export class DnsSource implements DiscoverySource {
  readonly #config: DnsConfig;
  readonly #ownPort: number;

  constructor(config: DnsConfig, ownPort: number) {
    this.#config = config;
    this.#ownPort = ownPort;
  }

  async discover(signal: AbortSignal): Promise<readonly Proposal[]> {
    const { servers } = this.#config;
    const resolver = new Resolver({ timeout: QUESTION_MS, tries: 2 });
    if (servers.length > 0) resolver.setServers(servers.map(formatHostPort));
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const addresses = await this.#addresses(resolver);
      return addresses.map((address) => ({ node: undefined, address }));
    } catch (cause) {
      const { name, recordType } = this.#config;
      throw new BusbarError('DISCOVERY_FAILED', `The ${recordType.toUpperCase()} records of ${name} cannot be read: ${messageOf(cause)}`, {
        hint: 'Check cluster.dns.name and that the name server answers; the node serves and asks again.',
        cause,
      });
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  async #addresses(resolver: Resolver): Promise<Address[]> {
    const { name, recordType } = this.#config;
    const here = (host: string) => ({ host, port: this.#ownPort });
    switch (recordType) {
      case 'a':
        return (await orNobody(resolver.resolve4(name))).map(here);
      case 'aaaa':
        return (await orNobody(resolver.resolve6(name))).map(here);
      case 'srv':
        return this.#targets(resolver, await orNobody(resolver.resolveSrv(name)));
    }
  }

  async #targets(resolver: Resolver, records: readonly { readonly name: string; readonly port: number }[]): Promise<Address[]> {
    const portsOf = new Map<string, number[]>();
    for (const { name, port } of records.slice(0, MAX_TARGETS)) portsOf.set(name, [...(portsOf.get(name) ?? []), port]);
    const found = await Promise.all(
      [...portsOf].map(async ([name, ports]) => {
        const chosen = ports.includes(this.#ownPort) ? [this.#ownPort] : ports;
        const hosts = [...(await orNobody(resolver.resolve4(name))), ...(await orNobody(resolver.resolve6(name)))];
        return hosts.flatMap((host) => chosen.map((port) => ({ host, port })));
      }),
    );
    return found.flat();
  }
}

async function orNobody<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOBODY.includes(error.code)) return [];
    throw error;
  }
}
