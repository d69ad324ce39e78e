import { describe, expect, it } from 'vitest';
import { UNLIMITED } from '../base/tokenBucket.ts';
import { formatBind } from './address.ts';
import type { ListenerConfig } from './config.ts';
import { describeKeys } from './describe.ts';
import { CLIENT_EVENTS } from './keys/log.ts';
import { loadConfig, type ConfigInput } from './load.ts';
import { ALL_KEYS } from './schema.ts';
import { defaultOf } from './settings.ts';

function configOf(input: ConfigInput) {
  const { config, problems } = loadConfig(input);
  expect(problems).toEqual([]);
  if (!config) throw new Error('no configuration');
  return config;
}
const problemsOf = (input: ConfigInput) => loadConfig(input).problems.map(({ code, message, hint }) => [code, message, hint]);
const ofTcp = (listeners: readonly ListenerConfig[]) =>
  listeners.filter(({ type }) => type === 'tcp').map(({ id, bind, maxConnections }) => [id, formatBind(bind), maxConnections]);
const ofFile = (text: string) => ({ text, fileName: 'emqx.conf' });

const TCP_DEFAULT = {
  id: 'tcp:default',
  type: 'tcp',
  name: 'default',
  enable: true,
  optional: false,
  bind: { host: '127.0.0.1', port: 1883 },
  unixSocketMode: 0o600,
  maxConnections: Infinity,
  mountpoint: '',
  accessRules: [{ permission: 'allow', who: 'all' }],
  proxyProtocol: false,
  proxyProtocolTimeoutMs: 3000,
  enableAuthn: true,
  authentication: undefined,
  redirect: undefined,
  limits: {
    maxConnRate: UNLIMITED,
    maxConnBurst: UNLIMITED,
    messagesRate: UNLIMITED,
    messagesBurst: UNLIMITED,
    bytesRate: UNLIMITED,
    bytesBurst: UNLIMITED,
    totalMessagesRate: UNLIMITED,
    totalMessagesBurst: UNLIMITED,
    totalBytesRate: UNLIMITED,
    totalBytesBurst: UNLIMITED,
  },
  tcp: { backlog: 4096, nodelay: true, sendTimeoutMs: 15_000, highWatermark: 1_048_576, keepaliveIdleMs: undefined },
  ssl: undefined,
  websocket: undefined,
} as const;
const WEBSOCKET_DEFAULT = {
  mqttPath: '/mqtt',
  failIfNoSubprotocol: true,
  supportedSubprotocols: ['mqtt', 'mqtt-v3', 'mqtt-v3.1.1', 'mqtt-v5', 'mqttv3.1'],
  idleTimeoutMs: 7_200_000,
  maxFrameSize: Infinity,
  checkOrigin: false,
  allowOriginAbsence: true,
  checkOrigins: ['http://localhost:18083', 'http://127.0.0.1:18083'],
  proxyAddressHeader: '',
  proxyPortHeader: '',
} as const;

const CLUSTER_DEFAULT = {
  name: 'emqxcl',
  discoveryStrategy: 'manual',
  seeds: [],
  mcast: { addr: '239.192.0.1', ports: [4369, 4370], iface: '0.0.0.0', ttl: 255, loop: true },
  dns: { name: 'localhost', recordType: 'a', servers: [] },
  etcd: {
    servers: [],
    prefix: 'emqxcl',
    nodeTtlMs: 60_000,
    credentials: undefined,
    tls: { cacertfile: undefined, certificate: undefined, verifyPeer: true },
  },
  k8s: {
    apiserver: 'https://kubernetes.default.svc:443',
    serviceName: 'emqx',
    addressType: 'ip',
    namespace: 'default',
    suffix: 'pod.local',
    tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    cacertfile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
  },
  host: '127.0.0.1',
  port: 4370,
  tls: undefined,
  autoheal: true,
  autocleanMs: 86_400_000,
} as const;

