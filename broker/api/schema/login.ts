/** `POST /login` and `POST /logout` (rest-api.md 1.2). */
import Type, { type Static } from 'typebox';
import { Words } from './common.ts';

export const ROLES = ['administrator', 'viewer', 'publisher'] as const;
export type Role = (typeof ROLES)[number];

export const LoginBody = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 100 }),
  password: Type.String({ minLength: 1, maxLength: 100 }),
  mfa_token: Type.Optional(Type.String({ maxLength: 9 })),
});
export type LoginBody = Static<typeof LoginBody>;

export const LoginAnswer = Type.Object({
  token: Type.String(),
  version: Type.String(),
  role: Words(ROLES),
  license: Type.Object({ edition: Words(['opensource', 'enterprise']) }),
});
export type LoginAnswer = Static<typeof LoginAnswer>;

export const LogoutBody = Type.Object({ username: Type.String({ minLength: 1, maxLength: 100 }) });
