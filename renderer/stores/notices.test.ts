import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MOST_NOTICES, MOST_TOASTS, useNoticesStore } from './notices.ts';

describe('notices', () => {
  beforeEach(() => {
    setActivePinia(createPinia());
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it('show three at once and keep the rest behind the bell', () => {
    const notices = useNoticesStore();
    for (let node = 1; node <= 5; node += 1) notices.show({ tone: 'warn', key: 'cluster.problems.loop', values: { node } });
    expect(notices.toasts.map(({ values }) => values?.['node'])).toEqual([3, 4, 5]);
    expect([notices.toasts.length, notices.history.length, notices.unread]).toEqual([MOST_TOASTS, 5, 5]);
    notices.markRead();
    expect(notices.unread).toBe(0);
  });
  it('merge when equal and count', () => {
    const notices = useNoticesStore();
    const told = { tone: 'deny', key: 'cluster.failed.stop', values: { node: 'busbar-1' } } as const;
    notices.show(told);
    notices.show(told);
    notices.show({ ...told, values: { node: 'busbar-2' } });
    expect(notices.toasts.map(({ times, values }) => [values?.['node'], times])).toEqual([['busbar-1', 2], ['busbar-2', 1]]);
  });
  it('leave after five seconds when all went well, and stay when not', () => {
    const notices = useNoticesStore();
    notices.show({ tone: 'allow', key: 'workbench.host.back' });
    notices.failed(Object.assign(new Error('port 1883 is taken'), { code: 'LISTENER_PORT_IN_USE', hint: 'Stop it.' }), 'cluster.failed.clusterStart');
    vi.advanceTimersByTime(5_000);
    expect(notices.toasts).toMatchObject([{ tone: 'deny', failure: { code: 'LISTENER_PORT_IN_USE', message: 'port 1883 is taken', hint: 'Stop it.' } }]);
    expect(notices.history).toHaveLength(2);
  });
  it('forget the oldest beyond the limit', () => {
    const notices = useNoticesStore();
    for (let index = 0; index < MOST_NOTICES + 5; index += 1) notices.show({ tone: 'info', key: 'x', values: { index } });
    expect([notices.history.length, notices.history.at(-1)?.values?.['index']]).toEqual([MOST_NOTICES, 5]);
  });
  it('rank banners by how bad they are, and replace one of the same subject', () => {
    const notices = useNoticesStore();
    notices.setBanner({ id: 'a', tone: 'info', key: 'one' });
    notices.setBanner({ id: 'b', tone: 'deny', key: 'two' });
    notices.setBanner({ id: 'a', tone: 'warn', key: 'three' });
    expect(notices.banners.map(({ key }) => key)).toEqual(['two', 'three']);
    notices.clearBanner('b');
    expect(notices.banners.map(({ key }) => key)).toEqual(['three']);
  });
});
