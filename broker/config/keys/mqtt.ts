/** The protocol: `mqtt.*` (broker-contract 3.5). */
import { attributeRules, expressionOrDisabled } from '../expressionForms.ts';
import { key, MAX_PACKET_BYTES } from './key.ts';
import { certificatePart, serverReference } from '../listenerForms.ts';
import * as forms from '../serviceForms.ts';
import * as form from '../valueTypes.ts';

export const MQTT_KEYS = {
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
  keepaliveBackoff: key(
    'mqtt.keepalive_backoff',
    form.decimal(0.5, 50),
    undefined,
    'Half of mqtt.keepalive_multiplier, for which it stands where that one is not set.',
  ),
  retryInterval: key(
    'mqtt.retry_interval',
    form.duration(1, 'infinity'),
    'infinity',
    'After how long a connected MQTT 3 client gets again what it has not acknowledged; infinity: only when it reconnects, as MQTT 5 demands of its clients.',
  ),
  sessionExpiryInterval: key(
    'mqtt.session_expiry_interval',
    form.duration(0),
    '2h',
    'How long the session of an MQTT 3 client with clean session 0 outlives its connection.',
  ),
  messageExpiryInterval: key(
    'mqtt.message_expiry_interval',
    form.duration(1, 'infinity'),
    'infinity',
    'How long a message without an expiry of its own may wait for a client before it is dropped.',
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
  mqueuePriorities: key(
    'mqtt.mqueue_priorities',
    forms.mqueuePriorities,
    'disabled',
    'Priority of waiting messages by topic: a higher one goes first, and the oldest of the lowest is dropped when there is no room.',
    { aliases: ['zone.external.mqueue_priorities'] },
  ),
  mqueueDefaultPriority: key(
    'mqtt.mqueue_default_priority',
    form.oneOf({ lowest: 0, highest: Number.POSITIVE_INFINITY } as const),
    'lowest',
    'Priority of topics that mqueue_priorities does not name.',
    { aliases: ['zone.external.mqueue_default_priority'] },
  ),
  maxSubscriptions: key('mqtt.max_subscriptions', form.countOrInfinity, 'infinity', 'Most subscriptions of one client.'),
  upgradeQos: key(
    'mqtt.upgrade_qos',
    form.switchType,
    'false',
    'Whether a message is delivered with the QoS of the subscription even if it was published with a lower one.',
  ),
  ignoreLoopDeliver: key(
    'mqtt.ignore_loop_deliver',
    form.switchType,
    'false',
    'Whether clients of MQTT 3 are spared their own messages, as No Local does in MQTT 5.',
  ),
  strictMode: key(
    'mqtt.strict_mode',
    form.switchType,
    'false',
    'Whether what the standards only advise against is refused: control characters and noncharacters in strings, payloads announced as UTF-8 that are none, client ids of MQTT 3.1 above 23 characters.',
  ),
  responseInformation: key('mqtt.response_information', form.scalar('text of up to 1024 characters', (given) => (given.length <= 1024 ? given : undefined)), '""', 'Response Information for MQTT 5 clients that ask for it.'),
  serverReference: key(
    'mqtt.server_reference',
    serverReference,
    'disabled',
    'Where MQTT 5 clients are to go when the node stops, as host:port, several with spaces between: they are disconnected with 0x9C and this Server Reference in place of 0x8B. Busbar only.',
  ),
  connackUserProperties: key(
    'mqtt.connack_user_properties',
    forms.userProperties,
    '{}',
    'User Properties that tell MQTT 5 clients where they are, such as {node = "${node}", via = "${listener}"}; a client without Request Problem Information, or without room for them, gets none. Busbar only.',
  ),
  useUsernameAsClientId: key(
    'mqtt.use_username_as_clientid',
    form.switchType,
    'false',
    'Whether the user name is the client id; a client without one is refused with 0x85.',
  ),
  clientAttrsInit: key(
    'mqtt.client_attrs_init',
    attributeRules,
    '[]',
    'Attributes that clients get from their own words when they connect, for ${client_attrs.NAME} in mountpoints and rules: [{expression = "nth(1, tokens(clientid, \'-\'))", set_as_attr = group}]. An authenticator may set others over them.',
  ),
  clientIdOverride: key(
    'mqtt.clientid_override',
    expressionOrDisabled,
    'disabled',
    'Client id in place of the one the client chose, such as concat(client_attrs.group, \'-\', clientid); where the expression has no value, the own one stays.',
  ),
  peerCertAsUsername: key(
    'mqtt.peer_cert_as_username',
    certificatePart,
    'disabled',
    'What of a client’s certificate becomes its user name: cn, dn, crt (DER), pem, or md5 of the DER.',
  ),
  peerCertAsClientId: key(
    'mqtt.peer_cert_as_clientid',
    certificatePart,
    'disabled',
    'What of a client’s certificate becomes its client id.',
  ),
} as const;
