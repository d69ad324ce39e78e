/** The command line against a real server: every command's output as scripts written for EMQX read it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../broker/base/log.ts';
import { runCtl } from '../../broker/cli/runCtl.ts';
import { loadConfig } from '../../broker/config/load.ts';
import type { AdminServer } from '../../broker/io/adminServer.ts';
import { startTestAdminServer } from '../support/adminServer.ts';
import { clientRow, FakeAdmin } from '../support/fakeAdmin.ts';
import { freePort } from '../support/ports.ts';
import { runProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';

const A = 'emqx1@127.0.0.1';
const B = 'emqx2@127.0.0.1';
const subscription = (clientid: string, node: string, topic: string) => ({
  clientid,
  node,
  topic,
  qos: 1,
  nl: 0,
  rap: 1,
  rh: 2,
  durable: false,
});
const ADMIN = new FakeAdmin(
  [
    {
      name: A,
      clients: [
        clientRow('c1', A, { username: 'u1', port: 62_135 }),
        clientRow('c2', A, { connected: false, disconnected_at: '2026-01-02T03:04:06.000Z' }),
      ],
      subscriptions: [subscription('c1', A, 'a/b')],
      stats: { 'connections.count': 2 },
      metrics: { 'messages.dropped.no_subscribers': 3 },
    },
    { name: B, clients: [clientRow('c3', B)], subscriptions: [subscription('c3', B, '$share/g/x')] },
    { name: 'emqx3@127.0.0.1', status: 'stopped' },
  ],
  [
    { topic: '$share/g/x', node: B },
    { topic: 'a/b', node: A },
  ],
);

let folder: string;
let server: AdminServer;
let keyed: AdminServer;

async function start(...sets: string[]): Promise<AdminServer> {
  const { config, problems } = loadConfig({ sets: ['dashboard.listeners.http.bind=0', ...sets] });
  if (!config) throw new Error(JSON.stringify(problems));
  return startTestAdminServer({ config, admin: ADMIN, version: '0.1.0', log: silentLog, isRunning: () => true });
}

beforeAll(async () => {
  folder = await createTempDir();
  await writeFile(join(folder, 'keys'), 'k:s:viewer\n');
  server = await start(`node.data_dir=${join(folder, 'a')}`, `api_key.bootstrap_file=${join(folder, 'keys')}`);
  keyed = await start(
    `node.data_dir=${join(folder, 'b')}`,
    'dashboard.default_password=other',
    `api_key.bootstrap_file=${join(folder, 'keys')}`,
  );
});
afterAll(async () => {
  await server.close();
  await keyed.close();
  await removeTempDir(folder);
});

async function ctl(argv: readonly string[], env: Record<string, string> = {}) {
  const output: string[] = [];
  const errors: string[] = [];
  const code = await runCtl({ argv, env, print: (line) => output.push(line), printError: (line) => errors.push(line) });
  return { code, output: output.join('\n'), errors: errors.join('\n') };
}
const KEY = { BUSBAR_API_KEY: 'k', BUSBAR_API_SECRET: 's' };
const ask = (...words: string[]) => ctl([...words, '--api', server.url], KEY);

const C1 =
  'Client(c1, username=u1, peername=127.0.0.1:62135, clean_start=true, keepalive=60, session_expiry_interval=0, subscriptions=0, inflight=0, ' +
  'awaiting_rel=0, delivered_msgs=0, enqueued_msgs=0, dropped_msgs=0, connected=true, created_at=1767323045678, connected_at=1767323045678)';
const C2 =
  'Client(c2, username=undefined, peername=127.0.0.1:50000, clean_start=true, keepalive=60, session_expiry_interval=0, subscriptions=0, inflight=0, ' +
  'awaiting_rel=0, delivered_msgs=0, enqueued_msgs=0, dropped_msgs=0, connected=false, created_at=1767323045678, connected_at=1767323045678, ' +
  'disconnected_at=1767323046000)';

describe('a command', () => {
  it.each<[string, number, string]>([
    ['status', 0, `Node '${A}' 0.1.0 is started`],
    [
      'cluster status',
      0,
      `Cluster status: #{running_nodes => ['${A}','${B}'],\n                  stopped_nodes => ['emqx3@127.0.0.1']}`,
    ],
    ['cluster status --json', 0, `{"running_nodes":["${A}","${B}"],"stopped_nodes":["emqx3@127.0.0.1"]}`],
    ['clients list', 0, `${C1}\n${C2}`],
    ['clients show c1', 0, C1],
    ['clients show nobody', 1, 'Not Found.'],
    ['subscriptions list', 0, 'c1 -> topic:a/b qos:1 nl:0 rh:2 rap:1'],
    ['subscriptions list --cluster', 0, 'c1 -> topic:a/b qos:1 nl:0 rh:2 rap:1\nc3 -> topic:$share/g/x qos:1 nl:0 rh:2 rap:1'],
    ['subscriptions show c3', 0, 'c3 -> topic:$share/g/x qos:1 nl:0 rh:2 rap:1'],
    ['subscriptions show c2', 1, 'Not Found.'],
    ['topics list', 0, `$share/g/x -> ${B}\na/b -> ${A}`],
    ['topics show a/b', 0, `a/b -> ${A}`],
    ['topics show a', 1, 'Not Found.'],
  ])('%s', async (words, code, output) => {
    expect(await ask(...words.split(' '))).toEqual({ code, output, errors: '' });
  });

  it('that lists clients of the whole cluster names those of every node', async () => {
    const { output } = await ask('clients', 'list', '--cluster');
    expect(output.split('\n').map((line) => line.split(',', 1)[0])).toEqual(['Client(c1', 'Client(c2', 'Client(c3']);
  });

  it('that prints numbers sorts them and cuts names at 30 columns, as scripts expect', async () => {
    const { output: stats } = await ask('broker', 'stats');
    expect(stats.split('\n').filter((line) => line.startsWith('connections'))).toEqual([
      'connections.count             : 2',
      'connections.max               : 0',
    ]);
    const { output: metrics } = await ask('broker', 'metrics');
    expect(metrics).toContain('\nmessages.dropped.no_subscriber: 3\n');
    expect(metrics.split('\n')).toEqual([...metrics.split('\n')].sort());
  });

  it('broker tells version and age', async () => {
    const { output } = await ask('broker');
    expect(output).toMatch(/^sysdescr {2}: Busbar\nversion {3}: 0\.1\.0\ndatetime {2}: \d{4}-.*Z\nuptime {4}: 1 seconds$/);
  });

  it('takes the address of the API in any of its forms', async () => {
    const root = server.url.replace('/api/v5', '');
    for (const url of [root, `${root}/`, server.url, `${server.url}/`])
      expect((await ctl(['status', '--api', url])).code).toBe(0);
  });
});

describe('credentials', () => {
  it('are the API key of the flags or of the environment', async () => {
    expect((await ctl(['topics', 'list', '--api', keyed.url, '--key', 'k', '--secret', 's'])).code).toBe(0);
    expect((await ctl(['topics', 'list', '--api', keyed.url], KEY)).code).toBe(0);
  });

  it('are those of the shipped administrator where nothing is given', async () => {
    expect((await ctl(['topics', 'list', '--api', server.url])).code).toBe(0);
  });

  it.each<[string, string[], Record<string, string>, string]>([
    ['a wrong secret', [], { BUSBAR_API_KEY: 'k', BUSBAR_API_SECRET: 'x' }, 'BAD_API_KEY_OR_SECRET: Basic authentication takes'],
    ['a key without secret', ['--key', 'k'], {}, 'The secret is missing'],
    ['none, where the password was changed', [], {}, 'The administrator no longer has the shipped password'],
  ])('%s: one clear error', async (_, flags, env, message) => {
    const { code, output, errors } = await ctl(['topics', 'list', '--api', keyed.url, ...flags], env);
    expect([
      code,
      output,
      errors.startsWith(message),
      errors.includes('BUSBAR_API_KEY') || errors.includes('API_REFUSED'),
    ]).toEqual([2, '', true, true]);
  });

  it('that everybody knows are never sent to another machine', async () => {
    const { code, errors } = await ctl(['topics', 'list', '--api', 'http://broker.example:18083']);
    expect([code, errors.startsWith('http://broker.example:18083/api/v5 is on another machine and needs an API key')]).toEqual([
      2,
      true,
    ]);
  });
});

describe('a wrong command line', () => {
  it.each<[string, string]>([
    [
      'cluster status --api',
      "Option '--api <value>' argument missing. Correct the value and run the command again. (CLI_BAD_VALUE)",
    ],
    ['cluster status --jsn', "Unknown option '--jsn'. Run the command with --help to see its flags. (CLI_UNKNOWN_FLAG)"],
    ['topics list --json', 'topics list takes no --json. Run the command with --help to see its flags. (CLI_UNKNOWN_FLAG)'],
    ['clients show', 'Usage: clients show ID. Correct the value and run the command again. (CLI_BAD_VALUE)'],
    ['clients show a b', 'Usage: clients show ID. Correct the value and run the command again. (CLI_BAD_VALUE)'],
    ['nodes', 'There is no command nodes. Run npm run ctl -- help to see all commands. (CLI_UNKNOWN_COMMAND)'],
    [
      'cluster stats',
      'There is no command cluster stats. Run npm run ctl -- help to see all commands. Commands of cluster: cluster status [--json]; cluster join NODE; cluster leave; cluster force-leave NODE; cluster discovery enable; cluster events [COUNT]; cluster links. (CLI_UNKNOWN_COMMAND)',
    ],
    ['status --api ftp://h', 'ftp://h is no address of an API. Give one such as http://127.0.0.1:18083. (CLI_BAD_VALUE)'],
  ])('%s', async (words, errors) => {
    expect(await ctl(words.split(' '))).toEqual({ code: 2, output: '', errors });
  });

  it('asks for help with help, --help or nothing', async () => {
    const { code, output } = await ctl(['help']);
    expect([code, output.split('\n').slice(0, 4)]).toEqual([
      0,
      ['Usage: npm run ctl -- COMMAND [flags]', '', 'Commands:', '  status                                        Whether the node runs'],
    ]);
    expect((await ctl(['cluster', 'status', '--help'])).output).toBe(output);
    expect((await ctl([])).output).toBe(output);
  });
});

describe('checks of files', () => {
  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  it('accept good ones', async () => {
    const acl = await file('good.conf', '{allow, all}.\n');
    expect(await ctl(['acl', 'check', acl])).toEqual({ code: 0, output: `${acl} is accepted: 1 rule.`, errors: '' });
    const conf = await file('good.hocon', 'node.cookie = c\n');
    expect(await ctl(['conf', 'check', conf])).toEqual({ code: 0, output: `${conf} is accepted.`, errors: '' });
  });

  it('name every fault of bad ones with its place', async () => {
    const acl = await file('bad.conf', '{allow, all}.\n{allow bad}.\n');
    const checked = await ctl(['acl', 'check', acl]);
    expect([
      checked.code,
      checked.output.split('\n').length > 1,
      checked.output.startsWith(`${acl}:2:`),
      checked.output.endsWith(`${acl} is refused.`),
    ]).toEqual([1, true, true, true]);
    const conf = await file('bad.hocon', 'node.cookie = c\nnode.nam = x\n');
    expect(await ctl(['conf', 'check', conf])).toEqual({
      code: 1,
      output: `${conf}:2:1: there is no key node.nam. Did you mean node.name? (CONFIG_UNKNOWN_KEY)\n${conf} is refused.`,
      errors: '',
    });
  });

  it('say when a file cannot be read', async () => {
    const { code, errors } = await ctl(['conf', 'check', join(folder, 'missing')]);
    expect([code, errors.includes('Cannot read'), errors.endsWith('(CONFIG_FILE_UNREADABLE)')]).toEqual([2, true, true]);
  });
});

describe('the program', () => {
  it('ends with the exit code of its command, output and errors apart', async () => {
    const good = await runProcess(process.execPath, ['broker/cli/main.ts', 'cluster', 'status', '--json', '--api', server.url], {
      env: { ...process.env, ...KEY },
    });
    expect([good.code, good.stdout, good.stderr]).toEqual([
      0,
      `{"running_nodes":["${A}","${B}"],"stopped_nodes":["emqx3@127.0.0.1"]}\n`,
      '',
    ]);
    const port = await freePort();
    const bad = await runProcess(process.execPath, ['broker/cli/main.ts', 'status', '--api', `http://127.0.0.1:${port}`]);
    expect([
      bad.code,
      bad.stdout,
      bad.stderr.startsWith(`http://127.0.0.1:${port}/api/v5 does not answer: connect ECONNREFUSED`),
    ]).toEqual([2, '', true]);
  });
});
