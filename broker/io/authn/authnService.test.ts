import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../../test/support/tempDir.ts';
import type { Log, LogFields } from '../../base/log.ts';
import { readAuthentication, type AuthenticatorConfig } from '../../config/authenticators.ts';
import type { ListenerConfig } from '../../config/listenerConfig.ts';
import { parseNodeName, type NodeId, type NodeName } from '../../base/ids.ts';
import type { AuthnResult } from '../../protocol/authentication.ts';
import type { SharedTables } from '../../cluster/shared/sharedTables.ts';
import { SharedState } from '../sharedState.ts';
import { AuthnService } from './authnService.ts';

const PASSWORD = { mechanism: 'password_based', backend: 'built_in_database' };
const SCRAM = { mechanism: 'scram', backend: 'built_in_database' };
const ID = 'password_based:built_in_database';
const SCRAM_ID = 'scram:built_in_database';

let folder: string;
let logged: { msg: string; fields: LogFields }[];
let services: AuthnService[];
let shared: SharedState | undefined;

beforeEach(async () => {
  folder = await createTempDir();
  logged = [];
  services = [];
});
afterEach(async () => {
  for (const service of services) service.dispose();
  shared?.dispose();
  shared = undefined;
  await removeTempDir(folder);
});

function chainOf(...given: unknown[]): readonly AuthenticatorConfig[] {
  const read = readAuthentication(given);
  if (!read.ok) throw new Error(read.problem);
  return read.value;
}

/** The tables as the folder has them; what was open before is closed. */
function sharedTables(log: Log): SharedTables {
  shared?.dispose();
  shared = new SharedState({ dataDir: folder, life: { nodeId: '0a'.repeat(16) as NodeId, incarnation: 1 }, log });
  return shared.tables;
}

async function open(authentication?: readonly AuthenticatorConfig[], listener: Partial<ListenerConfig> = {}): Promise<AuthnService> {
  for (const service of services.splice(0)) service.dispose();
  const record = (msg: string, fields: LogFields = {}) => void logged.push({ msg, fields });
  const log: Log = { debug() {}, info: record, warn: record, error: record };
  const node = { name: parseNodeName('test@127.0.0.1') as NodeName, cookie: 'x', dataDir: folder };
  const listeners = [{ id: 'tcp:default', enableAuthn: true, authentication: undefined, ...listener }];
  const service = await AuthnService.open({ config: { authentication, node, listeners }, tables: sharedTables(log), clock: { now: () => 1_000_000 }, log });
  services.push(service);
  return service;
}

function login(service: AuthnService, username: string, password: string, clientId = 'c'): Promise<AuthnResult> {
  const credentials = { clientId, username, password: Buffer.from(password), peerHost: '127.0.0.1', isBridge: false };
  return Promise.resolve(service.chains.chainOf('tcp:default').authenticate(credentials));
}

const OK = { result: 'ok', isSuperuser: false };
const WRONG = { result: 'error', reasonCode: 0x86 };
const NOBODY = { result: 'error', reasonCode: 0x87 };
const failure = (promise: Promise<unknown>) => promise.then(() => 'done', (error: { code: string }) => error.code);

