/**
 * Every key a node understands, once: name, form, default, meaning, and the spellings of EMQX 4 that mean the same. Reading,
 * defaults, `--help` and the documentation all come from this table. Keys EMQX has and Busbar has not: emqxKeys.ts.
 */
import * as form from './valueTypes.ts';
import type { ValueType } from './valueTypes.ts';

export interface ConfigKey<T> {
  /** Dotted; `<name>` stands for a name of the user's choice. */
  readonly path: string;
  readonly type: ValueType<T>;
  /** In the notation of a file; undefined when it follows from other keys (`doc` says how). */
  readonly default: string | undefined;
  readonly doc: string;
  /** Other spellings. One without `<name>` for a key with it means the name `default`. */
  readonly aliases: readonly string[];
  /** Its value never appears in messages. */
  readonly secret: boolean;
}

type Extra = Partial<Pick<ConfigKey<unknown>, 'aliases' | 'secret'>>;
const key = <T>(
  path: string,
  type: ValueType<T>,
  defaultText: string | undefined,
  doc: string,
  extra: Extra = {},
): ConfigKey<T> => ({
  path,
  type,
  default: defaultText,
  doc,
  aliases: extra.aliases ?? [],
  secret: extra.secret ?? false,
});

const LEVELS = {
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warning: 'warning',
  error: 'error',
  critical: 'error',
  alert: 'error',
  emergency: 'error',
} as const;
/** EMQX's own cap of an MQTT packet, also the protocol's. */
const MAX_PACKET_BYTES = 268_435_456;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;
/** Cookie and password of EMQX's shipped files, known to everybody. */
export const DEFAULT_COOKIE = 'emqxsecretcookie';
export const DEFAULT_PASSWORD = 'public';

