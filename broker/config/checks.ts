/** What only shows when settings are seen side by side. */
import { bindsCollide, formatHostPort, isLoopbackHost, type HostPort } from './address.ts';
import { badValue } from './badValue.ts';
import type { BrokerConfig } from './config.ts';
import type { ConfigProblem, ConfigWarning } from './problems.ts';
import { DEFAULT_COOKIE, DEFAULT_PASSWORD, KEYS, LISTENER_KEYS, type ConfigKey } from './schema.ts';
import type { Settings } from './settings.ts';

/** Secrets that everybody knows must not guard a port that everybody reaches (design.md section 9). */
export function checkExposure(
  { dashboard, cluster, node }: BrokerConfig,
  settings: Settings,
  problems: ConfigProblem[],
  warnings: ConfigWarning[],
): void {
  if (!isLoopbackHost(dashboard.host) && dashboard.defaultPassword === DEFAULT_PASSWORD) {
    const message = `the dashboard may not be bound to ${formatHostPort(dashboard)} while dashboard.default_password is the default`;
    problems.push(
      badValue(settings, KEYS.dashboardBind, message, 'Set dashboard.default_password, or bind the dashboard to 127.0.0.1.'),
    );
  }
  if (node.cookie !== DEFAULT_COOKIE) return;
  if (isLoopbackHost(cluster.host)) {
    const message =
      'node.cookie is the default, which everybody knows. Set node.cookie to the same secret on all nodes of the cluster.';
    warnings.push({ event: 'default_cookie_in_use', message, key: KEYS.nodeCookie.path });
  } else {
    const message = `links may not be accepted on ${cluster.host} while node.cookie is the default`;
    problems.push(
      badValue(
        settings,
        KEYS.clusterHost,
        message,
        'Set node.cookie to a secret of your own on all nodes, or cluster.host to 127.0.0.1.',
      ),
    );
  }
}

export function checkPorts({ listeners, dashboard, cluster }: BrokerConfig, settings: Settings, problems: ConfigProblem[]): void {
  const taken: { readonly what: string; readonly bind: HostPort }[] = [];
  const claim = (what: string, bind: HostPort, key: ConfigKey<unknown>, name?: string) => {
    const other = taken.find((earlier) => bindsCollide(earlier.bind, bind));
    if (other)
      problems.push(
        badValue(settings, key, `${what} and ${other.what} both want port ${bind.port}`, 'Give each a port of its own.', name),
      );
    taken.push({ what, bind });
  };
  claim('the cluster link', cluster, KEYS.clusterPort);
  claim('the dashboard', dashboard, KEYS.dashboardBind);
  for (const { id, type, name, bind, enable, optional } of listeners) {
    if (enable && !optional && !('path' in bind)) claim(`listener ${id}`, bind, LISTENER_KEYS[type].common.bind, name);
  }
}

export function checkCluster({ cluster, node }: BrokerConfig, warnings: ConfigWarning[]): void {
  // What discovery tells the others is the host in the name; with manual and no seeds nobody is told anything.
  const ownHost = ['manual', 'static'].includes(cluster.discoveryStrategy) ? cluster.host : node.name.slice(node.name.indexOf('@') + 1);
  const others = cluster.seeds.filter((seed) => seed.node !== node.name);
  if (cluster.discoveryStrategy !== 'static' && cluster.seeds.length > 0) {
    warnings.push({
      event: 'cluster_seeds_without_effect',
      message: 'cluster.static.seeds has no effect because cluster.discovery_strategy is not static.',
      key: KEYS.clusterSeeds.path,
    });
  } else if (isLoopbackHost(cluster.host) && (others.some((seed) => !isLoopbackHost(seed.host)) || !isLoopbackHost(ownHost))) {
    warnings.push({
      event: 'cluster_host_is_loopback',
      message:
        'Nodes on other machines cannot reach this node: cluster.host is a loopback address. Set it to an address they reach, or to 0.0.0.0.',
      key: KEYS.clusterHost.path,
    });
  }
}
