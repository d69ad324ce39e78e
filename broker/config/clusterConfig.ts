/** How nodes find and reach each other, resolved: `cluster.*` (broker-contract 3.7 and 7.4). */
import type { Millis, NodeName } from '../base/ids.ts';
import type { HostPort } from './address.ts';
import type { CertificateFiles } from './listenerConfig.ts';

export interface Seed {
  readonly node: NodeName;
  readonly host: string;
  readonly port: number;
}

export type DiscoveryStrategy = 'manual' | 'static' | 'mcast' | 'dns' | 'etcd' | 'k8s';

export interface McastConfig {
  /** An IPv4 or IPv6 group. */
  readonly addr: string;
  /** The first one that can be bound is listened on; all are told. */
  readonly ports: readonly number[];
  /** Address of the interface; 0.0.0.0 or :: for the system's choice. */
  readonly iface: string;
  readonly ttl: number;
  /** Whether nodes of the same machine hear each other. */
  readonly loop: boolean;
}

export interface DnsConfig {
  readonly name: string;
  readonly recordType: 'a' | 'aaaa' | 'srv';
  /** Servers to ask; empty = those of the system. */
  readonly servers: readonly HostPort[];
}

/** How a service is spoken to over TLS. */
export interface ClientTls {
  /** Undefined = the authorities of the system. */
  readonly cacertfile: string | undefined;
  readonly certificate: CertificateFiles | undefined;
  readonly verifyPeer: boolean;
}

export interface EtcdConfig {
  /** Base URLs, in the order in which they are tried. */
  readonly servers: readonly string[];
  readonly prefix: string;
  /** A node that has gone without a word is forgotten by etcd after this. */
  readonly nodeTtlMs: Millis;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly tls: ClientTls;
}

export interface K8sConfig {
  readonly apiserver: string;
  readonly serviceName: string;
  readonly addressType: 'ip' | 'dns' | 'hostname';
  readonly namespace: string;
  readonly suffix: string;
  /** Read before every question: Kubernetes replaces it. */
  readonly tokenFile: string;
  readonly cacertfile: string;
}

/** Certificates by which nodes know each other, in both directions. */
export interface LinkTls {
  readonly certificate: CertificateFiles;
  readonly cacertfile: string;
}

export interface ClusterConfig {
  readonly name: string;
  readonly discoveryStrategy: DiscoveryStrategy;
  /** Of the strategy static. */
  readonly seeds: readonly Seed[];
  readonly mcast: McastConfig;
  readonly dns: DnsConfig;
  readonly etcd: EtcdConfig;
  readonly k8s: K8sConfig;
  /** Where links are accepted. */
  readonly host: string;
  readonly port: number;
  /** Undefined = links are plain TCP. */
  readonly tls: LinkTls | undefined;
  /** A node that was forgotten while it was away joins again by itself (R14). */
  readonly autoheal: boolean;
  /** Members that are away for so long are forgotten; Number.POSITIVE_INFINITY = never. */
  readonly autocleanMs: Millis;
}