export const KEYS = {
  // node
  nodeName: key(
    'node.name',
    form.nodeName,
    'emqx@127.0.0.1',
    'Name of this node in the cluster; the part after @ is where its peers reach it.',
    {
      aliases: ['node_name'],
    },
  ),
  nodeCookie: key(
    'node.cookie',
    form.text(256),
    DEFAULT_COOKIE,
    'Shared secret of the cluster: nodes prove it to each other and never send it. Set your own.',
    {
      secret: true,
    },
  ),
  nodeDataDir: key(
    'node.data_dir',
    form.path,
    'data',
    'Folder for what the node keeps: its identity, administrators, stored messages. One node per folder.',
  ),

  // cluster
  clusterName: key('cluster.name', form.text(64), 'emqxcl', 'Name of the cluster; nodes of another name are refused.'),
  discoveryStrategy: key(
    'cluster.discovery_strategy',
    form.oneOf({ manual: 'manual', static: 'static' } as const, ['dns', 'etcd', 'k8s', 'mcast', 'singleton']),
    'manual',
    'How nodes find each other: manual waits to be told, static asks the seeds.',
    { aliases: ['cluster.discovery'] },
  ),
  clusterSeeds: key(
    'cluster.static.seeds',
    form.seeds,
    '[]',
    'Nodes to ask with static discovery. Without a port: 4370 plus the digits that end the name before @ (emqx2@host: 4372).',
  ),
  clusterHost: key(
    'cluster.host',
    form.host,
    '127.0.0.1',
    'Address on which links of other nodes are accepted; 0.0.0.0 for all. Busbar only.',
    {
      aliases: ['rpc.listen_address'],
    },
  ),
  clusterPort: key(
    'cluster.port',
    form.integer(0, 65_535),
    undefined,
    'Port for links of other nodes; 0 takes any free one. Default: 4370 plus the digits that end the node name before @. Busbar only.',
  ),

  // listeners
  listenerEnable: key(
    'listeners.tcp.<name>.enable',
    form.switchType,
    'true',
    'Whether the listener starts. A listener named default exists unless this is false for it.',
    {
      aliases: ['listeners.tcp.<name>.enabled'],
    },
  ),
  listenerBind: key(
    'listeners.tcp.<name>.bind',
    form.bind,
    undefined,
    'Where MQTT clients connect; port 0 takes any free one. A bare port means loopback (in EMQX: every address). Default of the listener default: 1883.',
    {
      aliases: ['listener.tcp.external', 'listener.tcp.<name>'],
    },
  ),
  listenerMaxConnections: key(
    'listeners.tcp.<name>.max_connections',
    form.integer(1, MAX_COUNT, { infinity: Number.POSITIVE_INFINITY }),
    'infinity',
    'Most connections at a time; further ones are closed at once.',
    { aliases: ['listener.tcp.external.max_connections', 'listener.tcp.<name>.max_connections'] },
  ),

  // mqtt
  idleTimeout: key('mqtt.idle_timeout', form.duration(1, 'infinity'), '15s', 'Time a new connection has to send its CONNECT.'),
  maxPacketSize: key(
    'mqtt.max_packet_size',
    form.byteSize(MAX_PACKET_BYTES),
    '1MB',
    'Largest packet accepted, announced to MQTT 5 clients.',
  ),
  maxClientIdLen: key(
    'mqtt.max_clientid_len',
    form.integer(23, 65_535),
    '65535',
    'Longest client id in bytes; a longer one is refused with 0x85.',
  ),
  maxTopicLevels: key('mqtt.max_topic_levels', form.integer(1, 65_535), '128', 'Most levels of a topic or filter.'),
  maxTopicAlias: key('mqtt.max_topic_alias', form.integer(0, 65_535), '65535', 'Highest topic alias a client may use.'),
  maxQosAllowed: key(
    'mqtt.max_qos_allowed',
    form.oneOf({ '0': 0, '1': 1, '2': 2 } as const),
    '2',
    'Highest QoS a client may publish with.',
  ),
  retainAvailable: key('mqtt.retain_available', form.switchType, 'true', 'Whether retained messages may be published.'),
  wildcardSubscription: key(
    'mqtt.wildcard_subscription',
    form.switchType,
    'true',
    'Whether filters with + or # may be subscribed.',
  ),
  keepaliveMultiplier: key(
    'mqtt.keepalive_multiplier',
    form.decimal(1, 100),
    '1.5',
    'A client silent for its keepalive times this is disconnected.',
  ),
  serverKeepalive: key(
    'mqtt.server_keepalive',
    form.integer<undefined>(1, 65_535, { disabled: undefined }),
    'disabled',
    'Keepalive in seconds that MQTT 5 clients are told to use.',
  ),
  sessionExpiryInterval: key(
    'mqtt.session_expiry_interval',
    form.duration(0),
    '2h',
    'How long the session of an MQTT 3 client with clean session 0 outlives its connection.',
  ),
  maxAwaitingRel: key(
    'mqtt.max_awaiting_rel',
    form.countOrInfinity,
    '100',
    'Most QoS 2 messages of a client that wait for its PUBREL.',
  ),
  awaitRelTimeout: key(
    'mqtt.await_rel_timeout',
    form.duration(1),
    '300s',
    'How long a QoS 2 message waits for PUBREL before its packet id is free again.',
  ),
  maxInflight: key(
    'mqtt.max_inflight',
    form.integer(1, 65_535),
    '32',
    'Most QoS 1 and 2 messages sent to a client and not acknowledged; also the Receive Maximum announced.',
  ),
  maxMqueueLen: key(
    'mqtt.max_mqueue_len',
    form.countOrInfinity,
    '1000',
    'Most messages that wait for a client; the oldest is dropped for a new one.',
  ),
  mqueueStoreQos0: key('mqtt.mqueue_store_qos0', form.switchType, 'true', 'Whether QoS 0 messages wait too.'),
  maxSubscriptions: key('mqtt.max_subscriptions', form.countOrInfinity, 'infinity', 'Most subscriptions of one client.'),
  upgradeQos: key(
    'mqtt.upgrade_qos',
    form.switchType,
    'false',
    'Whether a message is delivered with the QoS of the subscription even if it was published with a lower one.',
  ),

  // retainer
  retainerEnable: key('retainer.enable', form.switchType, 'true', 'Whether retained messages are kept.'),
  maxRetainedMessages: key(
    'retainer.backend.max_retained_messages',
    form.countOrInfinity,
    '0',
    'Most retained messages; further topics are not kept.',
    {
      aliases: ['retainer.max_retained_messages'],
    },
  ),
  retainerMaxPayload: key(
    'retainer.max_payload_size',
    form.byteSize(MAX_PACKET_BYTES),
    '1MB',
    'Largest payload that is kept; a larger one is delivered but not kept.',
  ),

  // access
  authzNoMatch: key(
    'authorization.no_match',
    form.oneOf({ allow: 'allow', deny: 'deny' } as const),
    'allow',
    'What happens when no rule fits.',
    {
      aliases: ['acl_nomatch'],
    },
  ),
  authzDenyAction: key(
    'authorization.deny_action',
    form.oneOf({ ignore: 'ignore', disconnect: 'disconnect' } as const),
    'ignore',
    'What a refused publish or subscribe does to its client.',
    {
      aliases: ['acl_deny_action', 'zone.external.acl_deny_action'],
    },
  ),
  authzSources: key(
    'authorization.sources',
    form.authorizationSources,
    '[]',
    'Where rules come from: [{type = file, path = "etc/acl.conf"}].',
  ),
  aclFile: key(
    'acl_file',
    form.path,
    undefined,
    'The rule file in the spelling of EMQX 4; authorization.sources takes precedence.',
  ),

  // dashboard and API
  dashboardBind: key(
    'dashboard.listeners.http.bind',
    form.bind,
    '18083',
    'Where REST API and dashboard answer; port 0 takes any free one. A bare port means loopback.',
    {
      aliases: ['dashboard.listener.http'],
    },
  ),
  defaultUsername: key(
    'dashboard.default_username',
    form.text(100),
    'admin',
    'Name of the administrator that is created at the first start.',
    {
      aliases: ['dashboard.default_user.login'],
    },
  ),
  defaultPassword: key(
    'dashboard.default_password',
    form.text(100),
    DEFAULT_PASSWORD,
    'Password of that administrator. Must be changed before the dashboard may be bound beyond loopback.',
    {
      secret: true,
      aliases: ['dashboard.default_user.password'],
    },
  ),
  tokenExpiredTime: key('dashboard.token_expired_time', form.duration(1000), '60m', 'How long a login lasts.'),
  swaggerSupport: key('dashboard.swagger_support', form.switchType, 'true', 'Whether the API is described at /api-docs.'),
  apiKeyBootstrapFile: key(
    'api_key.bootstrap_file',
    form.path,
    undefined,
    'File with one API key a line, key:secret or key:secret:role, read at every start. Default: none.',
  ),

  // log
  logLevel: key('log.console.level', form.oneOf(LEVELS), 'warning', 'Least severe event that is logged.', {
    aliases: ['log.level'],
  }),
} as const;

/** The part of a listener path that carries its name. */
export const LISTENER_PREFIX = 'listeners.tcp.';
