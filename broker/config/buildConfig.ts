/** Puts the settings together and checks what only shows when they are seen side by side. */
import { defaultClusterPort } from '../base/ids.ts';
import { bindsCollide, formatHostPort, isLoopbackHost, LOOPBACK, type HostPort } from './address.ts';
import { describeOrigin, expandPath } from './assignments.ts';
import type { BrokerConfig, ListenerConfig, MqttConfig } from './config.ts';
import type { ConfigProblem, ConfigWarning } from './problems.ts';
import { DEFAULT_COOKIE, DEFAULT_PASSWORD, KEYS, LISTENER_PREFIX, type ConfigKey } from './schema.ts';
import type { Settings } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_LISTENER = 'default';
const DEFAULT_LISTENER_PORT = 1883;

export function buildConfig(settings: Settings, env: Env, problems: ConfigProblem[], warnings: ConfigWarning[]): BrokerConfig {
  const name = settings.get(KEYS.nodeName);
  const dashboard = settings.get(KEYS.dashboardBind);
  const path = (key: ConfigKey<string>) => {
    const given = settings.given(key);
    return given === undefined ? undefined : expandPath(given, env);
  };
  const sourceFile = settings.origin(KEYS.authzSources) ? settings.get(KEYS.authzSources) : settings.given(KEYS.aclFile);
  const config: BrokerConfig = {
    node: { name, cookie: settings.get(KEYS.nodeCookie), dataDir: expandPath(settings.get(KEYS.nodeDataDir), env) },
    cluster: {
      name: settings.get(KEYS.clusterName),
      discoveryStrategy: settings.get(KEYS.discoveryStrategy),
      seeds: settings.get(KEYS.clusterSeeds),
      host: settings.get(KEYS.clusterHost),
      port: settings.given(KEYS.clusterPort) ?? defaultClusterPort(name),
    },
    listeners: buildListeners(settings, problems),
    mqtt: buildMqtt(settings),
    retainer: {
      enable: settings.get(KEYS.retainerEnable),
      maxRetainedMessages: settings.get(KEYS.maxRetainedMessages),
      maxPayloadSize: settings.get(KEYS.retainerMaxPayload),
    },
    authorization: {
      noMatch: settings.get(KEYS.authzNoMatch),
      denyAction: settings.get(KEYS.authzDenyAction),
      aclFile: sourceFile === undefined ? undefined : expandPath(sourceFile, env),
    },
    dashboard: {
      host: dashboard.host,
      port: dashboard.port,
      defaultUsername: settings.get(KEYS.defaultUsername),
      defaultPassword: settings.get(KEYS.defaultPassword),
      tokenExpiredTimeMs: settings.get(KEYS.tokenExpiredTime),
      swaggerSupport: settings.get(KEYS.swaggerSupport),
    },
    apiKey: { bootstrapFile: path(KEYS.apiKeyBootstrapFile) },
    log: { level: settings.get(KEYS.logLevel) },
  };
  checkExposure(config, settings, problems, warnings);
  checkPorts(config, settings, problems);
  checkCluster(config, warnings);
  return config;
}

function buildListeners(settings: Settings, problems: ConfigProblem[]): readonly ListenerConfig[] {
  const names = [DEFAULT_LISTENER, ...settings.namesBelow(LISTENER_PREFIX).filter((name) => name !== DEFAULT_LISTENER)];
  const listeners: ListenerConfig[] = [];
  for (const name of names) {
    if (!settings.get(KEYS.listenerEnable, name)) continue;
    const bind =
      settings.given(KEYS.listenerBind, name) ??
      (name === DEFAULT_LISTENER ? { host: LOOPBACK, port: DEFAULT_LISTENER_PORT } : undefined);
    if (!bind) {
      problems.push(
        badValue(
          settings,
          KEYS.listenerMaxConnections,
          `${LISTENER_PREFIX}${name} has no bind`,
          `Set ${LISTENER_PREFIX}${name}.bind, for example to 1884.`,
          name,
        ),
      );
      continue;
    }
    listeners.push({
      id: `tcp:${name}`,
      type: 'tcp',
      name,
      ...bind,
      maxConnections: settings.get(KEYS.listenerMaxConnections, name),
    });
  }
  return listeners;
}

function buildMqtt(settings: Settings): MqttConfig {
  return {
    idleTimeoutMs: settings.get(KEYS.idleTimeout),
    maxPacketSize: settings.get(KEYS.maxPacketSize),
    maxClientIdLen: settings.get(KEYS.maxClientIdLen),
    maxTopicLevels: settings.get(KEYS.maxTopicLevels),
    maxTopicAlias: settings.get(KEYS.maxTopicAlias),
    maxQosAllowed: settings.get(KEYS.maxQosAllowed),
    retainAvailable: settings.get(KEYS.retainAvailable),
    wildcardSubscription: settings.get(KEYS.wildcardSubscription),
    keepaliveMultiplier: settings.get(KEYS.keepaliveMultiplier),
    serverKeepalive: settings.get(KEYS.serverKeepalive),
    sessionExpiryIntervalMs: settings.get(KEYS.sessionExpiryInterval),
    maxAwaitingRel: settings.get(KEYS.maxAwaitingRel),
    awaitRelTimeoutMs: settings.get(KEYS.awaitRelTimeout),
    maxInflight: settings.get(KEYS.maxInflight),
    maxMqueueLen: settings.get(KEYS.maxMqueueLen),
    mqueueStoreQos0: settings.get(KEYS.mqueueStoreQos0),
    maxSubscriptions: settings.get(KEYS.maxSubscriptions),
    upgradeQos: settings.get(KEYS.upgradeQos),
  };
}

/** Secrets that everybody knows must not guard a port that everybody reaches (design.md section 9). */
function checkExposure(
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

function checkPorts({ listeners, dashboard, cluster }: BrokerConfig, settings: Settings, problems: ConfigProblem[]): void {
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
  for (const listener of listeners) claim(`listener ${listener.id}`, listener, KEYS.listenerBind, listener.name);
}

function checkCluster({ cluster, node }: BrokerConfig, warnings: ConfigWarning[]): void {
  const others = cluster.seeds.filter((seed) => seed.node !== node.name);
  if (cluster.discoveryStrategy !== 'static' && cluster.seeds.length > 0) {
    warnings.push({
      event: 'cluster_seeds_without_effect',
      message: 'cluster.static.seeds has no effect because cluster.discovery_strategy is not static.',
      key: KEYS.clusterSeeds.path,
    });
  } else if (isLoopbackHost(cluster.host) && others.some((seed) => !isLoopbackHost(seed.host))) {
    warnings.push({
      event: 'cluster_host_is_loopback',
      message:
        'Seeds on other machines cannot reach this node: cluster.host is a loopback address. Set it to an address they reach, or to 0.0.0.0.',
      key: KEYS.clusterHost.path,
    });
  }
}

function badValue(settings: Settings, key: ConfigKey<unknown>, message: string, hint: string, name?: string): ConfigProblem {
  const said = settings.origin(key, name);
  const problem = {
    code: 'CONFIG_BAD_VALUE',
    message,
    hint,
    key: said?.written ?? key.path.replace('<name>', name ?? '<name>'),
  } as const;
  return said ? { ...problem, message: `${describeOrigin(said.origin)}: ${message}`, origin: said.origin } : problem;
}