describe('a node without any configuration', () => {
  it('gets every default, bound to loopback', () => {
    expect(configOf({})).toEqual({
      given: new Map(),
      node: { name: 'emqx@127.0.0.1', cookie: 'emqxsecretcookie', dataDir: 'data' },
      cluster: CLUSTER_DEFAULT,
      listeners: [TCP_DEFAULT, { ...TCP_DEFAULT, id: 'ws:default', type: 'ws', optional: true, bind: { host: '127.0.0.1', port: 8083 }, websocket: WEBSOCKET_DEFAULT }],
      mqtt: {
        idleTimeoutMs: 15_000,
        maxPacketSize: 1_048_576,
        maxClientIdLen: 65_535,
        maxTopicLevels: 128,
        maxTopicAlias: 65_535,
        maxQosAllowed: 2,
        retainAvailable: true,
        wildcardSubscription: true,
        keepaliveMultiplier: 1.5,
        serverKeepalive: undefined,
        sessionExpiryIntervalMs: 7_200_000,
        messageExpiryIntervalMs: Infinity,
        maxAwaitingRel: 100,
        awaitRelTimeoutMs: 300_000,
        maxInflight: 32,
        maxMqueueLen: 1000,
        mqueueStoreQos0: true,
        mqueuePriorities: null,
        maxSubscriptions: Infinity,
        upgradeQos: false,
        ignoreLoopDeliver: false,
        strictMode: false,
        responseInformation: '',
        serverReference: undefined,
        connackUserProperties: [],
        useUsernameAsClientId: false,
        clientAttrsInit: [],
        clientIdOverride: undefined,
        peerCertAsUsername: undefined,
        peerCertAsClientId: undefined,
        retryIntervalMs: Infinity,
        sharedSubscription: true,
        exclusiveSubscription: false,
      },
      sharedSubscriptions: { groups: new Map(), others: { strategy: 'round_robin', initialStickyPick: 'random', preferConnected: true } },
      limiter: {
        maxConnRate: UNLIMITED,
        maxConnBurst: UNLIMITED,
        messagesRate: UNLIMITED,
        messagesBurst: UNLIMITED,
        bytesRate: UNLIMITED,
        bytesBurst: UNLIMITED,
        clientMessagesRate: UNLIMITED,
        clientBytesRate: UNLIMITED,
      },
      retainer: {
        enable: true,
        msgExpiryIntervalMs: Infinity,
        msgClearIntervalMs: Infinity,
        maxPayloadSize: 1_048_576,
        maxRetainedMessages: Infinity,
        stopPublishClearMsg: false,
        deliveryRate: { tokens: Infinity, intervalMs: 1000 },
      },
      delayed: { enable: true, maxDelayedMessages: Infinity },
      rewrite: [],
      autoSubscribe: [],
      sysTopics: {
        msgIntervalMs: 60_000,
        heartbeatIntervalMs: 30_000,
        events: { clientConnected: true, clientDisconnected: true, clientSubscribed: false, clientUnsubscribed: false },
        presenceQos: 0,
        payloads: 'emqx5',
      },
      authentication: undefined,
      allowAnonymous: true,
      flappingDetect: { enable: false, windowTimeMs: 60_000, maxCount: 15, banTimeMs: 300_000 },
      banned: { bootstrapFile: undefined },
      authorization: { noMatch: 'allow', denyAction: 'ignore', aclFile: undefined },
      dashboard: {
        host: '127.0.0.1',
        port: 18_083,
        defaultUsername: 'admin',
        defaultPassword: 'public',
        tokenExpiredTimeMs: 3_600_000,
        swaggerSupport: true,
      },
      apiKey: { bootstrapFile: undefined },
      alarm: { actions: ['log', 'publish'], sizeLimit: 1000, validityPeriodMs: 86_400_000 },
      connCongestion: { enableAlarm: true, minAlarmSustainMs: 60_000 },
      sessions: { durability: 'memory', synchronous: 'full', redis: undefined },
      forceShutdown: { maxWaitingBytes: 67_108_864 },
      debug: { faults: false },
      log: { level: 'warning', throttling: { timeWindowMs: 60_000, events: CLIENT_EVENTS } },
    });
  });

  it('is warned that everybody knows its cookie', () => {
    expect(loadConfig({}).warnings.map((warning) => warning.event)).toEqual(['default_cookie_in_use']);
    expect(loadConfig({ sets: ['node.cookie=mine'] }).warnings).toEqual([]);
  });
});

