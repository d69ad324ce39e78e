/** Access rules of a real node, as Debian's mosquitto clients meet them: allowed, denied, changed without a restart, broken and refused. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROKER_MAIN, setArguments, startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { canInstallPackages, findProgram, installPackages } from '../support/debianPackages.ts';
import { runProcess, startProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const RULES = [
  '{allow, {username, "ops"}, all, ["plant/#"]}.',
  '{allow, {clientid, {re, "^press-"}}, publish, ["plant/${clientid}/telemetry"]}.',
  '{deny, all, subscribe, [{eq, "#"}, "secret/#"]}.',
  '{deny, all, publish, ["plant/#"]}.',
  '{allow, all}.',
  '',
].join('\n');

let folder: string;
let aclFile: string;
let broker: BrokerProcess;

beforeAll(async () => {
  if ((await findProgram('mosquitto_pub')) === null && (await canInstallPackages())) await installPackages(['mosquitto-clients']);
  folder = await createTempDir('busbar-acl-');
  aclFile = join(folder, 'acl.conf');
  await writeFile(aclFile, RULES);
  broker = await startBroker([`acl_file=${aclFile}`]);
}, 360_000);
afterAll(async () => {
  await broker.end();
  await removeTempDir(folder);
});

/** What the broker said to a publish at QoS 1 with MQTT 5: the reason code decides. */
async function publish(clientId: string, topic: string, ...more: string[]): Promise<'allowed' | 'denied'> {
  const args = ['-p', String(broker.port), '-V', 'mqttv5', '-i', clientId, '-q', '1', '-t', topic, '-m', 'x', ...more];
  const { stderr, stdout } = await runProcess('mosquitto_pub', args, { lifetimeMs: 20_000 });
  return /not authorized/i.test(stderr + stdout) ? 'denied' : 'allowed';
}

async function subscribe(clientId: string, filter: string, ...more: string[]): Promise<'allowed' | 'denied'> {
  const args = [
    '-oL',
    'mosquitto_sub',
    '-p',
    String(broker.port),
    '-V',
    'mqttv311',
    '-i',
    clientId,
    '-q',
    '1',
    '-t',
    filter,
    '-d',
    ...more,
  ];
  const client = startProcess('stdbuf', args, { lifetimeMs: 20_000 });
  try {
    const answer = await client.line((line) => line.startsWith('Subscribed'));
    // "Subscribed (mid: 1): 1", or 128 when refused.
    return answer.trim().endsWith('128') ? 'denied' : 'allowed';
  } finally {
    await client.end();
  }
}

/** Events of the node's log with this name, oldest first. */
function events(name: string): Record<string, unknown>[] {
  return broker.process
    .stderr()
    .split('\n')
    .filter((line) => line.includes(`"${name}"`))
    .map((line) => JSON.parse(line) as { msg: string; fields: Record<string, unknown> })
    .filter(({ msg }) => msg === name)
    .map(({ fields }) => fields);
}

describe('a node with rules', () => {
  it('lets publish what they allow and refuses what they deny', async () => {
    expect([
      await publish('c1', 'plant/line-1'),
      await publish('c1', 'plant/line-1', '-u', 'ops'),
      await publish('press-7', 'plant/press-7/telemetry'),
      await publish('press-7', 'plant/press-8/telemetry'),
      await publish('c1', 'elsewhere'),
    ]).toEqual(['denied', 'allowed', 'allowed', 'denied', 'allowed']);
  });

  it('lets subscribe what they allow and refuses what they deny', async () => {
    expect([
      await subscribe('c1', '#'),
      await subscribe('c1', 'secret/a'),
      await subscribe('c1', '$share/g/secret/#'),
      await subscribe('c1', 'plant/#'),
    ]).toEqual(['denied', 'denied', 'denied', 'allowed']);
  });

  it('takes a changed file without a restart', async () => {
    await writeFile(`${aclFile}.new`, '{deny, {username, "ops"}, publish, ["#"]}.\n{allow, all}.\n');
    await rename(`${aclFile}.new`, aclFile);
    await waitFor('the new rules', async () => (await publish('c1', 'plant/line-1')) === 'allowed');
    expect([await publish('c1', 'plant/line-1'), await publish('c1', 'plant/line-1', '-u', 'ops')]).toEqual([
      'allowed',
      'denied',
    ]);
  });

  it('refuses a broken file with its place and goes on with the rules in force', async () => {
    await writeFile(aclFile, '{allow, all}.\n{deny, all, publish, ["a"}.\n');
    await waitFor('the refusal', () => events('acl_refused').length > 0);
    expect(events('acl_refused')).toEqual([
      { source: 'file', path: aclFile, line: 2, column: 26, code: 'ACL001', reason: 'Expected , or ] before }', errors: 1 },
    ]);
    expect([await publish('c1', 'plant/line-1'), await publish('c1', 'plant/line-1', '-u', 'ops')]).toEqual([
      'allowed',
      'denied',
    ]);
  });
});

describe('a node does not start', () => {
  it.each([
    ['with a broken file', '{allow, everybody, publish, ["a"]}.\n', 'ACL_SYNTAX'],
    ['without its file', undefined, 'ACL_FILE_UNREADABLE'],
  ])('%s', async (_name, text, code) => {
    const path = join(folder, `${code}.conf`);
    if (text !== undefined) await writeFile(path, text);
    const sets = [
      'listeners.tcp.default.bind=127.0.0.1:0',
      'listeners.ws.default.enable=false',
      'dashboard.listeners.http.bind=127.0.0.1:0',
      'cluster.port=0',
      'node.cookie=test',
      `node.data_dir=${join(folder, code)}`,
      `acl_file=${path}`,
    ];
    const { code: exitCode, stderr } = await runProcess(process.execPath, [BROKER_MAIN, ...setArguments(sets)], {
      lifetimeMs: 20_000,
    });
    expect(exitCode).toBeGreaterThan(0);
    const failed = stderr.split('\n').find((line) => line.startsWith('{"event":"failed"'));
    expect(JSON.parse(failed ?? '{}')).toMatchObject({ code, message: expect.stringContaining(path) as string });
  });
});
