/** API keys (rest-api.md 1.3). What is changed here holds on every node of the cluster. */
import Type from 'typebox';
import { BusbarError } from '../../base/errors.ts';
import type { KeyRow, KeySettings } from '../accountPort.ts';
import { parseBanTime } from '../banTime.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { ApiKey, ApiKeyChange, ApiKeyParams, NewApiKey } from '../schema/account.ts';

const shared = { tag: 'API keys', access: 'user' } as const;
const UNKNOWN = 'Name NOT FOUND';

export const apiKeyRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/api_key',
    summary: 'All API keys, without their secrets',
    answers: { 200: Type.Array(ApiKey) },
    errors: [],
    handle: (_request, { keys }) => ok(keys.list().map((key) => print(key))),
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/api_key',
    summary: 'Makes an API key, good on all nodes; its secret is shown in this answer only',
    body: NewApiKey,
    answers: { 200: ApiKey },
    errors: ['BAD_REQUEST', 'EXCEED_LIMIT'],
    handle: ({ body: { name, ...body } }, { keys }) => {
      const settings = read(body);
      if (typeof settings === 'string') return refuse('BAD_REQUEST', settings);
      return answering(() => {
        const { key, secret } = keys.create(name, { description: '', enable: true, role: 'administrator', expiredAtMs: Number.POSITIVE_INFINITY, ...settings });
        return ok({ ...print(key), api_secret: secret });
      });
    },
  }),
  route({
    ...shared,
    method: 'GET',
    path: '/api_key/:name',
    summary: 'One API key, without its secret',
    params: ApiKeyParams,
    answers: { 200: ApiKey },
    errors: ['NOT_FOUND'],
    handle: ({ params }, { keys }) => {
      const key = keys.get(params.name);
      return key === undefined ? refuse('NOT_FOUND', UNKNOWN) : ok(print(key));
    },
  }),
  route({
    ...shared,
    method: 'PUT',
    path: '/api_key/:name',
    summary: 'Changes an API key; without a role it becomes one of an administrator again',
    params: ApiKeyParams,
    body: ApiKeyChange,
    answers: { 200: ApiKey },
    errors: ['BAD_REQUEST', 'NOT_FOUND'],
    handle: ({ params, body }, { keys }) => {
      const settings = read({ role: 'administrator', ...body });
      return typeof settings === 'string' ? refuse('BAD_REQUEST', settings) : answering(() => ok(print(keys.update(params.name, settings))));
    },
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/api_key/:name',
    summary: 'Removes an API key, on all nodes',
    params: ApiKeyParams,
    answers: { 204: undefined },
    errors: ['NOT_FOUND'],
    handle: ({ params }, { keys }) => (keys.remove(params.name) ? { status: 204 } : refuse('NOT_FOUND', UNKNOWN)),
  }),
];

interface Settings {
  readonly desc?: string;
  readonly enable?: boolean;
  readonly expired_at?: string;
  readonly role?: KeyRow['role'];
}

/** A sentence when they cannot be used. */
function read({ desc, enable, expired_at: expiry, role }: Settings): string | Partial<KeySettings> {
  const expiredAtMs = expiry === undefined ? undefined : parseBanTime(expiry);
  if (expiry !== undefined && expiredAtMs === undefined) return 'expired_at is a time as of RFC 3339, or infinity.';
  return {
    ...(desc !== undefined && { description: desc }),
    ...(enable !== undefined && { enable }),
    ...(expiredAtMs !== undefined && { expiredAtMs }),
    ...(role !== undefined && { role }),
  };
}

function answering(task: () => Reply): Reply {
  try {
    return task();
  } catch (error) {
    if (!(error instanceof BusbarError)) throw error;
    if (error.code === 'ACCOUNT_UNKNOWN') return refuse('NOT_FOUND', UNKNOWN);
    if (error.code === 'ACCOUNT_EXISTS') return refuse('BAD_REQUEST', `${error.message}.`);
    if (error.code === 'ACCOUNT_LIMIT') return refuse('EXCEED_LIMIT', `${error.message}.`);
    throw error;
  }
}

function print({ name, apiKey, description, enable, role, createdAtMs, expiredAtMs, expired }: KeyRow): Readonly<Record<string, unknown>> {
  return {
    name,
    api_key: apiKey,
    desc: description,
    enable,
    expired,
    created_at: new Date(createdAtMs).toISOString(),
    expired_at: expiredAtMs === Number.POSITIVE_INFINITY ? 'infinity' : new Date(expiredAtMs).toISOString(),
    role,
  };
}