describe('layers', () => {
  const text = 'node.name = a@h\nmqtt { max_inflight = 1, max_mqueue_len = 1 }';
  it('win over each other: --set over environment over file over default', () => {
    const env = { EMQX_MQTT__MAX_INFLIGHT: '2', EMQX_MQTT__MAX_MQUEUE_LEN: '2', HOME: '/root' };
    const { node, mqtt } = configOf({ text, env, sets: ['mqtt.max_inflight=3'] });
    expect([node.name, mqtt.maxInflight, mqtt.maxMqueueLen, mqtt.maxTopicLevels]).toEqual(['a@h', 3, 2, 128]);
  });

  it('win in whatever spelling: an alias in a later layer beats the key in an earlier one', () => {
    const env = { EMQX_CLUSTER__DISCOVERY: 'static' };
    expect(configOf({ text: 'cluster.discovery_strategy = manual', env }).cluster.discoveryStrategy).toBe('static');
    expect(configOf({ text: 'log.level = debug\nlog { console { level = error } }' }).log.level).toBe('error');
  });

  it('take the variables of the docker-compose files', () => {
    const env = {
      EMQX_NAME: 'emqx',
      EMQX_HOST: 'node1.emqx.io',
      EMQX_CLUSTER__DISCOVERY_STRATEGY: 'static',
      EMQX_CLUSTER__STATIC__SEEDS: '[emqx@node1.emqx.io, emqx@node2.emqx.io]',
      EMQX_LOADED_PLUGINS: 'x',
    };
    const { node, cluster } = configOf({ env });
    expect([node.name, cluster.discoveryStrategy, cluster.seeds]).toEqual([
      'emqx@node1.emqx.io',
      'static',
      [
        { node: 'emqx@node1.emqx.io', host: 'node1.emqx.io', port: 4370 },
        { node: 'emqx@node2.emqx.io', host: 'node2.emqx.io', port: 4370 },
      ],
    ]);
    expect(configOf({ env: { ...env, EMQX_NODE__NAME: 'x@y' } }).node.name).toBe('x@y');
  });

  it('take a whole object after --set', () => {
    const { listeners } = configOf({ sets: ['listeners.tcp.second={bind = "0.0.0.0:1884", max_connections = 5}'] });
    expect(ofTcp(listeners)).toEqual([
      ['tcp:default', '127.0.0.1:1883', Infinity],
      ['tcp:second', '0.0.0.0:1884', 5],
    ]);
  });
});

describe('files of EMQX', () => {
  it('of version 4 give the same cluster and listeners', () => {
    const text = [
      'node.name = emqx@192.168.1.1',
      'cluster.discovery = static',
      'cluster.static.seeds = emqx@192.168.1.1,emqx@192.168.1.2,emqx@192.168.1.3',
      'cluster.proto_dist = inet_tcp',
      'listener.tcp.internal = 0.0.0.0:11883',
      'listener.tcp.external = 0.0.0.0:1885',
      'listener.tcp.external.max_connections = 10',
    ].join('\n');
    const { cluster, listeners } = configOf({ text });
    expect(cluster.seeds.map((seed) => `${seed.node} ${seed.port}`)).toEqual([
      'emqx@192.168.1.1 4370',
      'emqx@192.168.1.2 4370',
      'emqx@192.168.1.3 4370',
    ]);
    expect(ofTcp(listeners)).toEqual([
      ['tcp:default', '0.0.0.0:1885', 10],
      ['tcp:internal', '0.0.0.0:11883', Infinity],
    ]);
  });

  it('may hold keys that have no meaning here, with a warning each', () => {
    const { config, warnings } = loadConfig({
      ...ofFile('rpc.port_discovery = manual\nrpc.tcp_server_port = 5369'),
      sets: ['node.cookie=c'],
    });
    expect(config).toBeDefined();
    expect(warnings.map(({ event, message }) => [event, message])).toEqual([
      [
        'config_key_without_effect',
        'emqx.conf:1:1: rpc.port_discovery has no effect. Nodes use one connection for everything; its port is cluster.port.',
      ],
      [
        'config_key_without_effect',
        'emqx.conf:2:1: rpc.tcp_server_port has no effect. Nodes use one connection for everything; its port is cluster.port.',
      ],
    ]);
  });

  it('of version 5 give rules, retainer, dashboard and keys', () => {
    const text = `
      authorization { no_match = deny, deny_action = disconnect
        sources = [{type = file, enable = true, path = "\${EMQX_ETC_DIR}/acl.conf"}] }
      retainer { max_payload_size = 64KB, backend { type = built_in_database, storage_type = ram, max_retained_messages = 10 } }
      dashboard { listeners.http { bind = "[::1]:0" }, token_expired_time = 1h30m, swagger_support = false }
      api_key { bootstrap_file = "keys.txt" }
      listeners.ssl.default.enable = false
      listeners.tcp.default { enable = false }
      node.data_dir = "\${HOME}/x"`;
    const { authorization, retainer, dashboard, apiKey, listeners, node } = configOf({
      text,
      env: { EMQX_ETC_DIR: '/etc/emqx' },
    });
    expect({ authorization, retainer, dashboard, apiKey, starting: listeners.filter(({ enable }) => enable).map(({ id }) => id), dataDir: node.dataDir }).toEqual({
      authorization: { noMatch: 'deny', denyAction: 'disconnect', aclFile: '/etc/emqx/acl.conf' },
      retainer: expect.objectContaining({ enable: true, maxRetainedMessages: 10, maxPayloadSize: 65_536 }) as unknown,
      dashboard: {
        host: '::1',
        port: 0,
        defaultUsername: 'admin',
        defaultPassword: 'public',
        tokenExpiredTimeMs: 5_400_000,
        swaggerSupport: false,
      },
      apiKey: { bootstrapFile: 'keys.txt' },
      starting: ['ws:default'],
      dataDir: '${HOME}/x',
    });
  });

  it('name the rule file of version 4 unless sources are given', () => {
    expect(configOf({ text: 'acl_file = etc/acl.conf' }).authorization.aclFile).toBe('etc/acl.conf');
    expect(configOf({ text: 'acl_file = etc/acl.conf\nauthorization.sources = []' }).authorization.aclFile).toBeUndefined();
  });
});