describe('the built-in database of passwords', () => {
  it('knows users, refuses wrong passwords, and passes on who is not in it', async () => {
    const service = await open(chainOf(PASSWORD));
    expect(await service.addUser('global', ID, { userId: 'ann', password: 'pw', isSuperuser: true })).toEqual({ user_id: 'ann', is_superuser: true });
    expect([await login(service, 'ann', 'pw'), await login(service, 'ann', 'no'), await login(service, 'bob', 'pw')]).toEqual([
      { result: 'ok', isSuperuser: true },
      WRONG,
      NOBODY,
    ]);
    expect(service.figures('global', ID)).toEqual({ total: 3, success: 1, failed: 1, nomatch: 1, rate: 0, rate_max: 3, rate_last5m: 0.01 });
  });

  it('can go by client ids', async () => {
    const service = await open(chainOf({ ...PASSWORD, user_id_type: 'clientid' }));
    await service.addUser('global', ID, { userId: 'c7', password: 'pw', isSuperuser: false });
    expect([await login(service, 'anybody', 'pw', 'c7'), await login(service, 'c7', 'pw', 'c8')]).toEqual([OK, NOBODY]);
  });

  it('keeps users over a restart, changes them, and forgets them', async () => {
    const config = chainOf({ ...PASSWORD, password_hash_algorithm: { name: 'pbkdf2', mac_fun: 'sha256', iterations: 100 } });
    await (await open(config)).addUser('global', ID, { userId: 'ann', password: 'pw', isSuperuser: false });
    const service = await open(config);
    expect(await login(service, 'ann', 'pw')).toEqual(OK);
    await service.changeUser('global', ID, 'ann', { password: 'new', isSuperuser: undefined });
    expect([await login(service, 'ann', 'pw'), await login(service, 'ann', 'new')]).toEqual([WRONG, OK]);
    await service.changeUser('global', ID, 'ann', { password: undefined, isSuperuser: true });
    expect([await login(service, 'ann', 'new'), service.user('global', ID, 'ann')]).toEqual([
      { result: 'ok', isSuperuser: true },
      { user_id: 'ann', is_superuser: true },
    ]);
    await service.removeUser('global', ID, 'ann');
    expect([await login(service, 'ann', 'new'), service.users('global', ID)]).toEqual([NOBODY, []]);
  });

  it('refuses a second user of one name, also when both come at once, and changes to nobody', async () => {
    const service = await open(chainOf(PASSWORD));
    const add = () => failure(service.addUser('global', ID, { userId: 'ann', password: 'pw', isSuperuser: false }));
    expect(await Promise.all([add(), add()])).toEqual(['done', 'AUTHN_USER_EXISTS']);
    expect([
      await failure(service.changeUser('global', ID, 'bob', { password: 'x', isSuperuser: false })),
      await failure(service.removeUser('global', ID, 'bob')),
    ]).toEqual(['AUTHN_USER_NOT_FOUND', 'AUTHN_USER_NOT_FOUND']);
  });

  it('takes users from a file, in rows or as text, and says what became of each', async () => {
    const service = await open(chainOf(PASSWORD));
    await service.addUser('global', ID, { userId: 'ann', password: 'old', isSuperuser: false });
    const text = 'user_id,password,is_superuser\nann,pw,true\nbob,1,false\nbob,2,false\n,3,false\n';
    expect(await service.importUsers('global', ID, { format: 'csv', text }, 'plain')).toEqual({ total: 4, success: 1, override: 1, skipped: 1, failed: 1 });
    expect([await login(service, 'ann', 'pw'), await login(service, 'bob', '2')]).toEqual([{ result: 'ok', isSuperuser: true }, OK]);
    expect(await failure(service.importUsers('global', ID, { format: 'json', text: '{}' }, 'plain'))).toBe('AUTHN_BAD_FILE');
  });

  it('begins with the users of its bootstrap file, and leaves those that are there alone', async () => {
    const file = join(folder, 'users.json');
    await writeFile(file, JSON.stringify([{ user_id: 'ann', password: 'first' }]));
    const config = chainOf({ ...PASSWORD, bootstrap_file: file });
    await (await open(config)).changeUser('global', ID, 'ann', { password: 'changed', isSuperuser: false });
    await writeFile(file, JSON.stringify([{ user_id: 'ann', password: 'first' }, { user_id: 'bob', password: 'new' }])); // prettier-ignore
    const service = await open(config);
    expect([await login(service, 'ann', 'changed'), await login(service, 'bob', 'new')]).toEqual([OK, OK]);
    expect(await failure(open(chainOf({ ...PASSWORD, bootstrap_file: join(folder, 'none.csv') })))).toBe('AUTHN_BAD_FILE');
  });
});

