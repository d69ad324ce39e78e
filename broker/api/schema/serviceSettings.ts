/** Settings of services that can be changed while nodes run, under EMQX's names. A PUT may leave out what is to stay as it is. */
import Type from 'typebox';
import { Words } from './common.ts';

const Switch = Type.Boolean();
const Duration = (words: string) => Type.String({ description: `Such as 15s or 1h${words}`, maxLength: 64 });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: '0 = no limit' });

export const RetainerSettings = Type.Partial(
  Type.Object({
    enable: Switch,
    msg_expiry_interval: Duration('; 0s = never'),
    msg_clear_interval: Duration('; 0s = only when they are met'),
    max_payload_size: Type.String({ description: 'Such as 1MB', maxLength: 64 }),
    stop_publish_clear_msg: Switch,
    delivery_rate: Type.String({ description: 'Such as 1000/s, or infinity', maxLength: 64 }),
    backend: Type.Partial(
      Type.Object({
        type: Type.String({ description: 'built_in_database' }),
        storage_type: Type.String({ description: 'ram' }),
        max_retained_messages: Count,
      }),
    ),
  }),
);

export const DelayedSettings = Type.Partial(Type.Object({ enable: Switch, max_delayed_messages: Count }));

/** Rules of topic rewrite, in the order in which they are tried. */
export const RewriteSettings = Type.Array(
  Type.Object({
    action: Words(['publish', 'subscribe', 'all']),
    source_topic: Type.String({ description: 'A topic filter', maxLength: 65_535 }),
    re: Type.String({ description: 'A pattern of the PCRE dialect, without look-behind and back references', maxLength: 65_535 }),
    dest_topic: Type.String({ description: 'May hold $1, ${clientid}, ${username}', maxLength: 65_535 }),
  }),
);

const Level = Type.Integer({ minimum: 0, maximum: 2, default: 0 });
const Bit = Type.Integer({ minimum: 0, maximum: 1, default: 0 });

export const AutoSubscribeSettings = Type.Array(
  Type.Object({
    topic: Type.String({ description: 'May hold ${clientid}, ${username}, ${host}, ${port}', maxLength: 65_535 }),
    qos: Type.Optional(Level),
    rh: Type.Optional(Level),
    rap: Type.Optional(Bit),
    nl: Type.Optional(Bit),
  }),
);

const Rate = Type.String({ description: 'Such as 1000/s, 1MB/s or 100/10s; infinity = no limit', maxLength: 64 });

/** Rates of the node; `client`: of each client whose listener has none of its own. */
export const LimiterSettings = Type.Partial(
  Type.Object({
    max_conn_rate: Rate,
    max_conn_burst: Rate,
    messages_rate: Rate,
    messages_burst: Rate,
    bytes_rate: Rate,
    bytes_burst: Rate,
    client: Type.Partial(Type.Object({ messages_rate: Rate, bytes_rate: Rate })),
  }),
);

export const AlarmSettings = Type.Partial(
  Type.Object({
    actions: Type.Array(Words(['log', 'publish'])),
    size_limit: Type.Integer({ minimum: 1, maximum: 3000, description: 'Most active alarms, and most past ones' }),
    validity_period: Duration(', after which past alarms are forgotten'),
  }),
);

export const SysTopicsSettings = Type.Partial(
  Type.Object({
    sys_msg_interval: Duration(', or disabled'),
    sys_heartbeat_interval: Duration(', or disabled'),
    sys_event_messages: Type.Partial(
      Type.Object({ client_connected: Switch, client_disconnected: Switch, client_subscribed: Switch, client_unsubscribed: Switch }),
    ),
    presence_qos: Type.Integer({ minimum: 0, maximum: 2 }),
    payloads: Type.String({ description: 'emqx5 or emqx4' }),
  }),
);