describe('a value of each form', () => {
  it.each<[string, (config: ReturnType<typeof configOf>) => unknown, unknown]>([
    ['mqtt.idle_timeout=infinity', (config) => config.mqtt.idleTimeoutMs, Infinity],
    ['mqtt.idle_timeout=1500', (config) => config.mqtt.idleTimeoutMs, 1500],
    ['mqtt.idle_timeout=1m30s', (config) => config.mqtt.idleTimeoutMs, 90_000],
    ['mqtt.idle_timeout=500ms', (config) => config.mqtt.idleTimeoutMs, 500],
    ['mqtt.max_packet_size=256MB', (config) => config.mqtt.maxPacketSize, 268_435_456],
    ['mqtt.max_packet_size=1024', (config) => config.mqtt.maxPacketSize, 1024],
    ['mqtt.max_qos_allowed=0', (config) => config.mqtt.maxQosAllowed, 0],
    ['mqtt.server_keepalive=60', (config) => config.mqtt.serverKeepalive, 60],
    ['mqtt.max_mqueue_len=0', (config) => config.mqtt.maxMqueueLen, Infinity],
    ['mqtt.max_mqueue_len=infinity', (config) => config.mqtt.maxMqueueLen, Infinity],
    ['mqtt.upgrade_qos=on', (config) => config.mqtt.upgradeQos, true],
    ['log.console.level=critical', (config) => config.log.level, 'error'],
    ['cluster.port=0', (config) => config.cluster.port, 0],
    ['node.name=emqx12@127.0.0.1', (config) => config.cluster.port, 4382],
    [
      'cluster.static.seeds=[a@h:5000, b3@[::1]:1]',
      (config) => config.cluster.seeds,
      [
        { node: 'a@h', host: 'h', port: 5000 },
        { node: 'b3@[::1]', host: '::1', port: 1 },
      ],
    ],
  ])('%s', (set, pick, value) => {
    expect(pick(configOf({ sets: [set] }))).toEqual(value);
  });

  it.each([
    ['mqtt.max_inflight=0', 'mqtt.max_inflight is 0; expected a whole number from 1 to 65535'],
    ['mqtt.max_inflight=1e3', 'mqtt.max_inflight is 1e3; expected a whole number from 1 to 65535'],
    ['mqtt.max_inflight=[1, 2]', 'mqtt.max_inflight is [1, 2]; expected a whole number from 1 to 65535'],
    [
      'mqtt.idle_timeout=soon',
      'mqtt.idle_timeout is soon; expected a duration of at least 1ms such as 15s or 1h30m, or infinity',
    ],
    ['mqtt.max_packet_size=2GB', 'mqtt.max_packet_size is 2GB; expected a size such as 64KB or 1MB, at most 256MB'],
    ['mqtt.upgrade_qos=yes', 'mqtt.upgrade_qos is yes; expected true or false'],
    ['mqtt.upgrade_qos=', 'mqtt.upgrade_qos is empty; expected true or false'],
    ['mqtt=5', 'mqtt is 5; expected keys in braces below it'],
    ['node.name=emqx', 'node.name is emqx; expected name@host, such as emqx1@127.0.0.1'],
    ['node.name=emqx@h:4370', 'node.name is emqx@h:4370; expected name@host, such as emqx1@127.0.0.1'],
    ['node.cookie=', 'node.cookie is not as it should be; expected text of 1 to 256 characters'],
    ['cluster.port=70000', 'cluster.port is 70000; expected a whole number from 0 to 65535'],
    [
      'cluster.static.seeds=[a@h, nope]',
      'cluster.static.seeds is [a@h, nope]; expected a list of name@host or name@host:port, such as [emqx1@127.0.0.1, emqx2@127.0.0.1:4372]',
    ],
    [
      'listeners.tcp.default.bind=*:1883',
      'listeners.tcp.default.bind is *:1883; expected a port such as 1883 (on loopback), an address and port such as 0.0.0.0:1883 or [::1]:1883, or a socket file such as unix:/run/busbar.sock',
    ],
  ])('%s is refused', (set, message) => {
    const key = set.slice(0, set.indexOf('='));
    expect(problemsOf({ sets: [set] }).map(([code, text]) => [code, text])).toEqual([
      ['CONFIG_BAD_VALUE', `--set ${key}: ${message}`],
    ]);
  });
});

