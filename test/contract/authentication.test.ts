/** /authentication over a real server: what is changed there is what the next client is asked by. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../broker/base/log.ts';
import { loadConfig } from '../../broker/config/load.ts';
import { startTestAdminServer, type TestAdminServer } from '../support/adminServer.ts';
import { FakeAdmin } from '../support/fakeAdmin.ts';
import { refused, RestCaller } from '../support/restCaller.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';

const NODE = 'emqx1@127.0.0.1';
const PASSWORD = { mechanism: 'password_based', backend: 'built_in_database' };
const SCRAM = { mechanism: 'scram', backend: 'built_in_database' };
const ID = 'password_based%3Abuilt_in_database';
const SCRAM_ID = 'scram%3Abuilt_in_database';
const PASSWORD_ANSWER = {
  id: 'password_based:built_in_database',
  ...PASSWORD,
  enable: true,
  user_id_type: 'username',
  password_hash_algorithm: { name: 'sha256', salt_position: 'prefix' },
};

let folder: string;
let server: TestAdminServer;
let call: RestCaller['call'];

beforeAll(async () => {
  folder = await createTempDir();
  const { config, problems } = loadConfig({ sets: ['dashboard.listeners.http.bind=0', `node.data_dir=${folder}`] });
  if (!config) throw new Error(JSON.stringify(problems));
  server = await startTestAdminServer({ config, admin: new FakeAdmin([{ name: NODE }]), version: '0.1.0', log: silentLog, isRunning: () => true });
  const caller = await RestCaller.open(server.url);
  call = caller.call.bind(caller);
});
afterAll(async () => {
  await server.close();
  await removeTempDir(folder);
});

describe.each([
  ['the chain of all listeners', '/authentication', 'global'],
  ['the chain of one listener', '/listeners/tcp%3Adefault/authentication', 'tcp:default'],
])('%s', (_name, base, chain) => {
  const isAnonymous = () => (chain === 'global' ? server.authn.chains.global : server.authn.chains.listeners.get(chain)?.chain)?.isEmpty ?? true;

  it('is changed and shown', async () => {
    expect([await call('GET', base), isAnonymous()]).toEqual([[200, []], true]);
    expect([await call('POST', base, PASSWORD), isAnonymous()]).toEqual([[200, PASSWORD_ANSWER], false]);
    expect(await call('POST', base, PASSWORD)).toEqual(refused(409, 'ALREADY_EXISTS'));
    expect(await call('POST', base, { ...SCRAM, algorithm: 'sha512' })).toMatchObject([200, { id: 'scram:built_in_database', iteration_count: 4096 }]);
    expect(await call('GET', base)).toMatchObject([200, [{ id: 'password_based:built_in_database' }, { id: 'scram:built_in_database' }]]);
    expect(await call('GET', `${base}/${ID}`)).toEqual([200, PASSWORD_ANSWER]);
    const changed = { ...PASSWORD, password_hash_algorithm: { name: 'sha512', salt_position: 'suffix' } };
    expect(await call('PUT', `${base}/${ID}`, changed)).toBe(204);
    expect(await call('GET', `${base}/${ID}`)).toEqual([200, { ...PASSWORD_ANSWER, ...changed }]);
  });

  it('is put in order', async () => {
    const ids = async () => ((await call('GET', base)) as [number, { id: string }[]])[1].map(({ id }) => id.split(':')[0]);
    expect([await call('PUT', `${base}/${SCRAM_ID}/position/front`), await ids()]).toEqual([204, ['scram', 'password_based']]);
    expect([await call('PUT', `${base}/${SCRAM_ID}/position/after%3A${ID}`), await ids()]).toEqual([204, ['password_based', 'scram']]);
    const order = [{ id: 'scram:built_in_database' }, { id: 'password_based:built_in_database' }];
    expect([await call('PUT', `${base}/order`, order), await ids()]).toEqual([204, ['scram', 'password_based']]);
    expect(await call('PUT', `${base}/${SCRAM_ID}/position/middle`)).toEqual(refused(400, 'BAD_REQUEST'));
    expect(await call('PUT', `${base}/order`, order.slice(1))).toEqual(refused(400, 'BAD_REQUEST'));
  });

  it('refuses what it does not know, and says which', async () => {
    expect(await call('POST', base, { mechanism: 'jwt' })).toEqual(refused(400, 'BAD_REQUEST', /^mechanism jwt is not supported yet\. /));
    expect(await call('PUT', `${base}/${ID}`, { ...PASSWORD, colour: 1 })).toEqual(refused(400, 'BAD_REQUEST', /has no field colour/));
    expect(await call('PUT', `${base}/${ID}`, SCRAM)).toEqual(refused(400, 'BAD_REQUEST', /^change_of_authentication_type_is_not_allowed/));
    for (const method of ['GET', 'DELETE']) expect(await call(method, `${base}/jwt`)).toEqual(refused(404, 'NOT_FOUND'));
    expect(await call('POST', base, [])).toEqual(refused(400, 'BAD_REQUEST'));
  });

  it('keeps users, and never shows a secret', async () => {
    const users = `${base}/${ID}/users`;
    expect(await call('POST', users, { user_id: 'a/b', password: 'secret-1', is_superuser: true })).toEqual([201, { user_id: 'a/b', is_superuser: true }]);
    expect(await call('POST', users, { user_id: 'bob', password: 'secret-2' })).toEqual([201, { user_id: 'bob', is_superuser: false }]);
    expect(await call('POST', users, { user_id: 'bob', password: 'secret-3' })).toEqual(refused(409, 'ALREADY_EXISTS'));
    expect(await call('POST', users, { user_id: 'cid' })).toEqual(refused(400, 'BAD_REQUEST'));
    expect(await call('GET', `${users}?limit=1`)).toEqual([
      200,
      { data: [{ user_id: 'a/b', is_superuser: true }], meta: { page: 1, limit: 1, count: 2, hasnext: true } },
    ]);
    expect(await call('GET', `${users}?like_user_id=o`)).toMatchObject([200, { data: [{ user_id: 'bob' }] }]);
    expect(await call('GET', `${users}?is_superuser=true`)).toMatchObject([200, { data: [{ user_id: 'a/b' }] }]);
    expect(await call('PUT', `${users}/a%2Fb`, { password: 'secret-4' })).toEqual([200, { user_id: 'a/b', is_superuser: true }]);
    expect(await call('PUT', `${users}/a%2Fb`, { is_superuser: false })).toEqual([200, { user_id: 'a/b', is_superuser: false }]);
    expect(await call('GET', `${users}/a%2Fb`)).toEqual([200, { user_id: 'a/b', is_superuser: false }]);
    expect([await call('DELETE', `${users}/a%2Fb`), await call('DELETE', `${users}/a%2Fb`)]).toEqual([204, refused(404, 'NOT_FOUND')]);
    expect(await call('GET', `${base}/jwt/users`)).toEqual(refused(404, 'NOT_FOUND'));
  });

  it('imports users from a list and from files', async () => {
    const path = `${base}/${ID}/import_users`;
    const rows = [{ user_id: 'bob', password: 'x' }, { user_id: 'dan', password: 'y', is_superuser: true }, { user_id: '' }]; // prettier-ignore
    expect(await call('POST', `${path}?type=plain`, rows)).toEqual([200, { total: 3, success: 1, override: 1, skipped: 0, failed: 1 }]);
    const form = (name: string, text: string) => {
      const data = new FormData();
      data.append('filename', new Blob([text]), name);
      return data;
    };
    const csv = 'user_id,password_hash,salt,is_superuser\neve,aa,bb,true\nfay,cc,,false\n';
    expect(await call('POST', `${path}?type=hash`, form('users.csv', csv))).toEqual([200, { total: 2, success: 2, override: 0, skipped: 0, failed: 0 }]);
    expect(await call('POST', `${path}?type=plain`, form('users.json', '[{"user_id":"fay","password":"z"}]'))).toMatchObject([200, { override: 1 }]);
    expect(await call('POST', `${path}?type=plain`, form('users.json', csv))).toEqual(refused(400, 'BAD_REQUEST'));
    expect(await call('POST', path, rows)).toEqual(refused(400, 'INVALID_PARAMETER'));
    expect(await call('GET', `${base}/${ID}/users`)).toMatchObject([200, { meta: { count: 4 } }]);
  });

  it('takes large lists there, and files nowhere else', async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => ({ user_id: `user-${index}`, password: 'a password of some length' }));
    expect(await call('POST', `${base}/${ID}/import_users?type=plain`, many)).toMatchObject([200, { success: 2_000 }]);
    expect((await call('POST', base, { ...PASSWORD, filler: 'x'.repeat(70_000) }) as readonly unknown[])[0]).toBe(413);
    const data = new FormData();
    data.append('filename', new Blob(['x']), 'x.csv');
    expect((await call('POST', base, data) as readonly unknown[])[0]).toBe(415);
  });

  it('counts what was asked', async () => {
    const figures = { total: 0, success: 0, failed: 0, nomatch: 0, rate: 0, rate_max: 0, rate_last5m: 0 };
    expect(await call('GET', `${base}/${ID}/status`)).toEqual([
      200,
      {
        metrics: figures,
        node_metrics: [{ node: NODE, metrics: figures }],
        resource_metrics: {},
        node_resource_metrics: [{ node: NODE, metrics: {} }],
        status: 'connected',
        node_status: [{ node: NODE, status: 'connected' }],
        node_error: [],
      },
    ]);
  });

  it('is empty again when everything is removed', async () => {
    expect([await call('DELETE', `${base}/${ID}`), await call('DELETE', `${base}/${SCRAM_ID}`), await call('GET', base), isAnonymous()]).toEqual([
      204,
      204,
      [200, []],
      true,
    ]);
  });
});

it('a listener that does not exist has no chain', async () => {
  expect(await call('GET', '/listeners/tcp%3Anobody/authentication')).toEqual(refused(404, 'NOT_FOUND'));
});
