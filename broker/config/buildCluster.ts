/** Puts `cluster.*` together, and says what is missing for what was chosen. */
import { defaultClusterPort, type NodeName } from '../base/ids.ts';
import { expandPath } from './assignments.ts';
import { badValue } from './badValue.ts';
import type { ClientTls, ClusterConfig, LinkTls } from './clusterConfig.ts';
import type { CertificateFiles } from './listenerConfig.ts';
import type { ConfigProblem } from './problems.ts';
import { KEYS, type ConfigKey } from './schema.ts';
import type { Settings } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

export function buildCluster(settings: Settings, name: NodeName, env: Env, problems: ConfigProblem[]): ClusterConfig {
  const files = new Files(settings, env, problems);
  const discoveryStrategy = settings.get(KEYS.discoveryStrategy);
  const servers = settings.get(KEYS.etcdServers);
  if (discoveryStrategy === 'etcd' && servers.length === 0)
    problems.push(badValue(settings, KEYS.discoveryStrategy, 'discovery by etcd needs cluster.etcd.server', 'Set cluster.etcd.server, such as http://127.0.0.1:2379.'));
  const username = settings.given(KEYS.etcdUsername);
  return {
    name: settings.get(KEYS.clusterName),
    discoveryStrategy,
    seeds: settings.get(KEYS.clusterSeeds),
    mcast: {
      addr: settings.get(KEYS.mcastAddr),
      ports: settings.get(KEYS.mcastPorts),
      iface: settings.get(KEYS.mcastIface),
      ttl: settings.get(KEYS.mcastTtl),
      loop: settings.get(KEYS.mcastLoop),
    },
    dns: { name: settings.get(KEYS.dnsName), recordType: settings.get(KEYS.dnsRecordType), servers: settings.get(KEYS.dnsServers) },
    etcd: {
      servers,
      prefix: settings.get(KEYS.etcdPrefix).replace(/^\/+|\/+$/g, ''),
      nodeTtlMs: settings.get(KEYS.etcdNodeTtl),
      credentials: username === undefined ? undefined : { username, password: settings.given(KEYS.etcdPassword) ?? '' },
      tls: etcdTls(settings, files),
    },
    k8s: {
      apiserver: settings.get(KEYS.k8sApiserver),
      serviceName: settings.get(KEYS.k8sService),
      addressType: settings.get(KEYS.k8sAddressType),
      namespace: settings.get(KEYS.k8sNamespace),
      suffix: settings.get(KEYS.k8sSuffix),
      tokenFile: expandPath(settings.get(KEYS.k8sTokenFile), env),
      cacertfile: expandPath(settings.get(KEYS.k8sAuthorities), env),
    },
    host: settings.get(KEYS.clusterHost),
    port: settings.given(KEYS.clusterPort) ?? defaultClusterPort(name),
    tls: linkTls(settings, files, problems),
    autoheal: settings.get(KEYS.autoheal),
    autocleanMs: settings.get(KEYS.autoclean),
  };
}

function etcdTls(settings: Settings, files: Files): ClientTls {
  return {
    cacertfile: files.path(KEYS.etcdAuthorities),
    certificate: files.certificate(KEYS.etcdCert, KEYS.etcdKey, KEYS.etcdKeyPassword),
    verifyPeer: settings.get(KEYS.etcdVerify),
  };
}

/** All or nothing: a node that shows no certificate, or cannot check the other's, must not look as if its links were safe. */
function linkTls(settings: Settings, files: Files, problems: ConfigProblem[]): LinkTls | undefined {
  const wanted = settings.get(KEYS.protoDist) === 'tls' ? KEYS.protoDist : settings.get(KEYS.rpcProtocol) === 'tls' ? KEYS.rpcProtocol : undefined;
  if (wanted === undefined) return undefined;
  const certificate = files.certificate(KEYS.linkCert, KEYS.linkKey, KEYS.linkKeyPassword);
  const cacertfile = files.path(KEYS.linkAuthorities);
  if (certificate !== undefined && cacertfile !== undefined) return { certificate, cacertfile };
  const hint = 'Set all three; the other nodes need certificates of the same authority.';
  problems.push(badValue(settings, wanted, 'links over TLS need cluster.tls.certfile, cluster.tls.keyfile and cluster.tls.cacertfile', hint));
  return undefined;
}

/** Reads keys that name files. */
class Files {
  readonly #settings: Settings;
  readonly #env: Env;
  readonly #problems: ConfigProblem[];

  constructor(settings: Settings, env: Env, problems: ConfigProblem[]) {
    this.#settings = settings;
    this.#env = env;
    this.#problems = problems;
  }

  path(key: ConfigKey<string>): string | undefined {
    const given = this.#settings.given(key);
    return given === undefined ? undefined : expandPath(given, this.#env);
  }

  /** A certificate with its key; one without the other is a problem. */
  certificate(certKey: ConfigKey<string>, keyKey: ConfigKey<string>, passwordKey: ConfigKey<string>): CertificateFiles | undefined {
    const [certfile, keyfile] = [this.path(certKey), this.path(keyKey)];
    if (certfile !== undefined && keyfile !== undefined) return { certfile, keyfile, password: this.#settings.given(passwordKey) };
    const lonely = certfile !== undefined ? certKey : keyfile !== undefined ? keyKey : undefined;
    if (lonely !== undefined)
      this.#problems.push(badValue(this.#settings, lonely, `${certKey.path} and ${keyKey.path} belong together`, 'Give both, or neither.'));
    return undefined;
  }
}
