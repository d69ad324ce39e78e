import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import type { ConnectionSpec } from '../contract/clients.ts';
import { Project } from './project.ts';

let dir: string;
const opened: Project[] = [];
const open = async () => {
  const project = await Project.open(dir);
  opened.push(project);
  return project;
};

beforeEach(async () => {
  dir = join(await createTempDir(), 'p');
});
afterEach(async () => {
  for (const project of opened.splice(0)) project.close();
  await removeTempDir(join(dir, '..'));
});

const SPEC: ConnectionSpec = {
  ...{ id: 'a', name: 'A', target: { kind: 'node', node: 'busbar-1' }, clientId: 'a', protocolVersion: 5, cleanStart: true, keepalive: 60 },
  ...{ sessionExpiry: 0, username: '', subscriptions: [{ topicFilter: 't', qos: 1 }], will: null },
};

describe('a project', () => {
  it('is made with rules, a .gitignore and a place of its own', async () => {
    const project = await open();
    expect(project.info).toMatchObject({ name: 'p', path: dir, problems: [] });
    expect((await readdir(dir)).sort()).toEqual(['.busbar', '.gitignore', 'acl']);
    expect(await project.readDefinition()).toBeUndefined();
    expect((await stat(join(dir, '.busbar'))).mode & 0o777).toBe(0o700);
  });

  it('adds itself to a .gitignore that is there, once', async () => {
    (await open()).close();
    await writeFile(join(dir, '.gitignore'), 'out');
    for (let time = 0; time < 2; time += 1) (await open()).close();
    expect(await readFile(join(dir, '.gitignore'), 'utf8')).toBe('out\n.busbar/\n');
  });

  it('belongs to one at a time', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'PROJECT_LOCKED', message: expect.stringContaining(`process ${process.pid}`) as string });
    first.close();
    await expect(open()).resolves.toBeDefined();
  });

  it('cannot be a file', async () => {
    await writeFile(dir, '');
    await expect(open()).rejects.toMatchObject({ code: 'PROJECT_UNREADABLE' });
  });

  it('keeps a secret it made', async () => {
    const project = await open();
    const secret = await project.secret(project.layout.cookieFile);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(await project.secret(project.layout.cookieFile)).toBe(secret);
    expect((await stat(project.layout.cookieFile)).mode & 0o777).toBe(0o600);
  });
});

describe('saved connections', () => {
  it('are files with their keys in one order, which keep what a person wrote beside them', async () => {
    const project = await open();
    const { will, ...rest } = SPEC;
    await project.saveConnection({ will, ...rest });
    const file = join(dir, 'clients', 'a.yaml');
    const first = await readFile(file, 'utf8');
    expect(first.split('\n').filter((line) => /^\w/.test(line)).map((line) => line.split(':')[0])).toEqual(Object.keys(SPEC));
    await writeFile(file, `# my sensor\n${first}`);
    await project.reload();
    await project.saveConnection({ ...SPEC, name: 'B' });
    expect(await readFile(file, 'utf8')).toBe(`# my sensor\n${first.replace('name: A', 'name: B')}`);
    await project.reload();
    expect(project.connections).toEqual([{ ...SPEC, name: 'B' }]);
  });

  it('that cannot be read are named, and are not written over', async () => {
    const project = await open();
    await project.saveConnection(SPEC);
    await writeFile(join(dir, 'clients', 'b.yaml'), 'id: [\n');
    await writeFile(join(dir, 'clients', 'c.yaml'), `${await readFile(join(dir, 'clients', 'a.yaml'), 'utf8')}`);
    await writeFile(join(dir, 'clients', 'd.yaml'), 'id: d\nkeepalive: -1\n');
    await project.reload();
    expect(project.info.problems.map(({ file, message }) => [file, message.split(': ').slice(1).join(': ').slice(0, 20)])).toEqual([
      ['clients/b.yaml', expect.any(String)],
      ['clients/c.yaml', 'its id is a, which d'],
      ['clients/d.yaml', expect.any(String)],
    ]);
    expect(project.connections).toEqual([SPEC]);
    await expect(project.saveConnection({ ...SPEC, id: 'd' })).rejects.toMatchObject({ code: 'PROJECT_UNREADABLE' });
    expect(await readFile(join(dir, 'clients', 'd.yaml'), 'utf8')).toBe('id: d\nkeepalive: -1\n');
  });

  it('go with their file', async () => {
    const project = await open();
    await project.saveConnection(SPEC);
    await project.removeConnection('a');
    expect(await readdir(join(dir, 'clients'))).toEqual([]);
    await expect(project.removeConnection('a')).rejects.toMatchObject({ code: 'CONNECTION_UNKNOWN' });
  });
});

describe('reading a project anew', () => {
  it('never shows a moment without the connections', async () => {
    const project = await open();
    await project.saveConnection(SPEC);
    const reloaded = project.reload();
    expect(project.connections).toEqual([SPEC]);
    await reloaded;
    expect(project.connections).toEqual([SPEC]);
  });

  it('keeps a connection that is saved while files are being read', async () => {
    const project = await open();
    await project.saveConnection(SPEC);
    const other = { ...SPEC, id: 'b', name: 'B' };
    await Promise.all([project.reload(), project.saveConnection(other)]);
    expect(project.connections).toEqual([SPEC, other]);
  });
});

describe('busbar.yaml of a project', () => {
  it('is made once and never replaced', async () => {
    const project = await open();
    expect((await project.createDefinition(2)).nodes).toHaveLength(2);
    expect((await project.createDefinition(5)).nodes).toHaveLength(2);
    expect(await project.addNode()).toMatchObject({ name: 'busbar-3', definition: { name: 'p' } });
  });

  it('is a problem while it cannot be read, and none when it can again', async () => {
    const project = await open();
    await writeFile(join(dir, 'busbar.yaml'), 'nodes: 1\n');
    await expect(project.addNode()).rejects.toMatchObject({ code: 'PROJECT_UNREADABLE' });
    await expect(project.createDefinition(1)).rejects.toMatchObject({ code: 'PROJECT_UNREADABLE' });
    expect(project.info.problems).toMatchObject([{ file: 'busbar.yaml' }]);
    await writeFile(join(dir, 'busbar.yaml'), 'name: a\nnodes: [{ name: n }]\n');
    await project.readDefinition();
    expect(project.info.problems).toEqual([]);
  });
});
