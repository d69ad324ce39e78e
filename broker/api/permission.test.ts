import { describe, expect, it } from 'vitest';
import { refusalFor } from './permission.ts';
import type { Principal, Route } from './route.ts';

const user = (role: Principal['role']): Principal => ({ kind: 'user', name: 'u', role });
const key = (role: Principal['role']): Principal => ({ kind: 'apiKey', name: 'k', role });
const get: Pick<Route, 'method' | 'path' | 'access'> = { method: 'GET', path: '/clients', access: 'userOrKey' };
const publish: typeof get = { method: 'POST', path: '/publish', access: 'userOrKey' };
const logout: typeof get = { method: 'POST', path: '/logout', access: 'user' };

describe('who may do what', () => {
  it.each<[string, Principal, typeof get, string | undefined]>([
    ['an administrator reads', user('administrator'), get, undefined],
    ['an administrator publishes', key('administrator'), publish, undefined],
    ['a viewer reads', user('viewer'), get, undefined],
    ['a viewer publishes', key('viewer'), publish, 'UNAUTHORIZED_ROLE'],
    ['a viewer logs out', user('viewer'), logout, undefined],
    ['a publisher publishes', key('publisher'), publish, undefined],
    ['a publisher reads', key('publisher'), get, 'UNAUTHORIZED_ROLE'],
    ['a key uses what is for users', key('administrator'), logout, 'API_KEY_NOT_ALLOW'],
  ])('%s', (_, principal, route, code) => {
    expect((refusalFor(principal, route)?.body as { code: string } | undefined)?.code).toBe(code);
  });
});
