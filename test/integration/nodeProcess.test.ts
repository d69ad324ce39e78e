/** The node as a process: its ready line, its refusals, its end. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { FailedEvent, NodeMessage } from '../../broker/api/schema/control.ts';
import { BROKER_MAIN, setArguments, startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { isAlive, runProcess, startProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir, withTempDir } from '../support/tempDir.ts';
import { waitFor, within } from '../support/waitFor.ts';

const started: BrokerProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((broker) => broker.end()));
});

async function start(sets: readonly string[] = []): Promise<BrokerProcess> {
  const broker = await startBroker(sets);
  started.push(broker);
  return broker;
}

/** Runs a node that is expected to refuse; its failed line, the sentence behind it, and its exit code. */
async function refused(args: readonly string[]) {
  const result = await runProcess(process.execPath, [BROKER_MAIN, ...args], { lifetimeMs: 20_000 });
  const lines = result.stderr.split('\n');
  const at = lines.findIndex((line) => line.startsWith('{"event":"failed"'));
  return { failed: JSON.parse(lines[at] ?? '{}') as FailedEvent, sentence: lines[at + 1], code: result.code, stdout: result.stdout };
}

describe('a node', () => {
  it('prints exactly one line when it is ready, with the addresses it got', async () => {
    const { ready, process: node } = await start(['node.name=one@127.0.0.1']);
    expect(ready).toEqual({
      event: 'ready',
      node: 'one@127.0.0.1',
      listeners: { 'tcp:default': expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string },
      api: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/v5$/) as string,
      cluster: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      pid: node.pid,
    });
    expect(node.stdout().trim().split('\n')).toHaveLength(1);
    expect(await (await fetch(`${ready.api}/status`)).text()).toContain('emqx is running');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s with code 0 and lets go of its data directory', async (signal) => {
    const { process: node, dataDir } = await start();
    node.kill(signal);
    expect(await node.exit()).toEqual({ code: 0, signal: null });
    await start([`node.data_dir=${dataDir}`]);
  });

  it('takes over the data directory of a node that was killed', async () => {
    const { process: node, dataDir } = await start();
    node.kill('SIGKILL');
    await node.exit();
    await start([`node.data_dir=${dataDir}`]);
  });

  it('prints its keys with --help and its version with --version', async () => {
    const [help, version] = await Promise.all(['--help', '--version'].map((flag) => runProcess(process.execPath, [BROKER_MAIN, flag])));
    expect(help?.stdout).toContain('--set key=value');
    expect(help?.stdout).toContain('mqtt.max_packet_size');
    expect(version?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('a node under a supervisor', () => {
  it('sends its ready line and a snapshot every second, obeys stop, and ends', () =>
    withTempDir('busbar-node-', async (dataDir) => {
      const child = forkBroker(dataDir);
      const messages: NodeMessage[] = [];
      child.on('message', (message) => messages.push(message as NodeMessage));
      const exit = once(child, 'exit');
      const snapshot = await waitFor('a snapshot', () => messages.find((message) => message.event === 'snapshot')?.snapshot, 20_000);
      expect(messages[0]?.event).toBe('ready');
      expect(snapshot).toMatchObject({ pid: child.pid, connections: 0, messagesIn: 0, links: [], acl: null, listeners: [{ id: 'tcp:default', connections: 0 }] });
      expect(snapshot.rssBytes).toBeGreaterThan(10_000_000);
      child.send({ command: 'applyAcl', requestId: 1, text: '{allow, all' });
      child.send({ command: 'applyAcl', requestId: 2, text: '{deny, all, publish, ["a"]}.\n{allow, all}.' });
      const applied = await waitFor('two answers', () => {
        const answers = messages.filter((message) => message.event === 'aclApplied');
        return answers.length === 2 && answers;
      });
      expect(applied).toMatchObject([
        { requestId: 1, result: { ok: false, problems: [{ line: 1, severity: 'error' }] } },
        { requestId: 2, result: { ok: true, rules: 2 } },
      ]);
      child.send({ command: 'stop' });
      expect(await within('the end', exit)).toEqual([0, null]);
      expect(messages.map((message) => message.event)).toContain('stopping');
    }));

  it('ends when its supervisor is killed: no orphans', () =>
    withTempDir('busbar-node-', async (dataDir) => {
      const args = JSON.stringify([...privateArguments(dataDir)]);
      const script = `const child = require('node:child_process').fork(${JSON.stringify(BROKER_MAIN)}, ${args}, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }); child.on('message', (m) => m.event === 'ready' && console.log(m.pid));`;
      const supervisor = startProcess(process.execPath, ['-e', script]);
      const pid = Number(await supervisor.line((line) => /^\d+$/.test(line), 20_000));
      supervisor.kill('SIGKILL');
      await waitFor('the end of the node', async () => !(await isAlive(pid)));
    }));
});

function privateArguments(dataDir: string): string[] {
  return setArguments([
    'listeners.tcp.default.bind=127.0.0.1:0',
    'listeners.ws.default.enable=false',
    'dashboard.listeners.http.bind=127.0.0.1:0',
    'cluster.port=0',
    'node.cookie=test',
    `node.data_dir=${dataDir}`,
  ]);
}

function forkBroker(dataDir: string) {
  return fork(BROKER_MAIN, privateArguments(dataDir), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}

describe('a node refuses', () => {
  it('a port that is in use, and names port, listener and holder', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const dataDir = await createTempDir('busbar-node-');
    try {
      const { failed, sentence, code, stdout } = await refused(setArguments([`node.data_dir=${dataDir}`, `listeners.tcp.default.bind=127.0.0.1:${port}`, 'cluster.port=0']));
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(failed).toMatchObject({ code: 'LISTENER_PORT_IN_USE', details: { listener: 'tcp:default', port } });
      expect(sentence).toContain(`127.0.0.1:${port}`);
      if (process.platform === 'linux') expect(failed.details).toMatchObject({ holder: process.pid });
    } finally {
      await new Promise((resolve) => server.close(resolve));
      await removeTempDir(dataDir);
    }
  });

  it.each([
    ['the REST API', 'dashboard.listeners.http.bind=127.0.0.1:PORT', 'API_PORT_IN_USE'],
    ['the cluster', 'cluster.port=PORT', 'CLUSTER_PORT_IN_USE'],
  ])('a port of %s that is in use, and lets go of everything it had opened', async (_name, set, errorCode) => {
    const holder = await start();
    const dataDir = await createTempDir('busbar-node-');
    const last = setArguments([set.replace('PORT', String(holder.port))]);
    try {
      const { failed, code } = await refused([...privateArguments(dataDir), ...last]);
      expect({ code, failed }).toMatchObject({ code: 1, failed: { code: errorCode, details: { port: holder.port } } });
      if (process.platform === 'linux') expect(failed.details['holder']).toBe(holder.process.pid);
    } finally {
      await removeTempDir(dataDir);
    }
  });

  it('a data directory that another node holds, and names its process', async () => {
    const { dataDir, process: node } = await start();
    const { failed, code } = await refused(privateArguments(dataDir));
    expect({ code, failed }).toMatchObject({ code: 1, failed: { code: 'DATA_DIR_IN_USE', details: { pid: node.pid } } });
  });

  it.each([
    ['an unknown flag', ['--prot', '1'], 'CLI_UNKNOWN_FLAG', '--prot'],
    ['an unknown key', ['--set', 'mqtt.max_paket_size=1MB'], 'CONFIG_UNKNOWN_KEY', 'max_paket_size'],
    ['a bad value', ['--set', 'mqtt.max_qos_allowed=7'], 'CONFIG_BAD_VALUE', 'max_qos_allowed'],
    ['a file that is not there', ['--config', '/nonexistent/busbar.conf'], 'CONFIG_FILE_UNREADABLE', '/nonexistent/busbar.conf'],
  ])('%s', async (_name, args, errorCode, part) => {
    const { failed, sentence, code } = await refused(args);
    expect({ code, errorCode: failed.code }).toEqual({ code: 1, errorCode });
    expect(failed.message).toContain(part);
    expect(failed.hint.length).toBeGreaterThan(10);
    expect(sentence).toContain(failed.hint);
  });

  it('rules that do not parse, with their place', () =>
    withTempDir('busbar-node-', async (directory) => {
      const { writeFile } = await import('node:fs/promises');
      const file = join(directory, 'acl.conf');
      await writeFile(file, '{allow, all}.\n{deny, al}.\n');
      const { failed, code } = await refused([...privateArguments(join(directory, 'data')), '--set', `authorization.sources=[{type = file, path = "${file}"}]`]);
      expect({ code, failed }).toMatchObject({ code: 1, failed: { code: 'ACL_SYNTAX', details: { line: 2 } } });
    }));
});
