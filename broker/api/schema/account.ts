/** Dashboard users and API keys (rest-api.md 1.2, 1.3). */
import Type from 'typebox';
import { Time, Words } from './common.ts';
import { ROLES } from './login.ts';

const Username = Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9._@-]+$' });
const Password = Type.String({ minLength: 8, maxLength: 100 });
const Description = Type.String({ maxLength: 1024 });
const UserRole = Words(['administrator', 'viewer'] as const);

export const User = Type.Object({
  username: Type.String(),
  role: UserRole,
  description: Type.String(),
  backend: Words(['local'] as const),
  mfa: Words(['none'] as const),
});

export const NewUser = Type.Object({ username: Username, password: Password, role: Type.Optional(UserRole), description: Type.Optional(Description) });
export const UserChange = Type.Object({ role: Type.Optional(UserRole), description: Type.Optional(Description) });
export const UserParams = Type.Object({ username: Type.String() });
export const PasswordChange = Type.Object({ old_pwd: Type.String({ minLength: 1, maxLength: 100 }), new_pwd: Password });

const Expiry = Type.Unsafe<string>({ anyOf: [{ type: 'string', enum: ['infinity'] }, { type: 'string' }], description: 'RFC 3339, or infinity' });

export const ApiKey = Type.Object({
  name: Type.String(),
  api_key: Type.String(),
  /** Shown once, to whoever made the key. */
  api_secret: Type.Optional(Type.String()),
  desc: Type.String(),
  enable: Type.Boolean(),
  expired: Type.Boolean(),
  created_at: Time,
  expired_at: Type.Unsafe<string>({ anyOf: [Time, { type: 'string', enum: ['infinity'] }] }),
  role: Words(ROLES),
});

const KEY_SETTINGS = { desc: Type.Optional(Description), enable: Type.Optional(Type.Boolean()), expired_at: Type.Optional(Expiry), role: Type.Optional(Words(ROLES)) };

export const NewApiKey = Type.Object({ name: Type.String({ pattern: '^[A-Za-z]+[A-Za-z0-9-_]*$', maxLength: 256 }), ...KEY_SETTINGS });
export const ApiKeyChange = Type.Object(KEY_SETTINGS);
export const ApiKeyParams = Type.Object({ name: Type.String() });