describe('what is wrong', () => {
  it('is reported all at once, each with its place', () => {
    const text = 'node.nam = a@h\nmqtt {\n  max_inflight = many\n  max_inflite = 3\n}\nnonsense\nfoo.bar.baz = 1';
    expect(problemsOf({ ...ofFile(text), sets: ['x'] })).toEqual([
      ['CONFIG_SYNTAX', 'emqx.conf:6:9: expected = or { after nonsense', 'Correct the line named in the message.'],
      [
        'CONFIG_SYNTAX',
        '--set x: expected key=value, such as node.name=emqx1@127.0.0.1',
        'Correct the line named in the message.',
      ],
      ['CONFIG_UNKNOWN_KEY', 'emqx.conf:1:1: there is no key node.nam', 'Did you mean node.name?'],
      [
        'CONFIG_BAD_VALUE',
        'emqx.conf:3:3: mqtt.max_inflight is many; expected a whole number from 1 to 65535',
        'Correct the value and start again.',
      ],
      ['CONFIG_UNKNOWN_KEY', 'emqx.conf:4:3: there is no key mqtt.max_inflite', 'Did you mean mqtt.max_inflight?'],
      [
        'CONFIG_UNKNOWN_KEY',
        'emqx.conf:7:1: there is no key foo.bar.baz',
        'Remove the key; npm run broker -- --help lists all keys.',
      ],
    ]);
  });

  it.each([
    ['listeners.tcp.main.bnd = 1', 'Did you mean listeners.tcp.main.bind?'],
    ['dashboard.default_pasword = x', 'Did you mean dashboard.default_password?'],
    ['cluster.disovery_strategy = static', 'Did you mean cluster.discovery_strategy?'],
  ])('%s', (text, hint) => {
    expect(problemsOf(ofFile(text)).map(([code, , found]) => [code, found])).toEqual([['CONFIG_UNKNOWN_KEY', hint]]);
  });

  it.each([
    [
      'cluster.discovery_strategy = singleton',
      'emqx.conf:1:1: cluster.discovery_strategy: singleton is not supported yet; expected one of manual, static, mcast, dns, etcd, k8s',
    ],
    [
      'listeners.quic.default.bind = 14567',
      'emqx.conf:1:1: listeners.quic.default.bind is a key of EMQX that is not supported yet. There are no quic listeners',
    ],
    ['rule_engine.rules.x.sql = "SELECT"', 'emqx.conf:1:1: rule_engine.rules.x.sql is a key of EMQX that is not supported yet'],
    [
      'cluster.core_nodes = "emqx1@10.0.0.1"',
      'emqx.conf:1:1: cluster.core_nodes is a key of EMQX that is not supported yet. Every node is a core node',
    ],
    [
      'authorization.sources = [{type = redis}]',
      'emqx.conf:1:1: authorization.sources: a source of type redis is not supported yet; expected a list with at most one file source, such as [{type = file, path = "etc/acl.conf"}]',
    ],
  ])('%s is told apart from a misspelling', (text, message) => {
    expect(problemsOf(ofFile(text)).map(([code, found]) => [code, found])).toEqual([['CONFIG_UNSUPPORTED', message]]);
  });

  it('in a variable that is no key is only a warning, for any program may own it', () => {
    const { config, warnings } = loadConfig({ env: { EMQX_NODE__NAM: 'x', EMQX_NODE__COOKIE: 'c' } });
    expect(config?.node.name).toBe('emqx@127.0.0.1');
    expect(warnings.map(({ event, message }) => [event, message])).toEqual([
      ['config_unknown_variable', 'EMQX_NODE__NAM: there is no key node.nam. Did you mean node.name?'],
    ]);
  });

  it('never shows a secret', () => {
    const { problems, warnings } = loadConfig({
      text: `node.cookie = [hunter2]\ndashboard.default_password = "${'hunter2'.repeat(20)}"`,
      sets: ['node.cookie=[hunter2'],
    });
    expect(problems).toHaveLength(3);
    expect(JSON.stringify({ problems, warnings })).not.toContain('hunter2');
  });
});

