import { describe, expect, it } from 'vitest';
import { freePorts } from './ports.ts';
import { isAlive, runProcess, startProcess } from './processes.ts';
import { waitFor, within } from './waitFor.ts';

const node = (source: string) => [process.execPath, ['-e', source]] as const;

describe('test processes', () => {
  it('finds a line that was printed before anyone asked, and one that comes later', async () => {
    const child = startProcess(...node("console.log('early'); process.stdin.once('data', () => console.log('late 7'))"));
    expect(await child.line((line) => line === 'early')).toBe('early');
    expect(await child.line((line) => line === 'early')).toBe('early');
    child.stdin.write('go\n');
    expect(await child.line((line) => line.startsWith('late'))).toBe('late 7');
    await child.end();
  });

  it('says what a process printed when it ends without the awaited line', async () => {
    const child = startProcess(...node("console.error('port taken'); process.exit(3)"));
    await expect(child.line(() => true)).rejects.toThrow(/ended \(3\) without the awaited line; stderr: port taken/);
  });

  it('ends a process by its own pid and sees it gone', async () => {
    const child = startProcess(...node("process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('up')"));
    await child.line((line) => line === 'up');
    expect(await isAlive(child.pid)).toBe(true);
    expect(await child.end()).toEqual({ code: 0, signal: null });
    expect(await isAlive(child.pid)).toBe(false);
  });

  it('kills what outlives its limit', async () => {
    const result = await runProcess(...node('setInterval(() => {}, 1000)'), { lifetimeMs: 200 });
    expect(result.signal).toBe('SIGKILL');
  });

  it('rejects for a program that does not exist', async () => {
    await expect(runProcess('/no/such/program', [])).rejects.toThrow(/ENOENT/);
  });
});

describe('waiting', () => {
  it('returns the first truthy answer and names what it waited for otherwise', async () => {
    let asked = 0;
    expect(await waitFor('the third time', () => (asked += 1) === 3 && 'third')).toBe('third');
    await expect(waitFor('never', () => false, 50)).rejects.toThrow('waited 0.05 s for never');
    await expect(within('nothing', new Promise(() => {}), 20)).rejects.toThrow('waited 0.02 s for nothing');
  });
});

describe('free ports', () => {
  it('are all different', async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
  });
});
