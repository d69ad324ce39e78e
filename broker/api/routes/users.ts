/** Who may log in (rest-api.md 1.2). What is changed here holds on every node of the cluster. */
import { BusbarError } from '../../base/errors.ts';
import type { UserRow } from '../accountPort.ts';
import type { ApiErrorCode } from '../errors.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { NewUser, PasswordChange, User, UserChange, UserParams } from '../schema/account.ts';
import Type from 'typebox';

const shared = { tag: 'Dashboard', access: 'user' } as const;

export const userRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/users',
    summary: 'Who may log in',
    answers: { 200: Type.Array(User) },
    errors: [],
    handle: (_request, { users }) => ok(users.list().map(print)),
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/users',
    summary: 'Adds a user, on all nodes',
    body: NewUser,
    answers: { 200: User },
    errors: ['BAD_REQUEST', 'SERVICE_UNAVAILABLE'],
    handle: ({ body: { role = 'viewer', description = '', ...rest } }, { users }) =>
      answeringAccounts('BAD_REQUEST', async () => ok(print(await users.create({ ...rest, role, description })))),
  }),
  route({
    ...shared,
    method: 'PUT',
    path: '/users/:username',
    summary: 'Changes role or description; the logins of the user end',
    params: UserParams,
    body: UserChange,
    answers: { 200: User },
    errors: ['BAD_REQUEST', 'USER_NOT_FOUND'],
    handle: ({ params, body }, { users }) => answeringAccounts('BAD_REQUEST', () => ok(print(users.update(params.username, body)))),
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/users/:username',
    summary: 'Removes a user, on all nodes; nobody removes himself',
    params: UserParams,
    answers: { 204: undefined },
    errors: ['NOT_ALLOWED', 'USER_NOT_FOUND'],
    handle: ({ params: { username }, principal }, { users }) => {
      if (principal?.name === username) return refuse('NOT_ALLOWED', 'Nobody removes himself.');
      return answeringAccounts('NOT_ALLOWED', () => (users.remove(username), { status: 204 }));
    },
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/users/:username/change_pwd',
    summary: 'Changes a password; the logins of the user end, on all nodes',
    params: UserParams,
    body: PasswordChange,
    answers: { 204: undefined },
    errors: ['BAD_REQUEST', 'ERROR_PWD_NOT_MATCH', 'USER_NOT_FOUND', 'UNAUTHORIZED_ROLE', 'SERVICE_UNAVAILABLE'],
    handle: ({ params: { username }, body, principal }, { users }) => {
      if (principal?.role !== 'administrator' && principal?.name !== username) return refuse('UNAUTHORIZED_ROLE', 'Only an administrator changes the passwords of others.');
      if (body.new_pwd === body.old_pwd) return refuse('BAD_REQUEST', 'The new password is the old one.');
      return answeringAccounts('BAD_REQUEST', async () => (await users.changePassword(username, body.old_pwd, body.new_pwd), { status: 204 }));
    },
  }),
];

function print({ username, role, description }: UserRow): Readonly<Record<string, unknown>> {
  return { username, role, description, backend: 'local', mfa: 'none' };
}

/** `invalid`: the code for what may not be. */
async function answeringAccounts(invalid: ApiErrorCode, task: () => Reply | Promise<Reply>): Promise<Reply> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof BusbarError)) throw error;
    const message = `${error.message}. ${error.hint}`;
    switch (error.code) {
      case 'ACCOUNT_UNKNOWN':
        return refuse('USER_NOT_FOUND', message);
      case 'ACCOUNT_WRONG_PASSWORD':
        return refuse('ERROR_PWD_NOT_MATCH', message);
      case 'ACCOUNT_BUSY':
        return refuse('SERVICE_UNAVAILABLE', message, { 'retry-after': '1' });
      case 'ACCOUNT_INVALID':
        return refuse(invalid, message);
      case 'ACCOUNT_EXISTS':
      case 'ACCOUNT_LIMIT':
        return refuse('BAD_REQUEST', message);
      default:
        throw error;
    }
  }
}
