import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp, type App } from 'vue';
import type { AclFile, AclSaveResult } from '../../electron/contract/access.ts';
import type { EventOf } from '../../electron/contract/host.ts';
import { HOST_PORT, type HostPort } from '../host/hostPort.ts';
import { ACL_ANALYST } from '../lib/acl/analyst.ts';
import { inPlaceAnalyst } from '../lib/acl/inPlaceAnalyst.ts';
import { useAccessStore } from './access.ts';
import { useAccessExplainStore } from './accessExplain.ts';

const ALLOW = '{allow, all}.\n';
const DENY = '{deny, all}.\n';

/** A host that keeps one file, and the same analyst without a worker. */
function createWorld() {
  let file: AclFile = { path: 'acl/acl.conf', text: ALLOW, hash: 'h0', savedAtMs: 1, nodes: [] };
  let tell: (next: EventOf<'acl/changed'>) => void = () => {};
  const saves: string[] = [];
  let failure: Error | undefined;
  const handlers: Record<string, (request: { text: string }) => AclFile | AclSaveResult> = {
    'acl/get': () => file,
    'acl/save': ({ text }) => {
      saves.push(text);
      file = {
        ...file,
        text,
        hash: `h${saves.length}`,
        nodes: [{ node: 'busbar-1', state: 'applied', hash: `h${saves.length}`, message: null }],
      };
      tell(file);
      return { ok: true, file };
    },
  };
  const ask = async (name: string, request: { text: string }): Promise<unknown> => {
    if (failure) throw failure;
    return handlers[name]?.(request);
  };
  const port: HostPort = {
    state: 'online',
    onState: () => () => {},
    call: ((name: string, request?: unknown) => ask(name, request as { text: string })) as HostPort['call'],
    on: ((name: string, listener: typeof tell) => {
      if (name === 'acl/changed') tell = listener;
      return () => {};
    }) as HostPort['on'],
  };
  const open = (): App => {
    const app = createApp({ render: () => null });
    const pinia = createPinia();
    app.use(pinia).provide(HOST_PORT, port).provide(ACL_ANALYST, inPlaceAnalyst());
    setActivePinia(pinia);
    return app;
  };
  return {
    open,
    saves,
    fail: (error: Error | undefined) => (failure = error),
    /** Somebody else writes the file. */
    outside: (text: string) => {
      file = { ...file, text, hash: `x${text.length}` };
      tell(file);
    },
  };
}

let world: ReturnType<typeof createWorld>;
const opened = async () => {
  const app = world.open();
  const store = app.runWithContext(() => useAccessStore());
  await store.load();
  await vi.waitFor(() => expect(store.current).toBe(true));
  return { app, store };
};

beforeEach(() => {
  localStorage.clear();
  world = createWorld();
});

describe('the access rules in this window', () => {
  it('begin as the project has them', async () => {
    const { store } = await opened();
    expect([store.draft, store.dirty, store.errors, store.analysis?.rules]).toEqual([ALLOW, false, 0, 1]);
  });

  it('become a draft by typing, and the draft is read after a pause', async () => {
    const { store } = await opened();
    store.setDraft('{allow, nobody}.\n');
    expect([store.dirty, store.current]).toEqual([true, false]);
    await vi.waitFor(() => expect(store.current).toBe(true));
    expect([store.errors, store.problems[0]?.kind]).toEqual([1, 'ruleShape']);
  });

  it('are applied to the nodes, whose answers stay on show', async () => {
    const { store } = await opened();
    store.setDraft(DENY);
    expect(await store.apply()).toBe(true);
    expect([world.saves, store.dirty, store.file?.text, store.outcome?.nodes.map(({ state }) => state)]).toEqual([
      [DENY],
      false,
      DENY,
      ['applied'],
    ]);
  });

  it('are not sent while they have errors', async () => {
    const { store } = await opened();
    store.setDraft('{deny, all}');
    expect([await store.apply(), world.saves, store.dirty]).toEqual([false, [], true]);
  });

  it('stay a draft when the host fails', async () => {
    const { store } = await opened();
    store.setDraft(DENY);
    world.fail(new Error('the disk is full'));
    await expect(store.apply()).rejects.toThrow('the disk is full');
    expect([store.dirty, store.applying, store.draft]).toEqual([true, false, DENY]);
  });

  it('survive a reload of the window as a draft', async () => {
    const { store } = await opened();
    store.setDraft(DENY);
    const { store: next } = await opened();
    expect([next.draft, next.dirty]).toEqual([DENY, true]);
    next.discard();
    const { store: last } = await opened();
    expect([last.draft, last.dirty]).toEqual([ALLOW, false]);
  });

  it('follow a change from outside while there is no draft', async () => {
    const { store } = await opened();
    world.outside(DENY);
    expect([store.draft, store.dirty, store.incoming]).toEqual([DENY, false, null]);
  });

  it('ask when a change from outside meets a draft', async () => {
    const { store } = await opened();
    store.setDraft(`${ALLOW}%% mine\n`);
    world.outside(DENY);
    expect([store.draft, store.incoming?.text]).toEqual([`${ALLOW}%% mine\n`, DENY]);
    store.keepMine();
    expect([store.draft, store.file?.text, store.dirty, store.incoming]).toEqual([`${ALLOW}%% mine\n`, DENY, true, null]);
    world.outside(`${DENY}%% again\n`);
    store.discard();
    expect([store.draft, store.dirty, store.incoming]).toEqual([`${DENY}%% again\n`, false, null]);
  });
});

describe('explain', () => {
  it('answers by draft and by saved rules, and by the saved ones alone while the draft is broken', async () => {
    const { app, store } = await opened();
    const explain = app.runWithContext(() => useAccessExplainStore());
    explain.ask({ clientId: 'c', topic: 'a/b' });
    await vi.waitFor(() => expect(explain.shown?.decision).toEqual({ permission: 'allow', rule: 1 }));
    store.setDraft(DENY);
    await vi.waitFor(() => expect(explain.shown?.decision).toEqual({ permission: 'deny', rule: 1 }));
    expect([explain.answer.saved?.decision.permission, explain.fromSaved]).toEqual(['allow', false]);
    store.setDraft('{deny');
    await vi.waitFor(() => expect(explain.fromSaved).toBe(true));
    expect(explain.shown?.decision.permission).toBe('allow');
  });
});
