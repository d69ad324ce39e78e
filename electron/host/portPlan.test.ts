import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withTempDir } from '../../test/support/tempDir.ts';
import { isPortFree, PortChooser } from './freePorts.ts';
import { choosePorts } from './portPlan.ts';

const NODES = { name: 'a', nodes: [{ name: 'busbar-1' }, { name: 'busbar-2' }] };
const taken = (...ports: number[]) => (port: number) => Promise.resolve(!ports.includes(port));
const plan = (file: string, isFree = taken()) => choosePorts(NODES, ['busbar-1', 'busbar-2'], new Map(), file, isFree);

describe('the ports of a cluster', () => {
  it('are the usual ones when those are free', () =>
    withTempDir('busbar-ports-', async (dir) => {
      expect(Object.fromEntries(await plan(join(dir, 'ports.json')))).toEqual({
        'busbar-1': { mqtt: 1883, api: 18083, cluster: 4371 },
        'busbar-2': { mqtt: 1884, api: 18084, cluster: 4372 },
      });
    }));

  it('step aside for other programs and stay where they went', () =>
    withTempDir('busbar-ports-', async (dir) => {
      const file = join(dir, 'ports.json');
      const first = await plan(file, taken(1883, 4371));
      expect(first.get('busbar-1')).toEqual({ mqtt: 1884, api: 18083, cluster: 4372 });
      expect(first.get('busbar-2')).toEqual({ mqtt: 1885, api: 18084, cluster: 4373 });
      expect(await plan(file)).toEqual(first);
      expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(Object.fromEntries(first));
    }));

  it('are never given twice, and those a person fixed are not asked about', () =>
    withTempDir('busbar-ports-', async (dir) => {
      const definition = { name: 'a', nodes: [{ name: 'busbar-1' }, { name: 'busbar-2', ports: { mqtt: 1883 } }] };
      const ports = await choosePorts(definition, ['busbar-1', 'busbar-2'], new Map(), join(dir, 'ports.json'), taken(1883));
      expect(ports.get('busbar-1')?.mqtt).toBe(1884);
      expect(ports.get('busbar-2')?.mqtt).toBe(1883);
    }));

  it('of nodes that run stay as they are', () =>
    withTempDir('busbar-ports-', async (dir) => {
      const kept = new Map([['busbar-1', { mqtt: 2000, api: 2001, cluster: 2002 }]]);
      const ports = await choosePorts(NODES, ['busbar-2'], kept, join(dir, 'ports.json'), taken(2000, 2001, 2002));
      expect(ports.get('busbar-1')).toEqual(kept.get('busbar-1'));
    }));
});

describe('a port', () => {
  it('is not free while something listens on it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isPortFree(port)).toBe(true);
  });

  it('comes from the system when the usual and all its neighbours are taken', async () => {
    const port = await new PortChooser([], () => Promise.resolve(false)).choose([1883]);
    expect(port).toBeGreaterThan(1023);
    expect(port).not.toBe(1883);
  });
});
