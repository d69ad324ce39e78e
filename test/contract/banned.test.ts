/** /banned over a real server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../broker/base/log.ts';
import { loadConfig } from '../../broker/config/load.ts';
import { startTestAdminServer, type TestAdminServer } from '../support/adminServer.ts';
import { FakeAdmin } from '../support/fakeAdmin.ts';
import { refused, RestCaller } from '../support/restCaller.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';

let folder: string;
let server: TestAdminServer;
let call: RestCaller['call'];

beforeAll(async () => {
  folder = await createTempDir();
  const { config, problems } = loadConfig({ sets: ['dashboard.listeners.http.bind=0', `node.data_dir=${folder}`] });
  if (!config) throw new Error(JSON.stringify(problems));
  const admin = new FakeAdmin([{ name: 'emqx1@127.0.0.1' }]);
  server = await startTestAdminServer({ config, admin, version: '0.1.0', log: silentLog, isRunning: () => true });
  const caller = await RestCaller.open(server.url);
  call = caller.call.bind(caller);
});
afterAll(async () => {
  await server.close();
  await removeTempDir(folder);
});

const until = Math.floor(Date.now() / 1000) + 3600;

describe('/banned', () => {
  it('bans, shows and takes back', async () => {
    const ban = { as: 'clientid', who: 'a/b', by: 'ann', reason: 'spam', at: '2026-01-02T03:04:05.000Z', until: new Date(until * 1000).toISOString() };
    expect(await call('POST', '/banned', { ...ban, at: '2026-01-02T03:04:05Z', until })).toEqual([200, ban]);
    expect(server.bans.admission.admit({ clientId: 'a/b', username: undefined, peerHost: '' })).toBe(0x8a);
    expect(await call('POST', '/banned', { as: 'clientid', who: 'a/b' })).toEqual(refused(400, 'ALREADY_EXISTS', JSON.stringify(ban)));
    expect(await call('POST', '/banned', { as: 'peerhost_net', who: '10.0.0.0/8' })).toMatchObject([200, { by: 'mgmt_api', reason: '', until: 'infinity' }]);
    expect(await call('GET', '/banned?limit=1')).toEqual([200, { data: [ban], meta: { page: 1, limit: 1, count: 2, hasnext: true } }]);
    expect(await call('DELETE', '/banned/clientid/a%2Fb')).toBe(204);
    expect(await call('DELETE', '/banned/clientid/a%2Fb')).toEqual(refused(404, 'NOT_FOUND'));
    expect([await call('DELETE', '/banned'), await call('GET', '/banned')]).toMatchObject([204, [200, { data: [], meta: { count: 0 } }]]);
  });

  it('finds by one filter', async () => {
    for (const [as, who] of [['clientid', 'dev-1'], ['clientid', 'dev-2'], ['username', 'dev-1'], ['peerhost_net', '10.0.0.0/8']]) await call('POST', '/banned', { as, who }); // prettier-ignore
    const found = async (query: string) => {
      const [, { data }] = (await call('GET', `/banned?${query}`)) as [number, { data: { as: string; who: string }[] }];
      return data.map(({ as, who }) => `${as} ${who}`);
    };
    expect([await found('clientid=dev-1'), await found('like_clientid=%5Edev'), await found('like_peerhost_net=10'), await found('peerhost=x')]).toEqual([
      ['clientid dev-1'],
      ['clientid dev-1', 'clientid dev-2'],
      ['peerhost_net 10.0.0.0/8'],
      [],
    ]);
    expect(await call('GET', '/banned?clientid=x&username=y')).toEqual(refused(400, 'BAD_REQUEST', /^too_many_filters/));
    expect(await call('GET', '/banned?like_clientid=(')).toEqual(refused(400, 'BAD_REQUEST'));
  });

  it.each([
    ['another kind', { as: 'phone', who: 'x' }],
    ['nobody', { as: 'clientid' }],
    ['a time that is past', { as: 'clientid', who: 'x', until: 1 }],
    ['a time that is none', { as: 'clientid', who: 'x', until: 'soon' }],
    ['a bad pattern', { as: 'clientid_re', who: '(' }],
    ['a bad network', { as: 'peerhost_net', who: '10.0.0.0/99' }],
  ])('refuses %s', async (_name, body) => {
    expect(await call('POST', '/banned', body)).toEqual(refused(400, 'BAD_REQUEST'));
  });
});
