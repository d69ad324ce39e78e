import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NodeChild, NodeExit } from '../../electron/host/nodeLauncher.ts';
import { utilityLauncher } from '../../electron/main/utilityLauncher.ts';
import { isAlive } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { appDouble } from './harness/double/app.ts';
import { world } from './harness/world.ts';

/** A program that does what it is told over the channel. */
const CHILD = `
  console.log('args ' + process.argv.slice(2).join(' '));
  process.parentPort.on('message', ({ data }) => {
    if (data.command === 'stop') { console.log('last words'); process.exit(3); }
    process.parentPort.postMessage({ send: typeof process.send, heard: data });
  });
`;

let directory: string;
let entry: string;

beforeAll(async () => {
  directory = await createTempDir();
  entry = join(directory, 'child.mjs');
  await writeFile(entry, CHILD);
});
afterAll(() => removeTempDir(directory));
beforeEach(() => {
  world.reset();
  appDouble.reset();
  world.launch = { appPath: directory, userData: directory };
  appDouble.becomeReady();
});

const exitOf = (child: NodeChild) => new Promise<NodeExit>((resolve) => child.onExit(resolve));
const stop = { command: 'stop', graceMs: 0 } as unknown as Parameters<NodeChild['send']>[0];
const other = { command: 'other' } as unknown as Parameters<NodeChild['send']>[0];

describe('a node as utility process', () => {
  it('gets its arguments, answers over its port, and tells its end after its last output', async () => {
    const child = utilityLauncher(entry).launch(['--name', 'n1']);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const answer = new Promise<unknown>((resolve) => child.onMessage(resolve));
    child.send(other);
    expect(await answer).toEqual({ send: 'undefined', heard: other });
    const exit = exitOf(child);
    child.send(stop);
    expect(await exit).toEqual({ code: 3, signal: null, error: null });
    expect(output).toBe('args --name n1\nlast words\n');
    expect(await exitOf(child)).toEqual({ code: 3, signal: null, error: null }); // asked late, told all the same
  });

  it('is killed at once, and says so', async () => {
    const child = utilityLauncher(entry).launch([]);
    const pid = await waitFor('its process', () => child.pid);
    const exit = exitOf(child);
    child.kill();
    expect(await exit).toEqual({ code: null, signal: 'SIGKILL', error: null });
    expect(await isAlive(pid)).toBe(false);
    child.send(other); // into the void, without harm
  });

  it('tells a program that does not exist as an end with its reason', async () => {
    const child = utilityLauncher(join(directory, 'missing.mjs')).launch([]);
    expect(await exitOf(child)).toEqual({ code: null, signal: null, error: expect.stringContaining('missing.mjs') as string });
  });
});
