import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveAppFile } from './appFile.ts';
import { isAppAddress } from './appOrigin.ts';
import { linkOf, parseLink } from './deepLink.ts';
import { isSafeExternal } from './externalLink.ts';

const ROOT = resolve('/app/out/renderer');

describe('files of app://bundle/', () => {
  it.each([
    ['app://bundle/', 'index.html'],
    ['app://bundle/assets/a%20b.js?v=1#x', 'assets/a b.js'],
    ['app://bundle/a/../b.js', 'b.js'],
  ])('%s is %s', (address, file) => expect(resolveAppFile(ROOT, address)).toBe(resolve(ROOT, file)));

  it.each([
    ['encoded dots and slashes', 'app://bundle/..%2f..%2fpackage.json'],
    ['a sibling with the same beginning', 'app://bundle/..%2frenderer-fake/index.html'],
    ['backslashes', 'app://bundle/..%5c..%5cpackage.json'],
    ['a zero byte', 'app://bundle/index.html%00.js'],
    ['a broken escape', 'app://bundle/%e0%a4%a'],
    ['another host', 'app://other/index.html'],
    ['the folder itself', 'app://bundle/.%2f'],
    ['no address', 'index.html'],
  ])('refuses %s', (_what, address) => expect(resolveAppFile(ROOT, address)).toBeNull());
});

describe('our own addresses', () => {
  it.each([
    ['app://bundle/index.html', true],
    ['app://bundle.evil/', false],
    ['app://bundle@evil/', false],
    ['https://bundle/', false],
    ['', false],
  ])('%s: %s', (address, ours) => expect(isAppAddress(address)).toBe(ours));
});

describe('links to the outside', () => {
  it.each([
    ['https://example.com/a?b#c', true],
    ['http://127.0.0.1:18083/api-docs', true],
    ['http://[::1]:18083/', true],
    ['http://example.com/', false],
    ['http://127.0.0.1.evil.example/', false],
    ['https://user:secret@example.com/', false],
    ['file:///etc/passwd', false],
    ['javascript:alert(1)', false],
    ['ms-msdt:/id', false],
    ['busbar://cluster', false],
    ['not an address', false],
    [`https://example.com/${'a'.repeat(3_000)}`, false],
  ])('%s: %s', (address, safe) => expect(isSafeExternal(address)).toBe(safe));
});

describe('busbar:// links', () => {
  it.each([
    ['busbar://cluster', { command: 'workbench.goTo.cluster' }],
    ['busbar://access/', { command: 'workbench.goTo.access' }],
    ['busbar://settings', { command: 'workbench.goTo.settings' }],
    ['busbar://clients/conn-1', { command: 'workbench.goTo.clients', id: 'conn-1' }],
  ])('%s shows', (link, command) => expect(parseLink(link)).toEqual(command));

  it.each([
    'busbar://cluster/stop',
    'busbar://clients/a/b',
    'busbar://clients/%2e%2e',
    'busbar://clients/a b',
    'busbar://constructor',
    'busbar://__proto__',
    'busbar://cluster?x=1',
    'busbar:cluster',
    'BUSBAR://CLUSTER',
    'https://busbar/cluster',
    `busbar://clients/${'a'.repeat(600)}`,
  ])('%s shows nothing', (link) => expect(parseLink(link)).toBeNull());

  it('are found among the words of a command line', () => {
    expect(linkOf(['busbar', '--flag', 'busbar://cluster', 'busbar://access'])).toBe('busbar://cluster');
    expect(linkOf(['busbar', '/tmp/project'])).toBeUndefined();
  });
});
