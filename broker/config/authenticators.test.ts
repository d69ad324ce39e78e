import { describe, expect, it } from 'vitest';
import { printAuthenticator, readAuthentication, readAuthenticator, type AuthenticatorConfig } from './authenticators.ts';
import { loadConfig } from './load.ts';

const PASSWORD = { mechanism: 'password_based', backend: 'built_in_database' };
const SCRAM = { mechanism: 'scram', backend: 'built_in_database' };

const READ: readonly { name: string; given: Record<string, unknown>; config: AuthenticatorConfig }[] = [
  {
    name: 'passwords, with the defaults of EMQX',
    given: PASSWORD,
    config: {
      id: 'password_based:built_in_database',
      enable: true,
      userIdType: 'username',
      passwordHash: { name: 'sha256', saltPosition: 'prefix' },
      bootstrapFile: undefined,
      bootstrapType: 'plain',
    },
  },
  {
    name: 'passwords of client ids, everything set, as text',
    given: {
      ...PASSWORD,
      enable: 'false',
      user_id_type: 'clientid',
      password_hash_algorithm: { name: 'pbkdf2', mac_fun: 'sha', iterations: '1000', dk_length: '20' },
      bootstrap_file: 'users.csv',
      bootstrap_type: 'hash',
    },
    config: {
      id: 'password_based:built_in_database',
      enable: false,
      userIdType: 'clientid',
      passwordHash: { name: 'pbkdf2', macFun: 'sha', iterations: 1000, dkLength: 20 },
      bootstrapFile: 'users.csv',
      bootstrapType: 'hash',
    },
  },
  {
    name: 'bcrypt, rounds brought into their range',
    given: { ...PASSWORD, password_hash_algorithm: { name: 'bcrypt', salt_rounds: 31 } },
    config: {
      id: 'password_based:built_in_database',
      enable: true,
      userIdType: 'username',
      passwordHash: { name: 'bcrypt', saltRounds: 10 },
      bootstrapFile: undefined,
      bootstrapType: 'plain',
    },
  },
  { name: 'SCRAM', given: SCRAM, config: { id: 'scram:built_in_database', enable: true, algorithm: 'sha256', iterationCount: 4096 } },
  {
    name: 'SCRAM, everything set',
    given: { ...SCRAM, algorithm: 'sha512', iteration_count: 8192 },
    config: { id: 'scram:built_in_database', enable: true, algorithm: 'sha512', iterationCount: 8192 },
  },
];

describe('an authenticator', () => {
  it.each(READ)('is read and printed: $name', ({ given, config }) => {
    const again = readAuthenticator(printAuthenticator(config));
    expect([readAuthenticator(given), again]).toEqual([
      { ok: true, value: config },
      { ok: true, value: config },
    ]);
  });

  it.each([
    ['is no group', 'jwt', 'an authenticator is a group of fields in braces'],
    ['has no mechanism', { backend: 'built_in_database' }, 'mechanism of an authenticator must be one of password_based, scram'],
    ['has a field nobody knows', { ...SCRAM, colour: 'red' }, 'an authenticator has no field colour'],
    ['has another number', { ...SCRAM, iteration_count: 1 }, 'iteration_count of an authenticator must be a whole number from 4096 to 1000000'],
    [
      'lacks what its hash needs',
      { ...PASSWORD, password_hash_algorithm: { name: 'pbkdf2', mac_fun: 'sha' } },
      'iterations of password_hash_algorithm must be a whole number from 1 to 10000000',
    ],
  ])('that %s is refused', (_name, given, problem) => {
    expect(readAuthenticator(given)).toEqual({ ok: false, problem, unsupported: false });
  });

  it.each([
    [{ mechanism: 'jwt' }, 'mechanism jwt is not supported yet'],
    [{ mechanism: 'password_based', backend: 'redis', server: 'x' }, 'backend redis is not supported yet'],
    [{ ...PASSWORD, password_hash_algorithm: { name: 'pbkdf2', mac_fun: 'md4', iterations: 1 } }, 'mac_fun md4 is not supported yet'],
    [{ ...SCRAM, precondition: 'true' }, 'precondition is not supported yet'],
  ])('that EMQX knows and Busbar does not is told apart: %o', (given, problem) => {
    expect(readAuthenticator(given)).toEqual({ ok: false, problem, unsupported: true });
  });

  it('is in a chain once', () => {
    expect(readAuthentication([PASSWORD, PASSWORD])).toMatchObject({ ok: false, problem: 'password_based:built_in_database is there twice' });
  });
});

describe('the key authentication', () => {
  it('is read from a file, for all listeners and for one, with folders expanded', () => {
    const text = `
      authentication = [
        { mechanism = password_based, backend = built_in_database, bootstrap_file = "\${EMQX_ETC_DIR}/users.csv"
          password_hash_algorithm { name = sha512, salt_position = suffix } }
        { mechanism = scram, backend = built_in_database }
      ]
      listeners.tcp.default { authentication = [], enable_authn = quick_deny_anonymous }`;
    const { config, problems } = loadConfig({ text, env: { EMQX_ETC_DIR: '/etc/emqx' } });
    expect(problems).toEqual([]);
    expect(config?.authentication).toMatchObject([
      { id: 'password_based:built_in_database', bootstrapFile: '/etc/emqx/users.csv', passwordHash: { name: 'sha512', saltPosition: 'suffix' } },
      { id: 'scram:built_in_database' },
    ]);
    const [tcp] = config?.listeners ?? [];
    expect([tcp?.id, tcp?.authentication, tcp?.enableAuthn]).toEqual(['tcp:default', [], 'quick_deny_anonymous']);
  });

  it('is undefined when nothing was said', () => {
    expect(loadConfig({}).config?.authentication).toBeUndefined();
  });

  it.each([
    ['authentication=[{mechanism=password_based,backend=mysql}]', 'CONFIG_UNSUPPORTED', /: authentication: backend mysql is not supported yet/],
    ['authentication=[{mechanism=scram,backend=built_in_database,secret=hunter2}]', 'CONFIG_BAD_VALUE', /: authentication: an authenticator has no field secret$/],
    ['authentication={mechanism=scram}', 'CONFIG_UNSUPPORTED', /Write authentication as a list/],
    ['listeners.ws.x.authentication=7', 'CONFIG_BAD_VALUE', /: listeners.ws.x.authentication: an authenticator is a group/],
  ])('refuses %s', (set, code, message) => {
    const [problem] = loadConfig({ sets: [set] }).problems;
    expect([problem?.code, problem?.message]).toEqual([code, expect.stringMatching(message)]);
  });
});
