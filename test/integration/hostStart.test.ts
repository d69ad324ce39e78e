/** `npm start` as a person types it: which of the two faces it shows and why, and that nothing outlives what was ended. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHostClient } from '../../electron/contract/rpc.ts';
import { connectWsPipe } from '../../renderer/host/wsPipe.ts';
import { isAlive, runProcess, startProcess, type TestProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { defineCluster } from './hostRig.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START = join(ROOT, 'build', 'start.mjs');
const BUILD_LIMIT_MS = 120_000;

let home: string;
let silent: Server | undefined;
const started: TestProcess[] = [];

// A build that a test has to wait for would say nothing about the test.
beforeAll(async () => {
  const { whyBuild } = await import('../../build/freshness.mjs');
  if (whyBuild(ROOT) !== null) await runProcess(process.execPath, [join(ROOT, 'build', 'build.ts')], { lifetimeMs: BUILD_LIMIT_MS });
}, BUILD_LIMIT_MS);
beforeEach(async () => {
  home = await createTempDir('busbar-start-');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.end()));
  silent?.close();
  silent = undefined;
  await removeTempDir(home);
});

/** A machine with a display, whose Electron is what `change` says. */
function environment(change: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { npm_lifecycle_event: _event, WAYLAND_DISPLAY: _wayland, ...rest } = process.env;
  return { ...rest, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), DISPLAY: ':99', ELECTRON_OVERRIDE_DIST_PATH: join(home, 'no-electron'), ...change };
}

function start(change: NodeJS.ProcessEnv, ...args: string[]): TestProcess {
  const child = startProcess(process.execPath, [START, ...args], { env: environment(change) });
  started.push(child);
  return child;
}

const ready = (child: TestProcess) => child.line((line) => line.startsWith('Busbar is ready: http://127.0.0.1:'), 20_000);
const firstLine = (child: TestProcess) => child.stdout().split('\n')[0];

/** A program in Electron's place. */
async function fakeElectron(script: string): Promise<string> {
  const dir = join(home, 'electron');
  await mkdir(dir);
  await writeFile(join(dir, 'electron'), `#!/bin/sh\n${script}\n`);
  await chmod(join(dir, 'electron'), 0o755);
  return dir;
}

describe('npm start', () => {
  it('serves a browser at once when asked to', async () => {
    const child = start({}, '--headless');
    await ready(child);
    expect(child.stdout()).toMatch(/^Busbar is ready: \S+\n$/);
  });

  it('serves a browser where there is no display, and says so', async () => {
    const child = start({ DISPLAY: '' });
    await ready(child);
    expect(firstLine(child)).toBe('There is no display: the workbench is served to your browser instead.');
  });

  it('serves a browser where Electron is missing and cannot be fetched', async () => {
    const child = start({ ELECTRON_MIRROR: 'http://127.0.0.1:1/' });
    await ready(child);
    expect(firstLine(child)).toBe('Electron is not installed and its download host cannot be reached: the workbench is served to your browser instead.');
  });

  it('does not wait for a download host that says nothing', async () => {
    silent = createServer();
    await new Promise<void>((resolve) => silent?.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const child = start({ ELECTRON_MIRROR: `http://127.0.0.1:${port}/` });
    await ready(child);
    expect(firstLine(child)).toContain('cannot be reached');
  });

  it('serves a browser where Electron ends at once', async () => {
    const child = start({ ELECTRON_OVERRIDE_DIST_PATH: await fakeElectron('exit 127') });
    await ready(child);
    expect(firstLine(child)).toBe('Electron ended at once with exit code 127: the workbench is served to your browser instead.');
  });

  it('opens Electron where it is there, with its flags, and ends with it', async () => {
    const child = start({ ELECTRON_OVERRIDE_DIST_PATH: await fakeElectron('echo "opened $*"; exit 0') }, '--project', '/some/where');
    expect(await child.exit()).toEqual({ code: 0, signal: null });
    expect(child.stdout()).toBe(`opened ${ROOT} --project /some/where\n`);
  });

  it.each([
    [['--hedless'], "busbar: Unknown option '--hedless'.\nnpm start -- --help lists the flags.\n"],
    [['first'], "busbar: Unexpected argument 'first'.\nnpm start -- --help lists the flags.\n"],
  ])('answers %j with one clear error', async (args, expected) => {
    const result = await runProcess(process.execPath, [START, ...args], { env: environment({}) });
    expect(result).toEqual({ code: 1, signal: null, stdout: '', stderr: expected });
  });

  it('hands on what the host refuses', async () => {
    const result = await runProcess(process.execPath, [START, '--headless', '--port', 'x'], { env: environment({}) });
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('--port takes a number') as string });
  });
});

describe('nothing outlives', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('npm start that got %s', async (signal) => {
    const child = start({}, '--headless', '--project', join(home, 'p'));
    const pids = [...(await startNodes(await ready(child))), ...(await childrenOf(child.pid))];
    child.kill(signal);
    // In a terminal Ctrl+C reaches the whole process group; here it reaches the one process, as from a script.
    if (signal === 'SIGINT') for (const pid of await childrenOf(child.pid)) process.kill(pid, 'SIGINT');
    await allEnd(pids);
  });

  it('an npm that was killed', async () => {
    const npm = startProcess('npm', ['start', '--', '--headless', '--project', join(home, 'p')], { cwd: ROOT, env: environment({}) });
    started.push(npm);
    const pids = [...(await startNodes(await ready(npm))), ...(await descendantsOf(npm.pid))];
    expect(pids.length).toBeGreaterThanOrEqual(5);
    npm.kill('SIGKILL');
    await allEnd(pids);
  });
});

/** Starts two nodes over the contract and tells their pids. */
async function startNodes(readyLine: string): Promise<number[]> {
  await defineCluster(join(home, 'p'), 2);
  const url = new URL(readyLine.slice('Busbar is ready: '.length));
  const pipe = connectWsPipe({ url: `ws://${url.host}/host`, token: url.hash.slice('#token='.length) });
  const client = createHostClient(pipe);
  const { nodes } = await client.call('cluster/start', {});
  client.dispose();
  pipe.close();
  return nodes.map(({ pid }) => pid ?? 0);
}

async function allEnd(pids: readonly number[]): Promise<void> {
  await waitFor('every process to end', async () => !(await Promise.all(pids.map(isAlive))).includes(true), 15_000);
}

async function childrenOf(pid: number): Promise<number[]> {
  const parents = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(async (name) => [Number(name), await parentOf(name)]));
  return parents.filter(([, parent]) => parent === pid).map(([child]) => child ?? 0);
}

async function descendantsOf(pid: number): Promise<number[]> {
  const children = await childrenOf(pid);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
}

async function parentOf(pid: string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(/.*\) \S (\d+)/s.exec(stat)?.[1] ?? 0);
}