describe('chains changed at run time', () => {
  it('are in force at once and after a restart, unless the configuration says otherwise', async () => {
    const service = await open();
    expect(service.chains.global.isEmpty).toBe(true);
    await service.create('global', PASSWORD);
    expect(await login(service, 'ann', 'pw')).toEqual(NOBODY);
    const again = await open();
    expect(again.list('global').map(({ id }) => id)).toEqual([ID]);
    const configured = await open(chainOf(SCRAM));
    expect(configured.list('global').map(({ id }) => id)).toEqual([SCRAM_ID]);
    expect(logged.map(({ msg }) => msg)).toContain('authentication_of_configuration_in_force');
  });

  it('can be added to, changed, ordered, switched off and removed from', async () => {
    const service = await open(chainOf(PASSWORD));
    const order = () => service.list('global').map(({ id }) => id);
    expect(await service.create('global', { ...SCRAM, enable: false })).toEqual({
      id: SCRAM_ID,
      mechanism: 'scram',
      backend: 'built_in_database',
      enable: false,
      algorithm: 'sha256',
      iteration_count: 4096,
    });
    const orders = [order()];
    for (const position of ['front', `after:${ID}`, `before:${ID}`, 'rear']) {
      await service.move('global', SCRAM_ID, position);
      orders.push(order());
    }
    await service.reorder('global', [SCRAM_ID, ID]);
    orders.push(order());
    const [kept, moved] = [
      [ID, SCRAM_ID],
      [SCRAM_ID, ID],
    ];
    expect(orders).toEqual([kept, moved, kept, moved, kept, moved]);
    await service.update('global', ID, { ...PASSWORD, enable: false });
    expect(service.chains.global.isEmpty).toBe(true);
    await service.remove('global', SCRAM_ID);
    expect(order()).toEqual([ID]);
  });

  it('leave everything as it was when they are refused', async () => {
    const service = await open(chainOf(PASSWORD));
    const before = service.list('global');
    const codes = await Promise.all([
      failure(service.create('global', PASSWORD)),
      failure(service.create('global', { mechanism: 'jwt' })),
      failure(service.create('global', { ...SCRAM, iteration_count: 1 })),
      failure(service.create('tcp:nobody', SCRAM)),
      failure(service.update('global', ID, SCRAM)),
      failure(service.update('global', SCRAM_ID, SCRAM)),
      failure(service.move('global', ID, 'before:nobody')),
      failure(service.move('global', ID, `before:${ID}`)),
      failure(service.reorder('global', [])),
      failure(service.reorder('global', [ID, ID])),
      failure(service.create('global', { ...SCRAM, bootstrap_file: '/nowhere' })),
    ]);
    expect(codes).toEqual([
      'AUTHN_EXISTS',
      'AUTHN_UNSUPPORTED',
      'AUTHN_BAD_CONFIG',
      'AUTHN_NOT_FOUND',
      'AUTHN_BAD_CONFIG',
      'AUTHN_NOT_FOUND',
      'AUTHN_BAD_POSITION',
      'AUTHN_BAD_POSITION',
      'AUTHN_BAD_POSITION',
      'AUTHN_BAD_POSITION',
      'AUTHN_BAD_CONFIG',
    ]);
    expect(service.list('global')).toEqual(before);
  });

  it('of a listener stand before that of all, with users of their own', async () => {
    const service = await open(chainOf(PASSWORD), { authentication: [] });
    await service.addUser('global', ID, { userId: 'ann', password: 'pw', isSuperuser: false });
    expect(await login(service, 'ann', 'pw')).toEqual(OK);
    await service.create('tcp:default', PASSWORD);
    expect([await login(service, 'ann', 'pw'), service.users('tcp:default', ID)]).toEqual([NOBODY, []]);
    await service.remove('tcp:default', ID);
    expect(await login(service, 'ann', 'pw')).toEqual(OK);
    expect([service.chains.modeOf('tcp:default'), service.chains.modeOf('ws:other')]).toEqual(['on', 'on']);
    service.removeListener('tcp:default');
    expect(() => service.list('tcp:default')).toThrow(/There is no listener/);
  });

  it('of a listener stay when it is told something else, and go when it is told another chain', async () => {
    const service = await open(undefined, { authentication: chainOf(PASSWORD) });
    await service.create('tcp:default', SCRAM);
    const ids = () => service.list('tcp:default').map(({ id }) => id);
    await service.setListener({ id: 'tcp:default', enableAuthn: 'quick_deny_anonymous', authentication: chainOf(PASSWORD) });
    expect([ids(), service.chains.modeOf('tcp:default')]).toEqual([[ID, SCRAM_ID], 'quickDeny']);
    await service.setListener({ id: 'tcp:default', enableAuthn: false, authentication: chainOf(SCRAM) });
    expect([ids(), service.chains.modeOf('tcp:default')]).toEqual([[SCRAM_ID], 'off']);
  });

  it('forget the users of an authenticator that is removed', async () => {
    const service = await open(chainOf(PASSWORD));
    await service.addUser('global', ID, { userId: 'ann', password: 'pw', isSuperuser: false });
    await service.remove('global', ID);
    await service.create('global', PASSWORD);
    expect(service.users('global', ID)).toEqual([]);
  });
});

describe('SCRAM users', () => {
  it('go by the spelling of SASLprep, need passwords, and nobody is asked with a salt that stays the same', async () => {
    const first = await open(chainOf(SCRAM));
    expect(await first.addUser('global', SCRAM_ID, { userId: 'I\u00adX', password: 'pencil', isSuperuser: false })).toEqual({ user_id: 'IX', is_superuser: false });
    expect(first.user('global', SCRAM_ID, '\u2168')).toEqual({ user_id: 'IX', is_superuser: false });
    expect(await failure(first.addUser('global', SCRAM_ID, { userId: 'a\u0007', password: 'x', isSuperuser: false }))).toBe('AUTHN_BAD_USER');
    expect(await failure(first.addUser('global', SCRAM_ID, { userId: 'a', password: '\u0007', isSuperuser: false }))).toBe('AUTHN_BAD_USER');
    const hashes = [{ user_id: 'a', password_hash: 'x' }];
    expect(await failure(first.importUsers('global', SCRAM_ID, { format: 'rows', rows: hashes }, 'hash'))).toBe('AUTHN_BAD_USER');
    const saltOf = (service: AuthnService, username: string) => {
      const credentials = { clientId: 'c', username: undefined, password: undefined, peerHost: '', isBridge: false };
      const step = service.chains.global.begin('SCRAM-SHA-256', credentials)?.step(Buffer.from(`n,,n=${username},r=x`));
      return step !== undefined && 'data' in step ? /s=([^,]+),i=4096$/.exec(Buffer.from(step.data ?? []).toString())?.[1] : undefined;
    };
    const salts = [saltOf(first, 'nobody'), saltOf(first, 'nobody'), saltOf(first, 'other'), saltOf(first, 'IX')];
    const second = await open(chainOf(SCRAM));
    expect([saltOf(second, 'nobody'), saltOf(second, 'IX')]).toEqual([salts[0], salts[3]]);
    expect([salts[0] === salts[1], new Set(salts).size, salts.every((salt) => salt?.length === 24)]).toEqual([true, 3, true]);
  });
});
