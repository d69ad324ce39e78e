/** Settings of services that can be changed while nodes run, under EMQX's names. A PUT may leave out what is to stay as it is. */
import Type from 'typebox';

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