describe('settings that are dangerous together', () => {
  it('refuse a dashboard beyond loopback with the default password', () => {
    const sets = ['dashboard.listeners.http.bind=0.0.0.0:18083'];
    expect(problemsOf({ sets })).toEqual([
      [
        'CONFIG_BAD_VALUE',
        '--set dashboard.listeners.http.bind: the dashboard may not be bound to 0.0.0.0:18083 while dashboard.default_password is the default',
        'Set dashboard.default_password, or bind the dashboard to 127.0.0.1.',
      ],
    ]);
    expect(configOf({ sets: [...sets, 'dashboard.default_password=better'] }).dashboard.host).toBe('0.0.0.0');
  });

  it('refuse links beyond loopback with the default cookie', () => {
    expect(problemsOf({ sets: ['cluster.host=0.0.0.0'] }).map(([, message]) => message)).toEqual([
      '--set cluster.host: links may not be accepted on 0.0.0.0 while node.cookie is the default',
    ]);
    expect(configOf({ sets: ['cluster.host=0.0.0.0', 'node.cookie=mine'] }).cluster.host).toBe('0.0.0.0');
  });

  it('refuse one port for two things, and allow "any free port" for all', () => {
    expect(
      problemsOf({ sets: ['listeners.tcp.two.bind=0.0.0.0:1883', 'cluster.port=18083'] }).map(([, message]) => message),
    ).toEqual([
      'the dashboard and the cluster link both want port 18083',
      '--set listeners.tcp.two.bind: listener tcp:two and listener tcp:default both want port 1883',
    ]);
    const any = ['listeners.tcp.default.bind=0', 'listeners.tcp.two.bind=0', 'cluster.port=0', 'dashboard.listeners.http.bind=0'];
    expect(ofTcp(configOf({ sets: any }).listeners)).toHaveLength(2);
  });

  it('refuse a listener without a bind', () => {
    expect(problemsOf({ sets: ['listeners.tcp.two.max_connections=5'] }).map(([, message]) => message)).toEqual([
      '--set listeners.tcp.two.max_connections: listeners.tcp.two has no bind',
    ]);
  });

  it('warn of seeds that cannot matter and of peers that cannot reach this node', () => {
    const warned = (sets: string[]) => loadConfig({ sets: [...sets, 'node.cookie=c'] }).warnings.map((warning) => warning.event);
    expect(warned(['cluster.static.seeds=[a@h]'])).toEqual(['cluster_seeds_without_effect']);
    expect(warned(['cluster.static.seeds=[a@h]', 'cluster.discovery_strategy=static'])).toEqual(['cluster_host_is_loopback']);
    expect(warned(['cluster.static.seeds=[a@127.0.0.1]', 'cluster.discovery_strategy=static'])).toEqual([]);
  });
});

describe('the table of keys', () => {
  it('has a default that fits its own form, wherever it has one', () => {
    for (const key of ALL_KEYS)
      if (key.default !== undefined) expect(() => defaultOf<unknown>(key), key.path).not.toThrow();
  });

  it('names no spelling twice', () => {
    const spellings = ALL_KEYS.flatMap((key) => [key.path, ...key.aliases]);
    expect(spellings.filter((spelling, index) => spellings.indexOf(spelling) !== index)).toEqual([]);
  });

  it('is the documentation', () => {
    expect(describeKeys()).toContain(
      'mqtt.max_inflight = 32\n      Most QoS 1 and 2 messages sent to a client and not acknowledged; also the Receive Maximum\n      announced. Expects a whole number from 1 to 65535.',
    );
  });
});
