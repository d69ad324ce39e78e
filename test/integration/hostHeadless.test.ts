/** The headless program as a person starts it: its one line, its lock, its bad input, and that nothing outlives it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHostClient, type HostClient } from '../../electron/contract/rpc.ts';
import { connectWsPipe } from '../../renderer/host/wsPipe.ts';
import { isAlive, runProcess, startProcess, type TestProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { connectionTo, defineCluster } from './hostRig.ts';

const MAIN = fileURLToPath(new URL('../../electron/host/main.ts', import.meta.url));

let home: string;
let project: string;
const started: TestProcess[] = [];
const undo: (() => void)[] = [];

beforeEach(async () => {
  home = await createTempDir('busbar-headless-');
  project = join(home, 'project');
});
afterEach(async () => {
  for (const step of undo.splice(0)) step();
  await Promise.all(started.splice(0).map((child) => child.end()));
  await removeTempDir(home);
});

const env = () => ({ ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, 'config') });

async function startHeadless(...args: string[]): Promise<{ child: TestProcess; url: URL }> {
  const child = startProcess(process.execPath, [MAIN, '--headless', '--project', project, ...args], { env: env() });
  started.push(child);
  const line = await child.line((candidate) => candidate.startsWith('Busbar is ready: '));
  return { child, url: new URL(line.slice('Busbar is ready: '.length)) };
}

function windowOf(url: URL): HostClient {
  const pipe = connectWsPipe({ url: `ws://${url.host}/host`, token: url.hash.slice('#token='.length) });
  const client = createHostClient(pipe);
  undo.push(() => {
    client.dispose();
    pipe.close();
  });
  return client;
}

describe('the headless program', () => {
  it('prints its address with a token and answers a window that has it', async () => {
    const { url } = await startHeadless();
    expect(url.href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[A-Za-z0-9_-]{32}$/);
    const client = windowOf(url);
    expect(await client.call('app/info')).toMatchObject({ mode: 'headless', platform: process.platform });
    expect(await client.call('project/get')).toEqual({ name: 'project', path: project, displayPath: '~/project', problems: [] });
    expect((await readFile(join(project, '.gitignore'), 'utf8')).trim()).toBe('.busbar/');
  });

  it('keeps token and port over a restart, so that open tabs come back', async () => {
    const first = await startHeadless();
    await first.child.end();
    const second = await startHeadless();
    expect(second.url.href).toBe(first.url.href);
  });

  it('refuses a project that is open already, and leaves it alone', async () => {
    const { url, child } = await startHeadless();
    const second = await runProcess(process.execPath, [MAIN, '--project', project], { env: env() });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toBe(`busbar: The project ~/project is open in another Busbar (process ${child.pid}).\nClose the other Busbar window that has this project open.\n`);
    expect(await windowOf(url).call('app/info')).toMatchObject({ mode: 'headless' });
  });

  it.each([
    [['--projekt', 'x'], "busbar: Unknown option '--projekt'\nRun the command with --help to see its flags.\n"],
    [['--port', 'many'], 'busbar: --port takes a number from 0 to 65535, not "many".\nCorrect the value and run the command again.\n'],
  ])('answers %j with one clear error', async (args, expected) => {
    const result = await runProcess(process.execPath, [MAIN, ...args], { env: env() });
    expect(result).toEqual({ code: 1, signal: null, stdout: '', stderr: expected });
  });

  it('names a port that is taken', async () => {
    const { url } = await startHeadless();
    project = join(home, 'other');
    const result = await runProcess(process.execPath, [MAIN, '--project', project, '--port', url.port], { env: env() });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`The port ${url.port} on 127.0.0.1 is taken by another program.`);
  });

  it('works around files that cannot be read, and loses none of them', async () => {
    await mkdir(join(project, 'clients'), { recursive: true });
    const broken = 'name: test\nnodes: [\n  {name: busbar-1\n';
    await writeFile(join(project, 'busbar.yaml'), broken);
    await writeFile(join(project, 'clients', 'odd.yaml'), 'id: odd\n');
    const client = windowOf((await startHeadless()).url);
    const { problems } = await client.call('project/get');
    expect(problems.map(({ file }) => file)).toEqual(['busbar.yaml', 'clients/odd.yaml']);
    expect(problems[0]?.message).toMatch(/^busbar\.yaml cannot be read: .*line \d/);
    await expect(client.call('cluster/start', {})).rejects.toMatchObject({ code: 'PROJECT_UNREADABLE' });
    await expect(client.call('node/add')).rejects.toMatchObject({ code: 'PROJECT_UNREADABLE' });
    await expect(client.call('connection/save', connectionTo('busbar-1', { id: 'odd' }))).rejects.toMatchObject({ code: 'PROJECT_UNREADABLE' });
    await client.call('connection/save', connectionTo('busbar-1', { id: 'good' }));
    expect((await client.call('connection/list')).map(({ id }) => id)).toEqual(['good']);
    expect(await readFile(join(project, 'busbar.yaml'), 'utf8')).toBe(broken);
    expect(await readFile(join(project, 'clients', 'odd.yaml'), 'utf8')).toBe('id: odd\n');
    await defineCluster(project, 1);
    expect((await client.call('project/get')).problems.map(({ file }) => file)).toEqual(['clients/odd.yaml']);
    expect((await client.call('cluster/get')).nodes.map(({ name }) => name)).toEqual(['busbar-1']);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('leaves no node behind when it gets %s', async (signal) => {
    await defineCluster(project, 2);
    const { child, url } = await startHeadless();
    const { nodes } = await windowOf(url).call('cluster/start', {});
    const pids = nodes.map(({ pid }) => pid ?? 0);
    expect(await Promise.all(pids.map(isAlive))).toEqual([true, true]);
    child.kill(signal);
    await child.exit();
    await waitFor('every node to end', async () => !(await Promise.all(pids.map(isAlive))).includes(true));
  });
});
