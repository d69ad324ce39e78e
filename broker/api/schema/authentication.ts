/** Authenticators of MQTT clients and their users (rest-api.md 5.1, 5.2, 5.4). */
import Type, { type Static } from 'typebox';
import { PageQuery, Words } from './common.ts';

/**
 * What every authenticator has; the fields of each kind are in rest-api.md 5.2 and in `--help`. One reader checks them, for the
 * configuration file and here, and names the field that is wrong.
 */
export const Authenticator = Type.Object(
  {
    mechanism: Type.String({ description: 'password_based or scram' }),
    backend: Type.Optional(Type.String({ description: 'built_in_database' })),
    enable: Type.Optional(Type.Boolean({ default: true })),
  },
  { additionalProperties: true },
);
export type Authenticator = Static<typeof Authenticator>;

export const AuthenticatorAnswer = Type.Object(
  {
    id: Type.String({ description: 'mechanism:backend' }),
    mechanism: Type.String(),
    backend: Type.Optional(Type.String()),
    enable: Type.Boolean(),
  },
  { additionalProperties: true },
);

const Metrics = Type.Object({
  total: Type.Integer(),
  success: Type.Integer(),
  failed: Type.Integer(),
  nomatch: Type.Integer(),
  rate: Type.Number(),
  rate_max: Type.Number(),
  rate_last5m: Type.Number(),
});
const ResourceMetrics = Type.Object({}, { description: 'Empty: nothing outside is asked' });
const Status = Words(['connected', 'connecting', 'disconnected', 'inconsistent'] as const);

export const AuthenticatorStatus = Type.Object({
  metrics: Metrics,
  node_metrics: Type.Array(Type.Object({ node: Type.String(), metrics: Metrics })),
  resource_metrics: ResourceMetrics,
  node_resource_metrics: Type.Array(Type.Object({ node: Type.String(), metrics: ResourceMetrics })),
  status: Status,
  node_status: Type.Array(Type.Object({ node: Type.String(), status: Status })),
  node_error: Type.Array(Type.Object({ node: Type.String(), error: Type.String() })),
});

export const AuthenticatorOrder = Type.Array(Type.Object({ id: Type.String() }));

const MAX_SECRET_CHARS = 65_535;
const UserId = Type.String({ minLength: 1, maxLength: 65_535 });
const Password = Type.String({ minLength: 1, maxLength: MAX_SECRET_CHARS });

export const AuthnUser = Type.Object({ user_id: Type.String(), is_superuser: Type.Boolean() });

export const NewAuthnUser = Type.Object({
  user_id: UserId,
  password: Password,
  is_superuser: Type.Optional(Type.Boolean({ default: false })),
});

export const AuthnUserChange = Type.Object({
  user_id: Type.Optional(UserId),
  password: Type.Optional(Password),
  is_superuser: Type.Optional(Type.Boolean()),
});

export const AuthnUsersQuery = Type.Object({
  ...PageQuery,
  like_user_id: Type.Optional(Type.String({ description: 'Part of the user id' })),
  is_superuser: Type.Optional(Type.Boolean()),
});

export const ImportQuery = Type.Object({ type: Words(['plain', 'hash'] as const, { description: 'Whether rows bring passwords or hashes' }) });

/** A file in a form (`multipart/form-data`) arrives as the second. */
export const ImportBody = Type.Union([
  Type.Array(Type.Object({}, { additionalProperties: true })),
  Type.Object({ filename: Type.String({ description: 'Its ending tells the format: .csv or .json' }), text: Type.String() }),
]);

export const ImportAnswer = Type.Object({
  total: Type.Integer(),
  success: Type.Integer({ description: 'New users' }),
  override: Type.Integer({ description: 'Users that were there and are replaced' }),
  skipped: Type.Integer(),
  failed: Type.Integer({ description: 'Rows that are no users' }),
});
