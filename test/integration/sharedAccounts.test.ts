/** Dashboard users and API keys over real broker processes: added on one node, good on all, also on one that was away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { refused, RestCaller } from '../support/restCaller.ts';
import { waitFor } from '../support/waitFor.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start(2);
}, 60_000);
afterAll(() => cluster.end());

const apiOfNode = (number: number) => cluster.member(number).broker.ready.api;
const rest = (number: number) => RestCaller.open(apiOfNode(number));

/** The token, or the code of the refusal. */
async function logIn(number: number, username: string, password: string): Promise<string> {
  const answer = await fetch(`${apiOfNode(number)}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username, password }) });
  const { token, code } = (await answer.json()) as { token?: string; code?: string };
  return token === undefined ? (code ?? '') : 'in';
}

async function statusWith(number: number, apiKey: string, secret: string, path = '/nodes'): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${apiKey}:${secret}`).toString('base64')}`;
  return (await fetch(`${apiOfNode(number)}${path}`, { headers: { authorization } })).status;
}

async function restart(number: number, meanwhile: () => Promise<void>): Promise<void> {
  cluster.member(number).broker.process.kill('SIGKILL');
  await cluster.gone(number);
  await meanwhile();
  await cluster.startMember(number);
  await cluster.whole();
}

describe('a dashboard user', () => {
  it('added on one node logs in on both, and the role holds on both', async () => {
    const added = await (await rest(1)).call('POST', '/users', { username: 'bob', password: 'long enough', description: 'night shift' });
    expect(added).toEqual([200, { username: 'bob', role: 'viewer', description: 'night shift', backend: 'local', mfa: 'none' }]);
    await waitFor('node 2 to know bob', async () => (await logIn(2, 'bob', 'long enough')) === 'in');
    expect(await (await rest(2)).call('GET', '/users')).toMatchObject([200, [{ username: 'admin', role: 'administrator' }, { username: 'bob', role: 'viewer' }]]);
    expect(await (await rest(2)).call('POST', '/users', { username: 'bob', password: 'long enough' })).toEqual(refused(400, 'BAD_REQUEST', /bob already/));
  });

  it('whose password was changed while a node was away logs in there with the new one only; nothing of it is in the log', async () => {
    const first = await rest(1);
    await restart(2, async () => {
      expect(await first.call('POST', '/users/bob/change_pwd', { old_pwd: 'wrong', new_pwd: 'the-second-one' })).toEqual(refused(400, 'ERROR_PWD_NOT_MATCH'));
      expect(await first.call('POST', '/users/bob/change_pwd', { old_pwd: 'long enough', new_pwd: 'the-second-one' })).toBe(204);
    });
    await waitFor('node 2 to have it', async () => (await logIn(2, 'bob', 'the-second-one')) === 'in');
    expect([await logIn(2, 'bob', 'long enough'), await logIn(1, 'bob', 'long enough')]).toEqual(['BAD_USERNAME_OR_PWD', 'BAD_USERNAME_OR_PWD']);
    for (const member of cluster.members) expect(member.broker.process.stderr()).not.toMatch(/long enough|the-second-one/);
  });

  it('removed on one node is out on both at once, with the logins it had', async () => {
    const answer = await fetch(`${apiOfNode(2)}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'bob', password: 'the-second-one' }) });
    const { token } = (await answer.json()) as { token: string };
    const withToken = async () => (await fetch(`${apiOfNode(2)}/nodes`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await withToken()).toBe(200);
    const first = await rest(1);
    expect(await first.call('DELETE', '/users/admin')).toEqual(refused(400, 'NOT_ALLOWED', /himself/));
    expect(await first.call('DELETE', '/users/bob')).toBe(204);
    await waitFor('node 2 to end the login', async () => (await withToken()) === 401);
    expect(await logIn(2, 'bob', 'the-second-one')).toBe('BAD_USERNAME_OR_PWD');
  });
});

describe('an API key', () => {
  it('made on one node opens both; turned off on the other it opens neither', async () => {
    const [, key] = (await (await rest(1)).call('POST', '/api_key', { name: 'ci', desc: '', enable: true, role: 'viewer' })) as [number, { api_key: string; api_secret: string }];
    await waitFor('node 2 to know the key', async () => (await statusWith(2, key.api_key, key.api_secret)) === 200);
    const second = await rest(2);
    expect([await statusWith(2, key.api_key, 'wrong'), await statusWith(2, key.api_key, key.api_secret, '/users')]).toEqual([401, 401]);
    expect(await second.call('GET', '/api_key/ci')).toMatchObject([200, { name: 'ci', role: 'viewer', expired_at: 'infinity', expired: false }]);
    await second.call('PUT', '/api_key/ci', { enable: false, role: 'viewer' });
    await waitFor('node 1 to refuse the key', async () => (await statusWith(1, key.api_key, key.api_secret)) === 401);
    expect(await second.call('DELETE', '/api_key/ci')).toBe(204);
    await waitFor('node 1 to forget it', async () => {
      const answer = await (await rest(1)).call('GET', '/api_key/ci');
      return typeof answer !== 'number' && answer[0] === 404;
    });
  });
});
