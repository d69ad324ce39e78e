/**
 * Keys of EMQX that Busbar knows without having what they set. A file written for EMQX then gets "not supported yet" for what
 * would change behaviour, a warning for what has no meaning here, and nothing for a value that is what Busbar does anyway.
 */
export interface EmqxKey {
  /** Dotted; `<name>` is any one segment, a final `*` any rest. */
  readonly path: string;
  /** Values that describe what Busbar does: accepted in silence. */
  readonly accepts: readonly string[];
  /** `none`: it tunes something Busbar does not have. `unsupported`: Busbar should have it and has not. */
  readonly effect: 'none' | 'unsupported';
  readonly note: string;
}

const ON = ['true', 'on'];
const OFF = ['false', 'off'];
const none = (note: string, ...paths: string[]): EmqxKey[] => paths.map((path) => ({ path, accepts: [], effect: 'none', note }));
const later = (note: string, accepts: readonly string[], ...paths: string[]): EmqxKey[] =>
  paths.map((path) => ({ path, accepts, effect: 'unsupported', note }));

/** Of listeners of all types, in the spellings of EMQX 5 and 4. */
const ofListeners = (...fields: string[]): string[] =>
  fields.flatMap((field) => [`listeners.<name>.<name>.${field}`, `listener.<name>.<name>.${field}`]);
const ssl = (...fields: string[]): string[] => fields.flatMap((field) => [`ssl_options.${field}`, field]);

