/** Clients: the filters of their list and the fields of one (rest-api.md 3.2 and 3.3). */
import Type, { type Static } from 'typebox';
import { CountOrInfinity, Nullable, PageQuery, Time, Words } from './common.ts';

const Count = Type.Integer({ minimum: 0 });
const Texts = Type.Array(Type.String(), { maxItems: 100 });
const Moment = Type.String({ description: 'RFC 3339, or milliseconds since 1970' });

export const ClientsQuery = Type.Object({
  ...PageQuery,
  node: Type.Optional(Type.String()),
  clientid: Type.Optional(Texts),
  username: Type.Optional(Texts),
  like_clientid: Type.Optional(Type.String({ description: 'Part of the client id' })),
  like_username: Type.Optional(Type.String({ description: 'Part of the user name' })),
  ip_address: Type.Optional(Type.String()),
  conn_state: Type.Optional(Words(['connected', 'idle', 'disconnected'])),
  clean_start: Type.Optional(Type.Boolean()),
  proto_ver: Type.Optional(Type.Integer({ minimum: 3, maximum: 5 })),
  gte_created_at: Type.Optional(Moment),
  lte_created_at: Type.Optional(Moment),
  gte_connected_at: Type.Optional(Moment),
  lte_connected_at: Type.Optional(Moment),
  fields: Type.Optional(Type.String({ default: 'all', description: 'Names of fields with commas between them, or all' })),
});
export type ClientsQuery = Static<typeof ClientsQuery>;

export const ClientParams = Type.Object({ clientid: Type.String({ minLength: 1, maxLength: 65_535 }) });

const CLIENT_FIELDS = {
  clientid: Type.String(),
  username: Nullable(Type.String()),
  node: Type.String(),
  ip_address: Type.String(),
  port: Type.Integer(),
  connected: Type.Boolean(),
  connected_at: Time,
  created_at: Time,
  disconnected_at: Time,
  proto_name: Type.String(),
  proto_ver: Type.Integer(),
  keepalive: Count,
  expiry_interval: Count,
  clean_start: Type.Boolean(),
  is_bridge: Type.Boolean(),
  is_persistent: Type.Boolean(),
  is_expired: Type.Boolean(),
  durable: Type.Boolean(),
  enable_authn: Type.Boolean(),
  listener: Type.String(),
  mountpoint: Type.String(),
  client_attrs: Type.Record(Type.String(), Type.String()),
  subscriptions_cnt: Count,
  subscriptions_max: CountOrInfinity,
  inflight_cnt: Count,
  inflight_max: Count,
  mqueue_len: Count,
  mqueue_max: CountOrInfinity,
  mqueue_dropped: Count,
  awaiting_rel_cnt: Count,
  awaiting_rel_max: CountOrInfinity,
  recv_oct: Count,
  send_oct: Count,
  recv_cnt: Count,
  send_cnt: Count,
  recv_pkt: Count,
  send_pkt: Count,
  recv_msg: Count,
  send_msg: Count,
  'recv_msg.qos0': Count,
  'recv_msg.qos1': Count,
  'recv_msg.qos2': Count,
  'recv_msg.dropped': Count,
  'recv_msg.dropped.await_pubrel_timeout': Count,
  'send_msg.qos0': Count,
  'send_msg.qos1': Count,
  'send_msg.qos2': Count,
  'send_msg.dropped': Count,
  'send_msg.dropped.expired': Count,
  'send_msg.dropped.queue_full': Count,
  'send_msg.dropped.too_large': Count,
  mailbox_len: Count,
  heap_size: Count,
  reductions: Count,
};

/** Every field can be left out by `fields`, so only the name is sure. */
const fields = Type.Partial(Type.Object(CLIENT_FIELDS));
export const Client = Type.Object({ ...fields.properties, clientid: Type.String() });
export type Client = Static<typeof Client>;
export const ClientRow = Type.Partial(Client);
export type ClientRow = Static<typeof ClientRow>;

/** What `fields` may name. */
export const CLIENT_FIELD_NAMES: ReadonlySet<string> = new Set(Object.keys(CLIENT_FIELDS));
