import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeApp } from '../host/fake/fakeApp.ts';
import { useConnectionsStore } from './connections.ts';
import { useHostStore } from './host.ts';
import { useLogsStore } from './logs.ts';
import { useSettingsStore } from './settings.ts';

beforeEach(() => localStorage.clear());

it('the host store tells since when the connection is lost', () => {
  const { host } = createFakeApp('quiet');
  const store = useHostStore();
  expect([store.state, store.lostAtMs]).toEqual(['online', null]);
  host.setHostState('offline');
  const lostAtMs = store.lostAtMs;
  expect(lostAtMs).not.toBeNull();
  host.setHostState('connecting');
  expect(store.lostAtMs).toBe(lostAtMs);
  host.setHostState('online');
  expect([store.state, store.lostAtMs]).toEqual(['online', null]);
});

describe('settings', () => {
  it('change at once, are kept for the next start, and are put back when the host refuses', async () => {
    const { host } = createFakeApp('quiet');
    const store = useSettingsStore();
    await store.load();
    await store.change({ theme: 'dark', language: 'zh-CN' });
    expect([store.theme, store.locale, document.documentElement.dataset['theme'], document.documentElement.lang]).toEqual(['dark', 'zh-CN', 'dark', 'zh-CN']);
    expect(JSON.parse(localStorage.getItem('busbar.appearance') ?? '')).toMatchObject({ theme: 'dark', language: 'zh-CN' });
    host.setHostState('offline');
    await expect(store.change({ theme: 'light' })).rejects.toMatchObject({ code: 'HOST_GONE' });
    expect(store.theme).toBe('dark');
  });
});

describe('logs', () => {
  it('are read back, grow by what is new, and take nothing twice', async () => {
    const { host } = createFakeApp('busy');
    const logs = useLogsStore();
    await logs.load();
    expect(logs.lines).toHaveLength(240);
    host.tick();
    host.tick();
    const seqs = logs.lines.map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: 242 }, (_, index) => index + 1));
    expect(await logs.loadOlder()).toBe(false);
  });
});

it('connections tell who is connected to a node', async () => {
  const { host } = createFakeApp('busy');
  const connections = useConnectionsStore();
  await connections.load();
  const names = (node: string) => connections.connectedTo(node).map(({ name }) => name);
  expect([names('busbar-1'), names('busbar-2')]).toEqual([['press-07'], []]);
  await host.port.call('client/disconnect', { id: 'press-07' });
  expect(names('busbar-1')).toEqual([]);
});