/** First match decides. */
export const EMQX_KEYS: readonly EmqxKey[] = [
  ...later('Every node is a core node', ['core'], 'node.role'),
  ...none(
    'It tunes the Erlang machine, which Busbar does not use',
    'node.process_limit',
    'node.max_ports',
    'node.dist_buffer_size',
    'node.dist_net_ticktime',
    'node.dist_listen_min',
    'node.dist_listen_max',
    'node.global_gc_interval',
    'node.fullsweep_after',
    'node.crash_dump',
    'node.crash_dump_file',
    'node.crash_dump_seconds',
    'node.crash_dump_bytes',
    'node.etc_dir',
    'node.cluster_call.*',
    'node.db_backend',
    'node.db_role',
    'node.ssl_dist_optfile',
    'vm_args.*',
  ),
  ...none('Nodes use one connection for everything; its port is cluster.port', 'rpc.*'),
  ...none('Nodes tell their names themselves', 'cluster.dns.app', 'cluster.k8s.app_name'),
  ...none('Whether etcd is spoken to over TLS is said by its address, https://', 'cluster.etcd.ssl_options.*', 'cluster.etcd.ssl.*'),
  ...later('Every node is a core node', [], 'cluster.core_nodes'),
  ...later('', OFF, 'cluster.prevent_overlapping_partitions'),

  ...none('Node.js accepts connections without a pool', ...ofListeners('acceptors')),
  ...none(
    'It tunes sockets of the Erlang machine',
    ...ofListeners('tcp_options.*', 'active_n', 'send_timeout_close', 'reuseaddr', 'recbuf', 'sndbuf', 'buffer', 'tune_buffer'),
  ),
  ...later('Every listener uses the same settings', ['default', 'external', 'internal'], ...ofListeners('zone')),
  ...later('Write authentication as a list of groups, [{mechanism = password_based, …}]', [], ...ofListeners('authentication.*')),
  ...later('Write all rules as listeners.<type>.<name>.access_rules', [], 'listener.<name>.<name>.access.<name>'),
  ...none(
    'OpenSSL decides it',
    ...ofListeners(...ssl('secure_renegotiate', 'client_renegotiation', 'hibernate_after', 'log_level', 'gc_after_handshake')),
  ),
  ...later('', OFF, ...ofListeners(...ssl('ocsp.enable_ocsp_stapling', 'enable_crl_check', 'partial_chain', 'verify_peer_ext_key_usage'))),
  ...later('', [], ...ofListeners(...ssl('ocsp.*', 'psk_ciphers', 'user_lookup_fun', 'managed_certs.*'))),
  ...later('One frame carries as many packets as are ready', ['multiple'], ...ofListeners('websocket.mqtt_piggyback', 'mqtt_piggyback')),
  ...later('Frames are not compressed', OFF, ...ofListeners('websocket.compress', 'compress')),
  ...none('MQTT has no text frames', ...ofListeners('websocket.validate_utf8')),
  ...none('Frames are not compressed', ...ofListeners('websocket.deflate_opts.*', 'deflate_opts.*')),
  ...later('There are no quic listeners', OFF, 'listeners.quic.<name>.enable'),
  ...later('There are no quic listeners', [], 'listeners.quic.*'),

  ...none('A keepalive is looked at when it is due', 'mqtt.keepalive_check_interval'),
  ...later(
    '',
    [],
    'mqtt.shared_subscription_max_hops',
  ),
  ...later('Pausing works by limiter.client.messages_rate', [], 'zone.<name>.quota.*'),
  ...later('Use the same key below mqtt', [], 'zone.*', 'zones.*'),

  ...none('Messages reach a client without a mailbox in between; what is sent is bounded by force_shutdown.max_heap_size', 'force_shutdown.max_mailbox_size'),
  ...none('Node.js collects garbage when it is needed', 'force_gc.*'),

  ...later('', ['built_in_database'], 'retainer.backend.type'),
  ...later('Retained messages are kept in memory', ['ram'], 'retainer.backend.storage_type', 'retainer.storage_type'),
  ...later('', ON, 'retainer.backend.enable'),
  ...none('Retained messages are found by levels without an index', 'retainer.backend.index_specs'),
  ...later('', ['disabled'], 'retainer.msg_expiry_interval_override'),
  ...later('', ON, 'retainer.allow_never_expire'),
  ...later('', ['infinity'], 'retainer.max_publish_rate'),
  ...later('Use retainer.delivery_rate', [], 'retainer.flow_control.*'),

  ...later('Use flapping_detect { enable, max_count, window_time, ban_time }', [], 'flapping_detect_policy', 'zone.external.enable_flapping_detect'),
  ...later('Write authentication as a list of groups, [{mechanism = password_based, …}]', [], 'authentication.*'),
  ...later('', OFF, 'authorization.cache.enable', 'enable_acl_cache'),
  ...later(
    '',
    [],
    'authorization.cache.*',
    'acl_cache_max_size',
    'acl_cache_ttl',
    'auth.*',
  ),

  ...none(
    'The server has no pool of acceptors',
    'dashboard.listeners.http.num_acceptors',
    'dashboard.listeners.http.backlog',
    'dashboard.listeners.http.send_timeout',
    'dashboard.listeners.http.inet6',
    'dashboard.listeners.http.ipv6_v6only',
  ),
  ...later(
    '',
    [...OFF, '0'],
    'dashboard.listeners.https.enable',
    'dashboard.listeners.https.bind',
    'dashboard.cors',
    'dashboard.listeners.http.proxy_header',
  ),
  ...later(
    '',
    [],
    'dashboard.listeners.https.*',
    'dashboard.listeners.http.max_connections',
    'dashboard.sample_interval',
    'dashboard.sso.*',
    'dashboard.i18n_lang',
    'dashboard.bootstrap_users_file',
    'dashboard.password_expired_time',
    'dashboard.hwmark_expire_time',
    'dashboard.listener.https',
    'dashboard.listener.http.acceptors',
    'dashboard.listener.http.max_clients',
    'management.*',
  ),

  ...later('Log lines go to standard error', ['console', 'stderr'], 'log.to'),
  ...later('Log lines go to standard error', OFF, 'log.file.enable', 'log.file.<name>.enable'),
  ...later('Log lines are JSON', ['json'], 'log.console.formatter'),
  ...later('Log lines go to standard error', ON, 'log.console.enable'),
  ...later(
    '',
    [],
    'log.file',
    'log.file.*',
    'log.audit.*',
    'log.rotation.*',
    'log.dir',
    'log.error.file',
    'log.chars_limit',
    'log.max_depth',
    'log.console.time_offset',
    'log.console.timestamp_format',
    'log.console.payload_encode',
  ),

  ...later(
    '',
    [],
    ...[
      'actions',
      'backend',
      'bridge',
      'bridges',
      'broker',
      'connectors',
      'crl_cache',
      'durable_sessions',
      'durable_storage',
      'exhook',
      'file_transfer',
      'gateway',
      'license',
      'limiter',
      'listener',
      'message_transformation',
      'module',
      'modules',
      'opentelemetry',
      'overload_protection',
      'plugins',
      'prometheus',
      'psk_authentication',
      'rule_engine',
      'schema_registry',
      'schema_validation',
      'slow_subs',
      'sources',
      'stats',
      'sysmon',
      'telemetry',
      'topic_metrics',
      'trace',
    ].flatMap((root) => [root, `${root}.*`]),
  ),
];

/** Variables of EMQX's container and start script that are no keys: read elsewhere or without meaning here. */
export const EMQX_VARIABLES: readonly string[] = [
  'EMQX_NAME',
  'EMQX_HOST',
  'EMQX_ETC_DIR',
  'EMQX_LOG_DIR',
  'EMQX_DATA_DIR',
  'EMQX_HOME',
  'EMQX_VERSION',
  'EMQX_LOADED_PLUGINS',
  'EMQX_LOADED_MODULES',
  'EMQX_DEFAULT_LOG_HANDLER',
  'EMQX_WAIT_FOR_START',
  'EMQX_BOOT_CONFIGS',
];
