import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { App } from 'vue';
import { createFakeHost, type FakeHost } from '../host/fake/fakeHost.ts';
import type { SceneName } from '../host/fake/fakeScenes.ts';
import { inPlaceAnalyst } from '../lib/acl/inPlaceAnalyst.ts';
import { pages } from '../pages.ts';
import { startWorkbench } from './startWorkbench.ts';

let app: App;
let host: FakeHost;
const wait = { timeout: 3_000, interval: 5 };

const text = () => document.body.textContent ?? '';
const find = (selector: string) => document.querySelector<HTMLElement>(selector);
const byName = (name: string) => [...document.querySelectorAll<HTMLElement>('button')].find((button) => (button.getAttribute('aria-label') ?? button.textContent)?.trim() === name);
const press = (key: string, init: KeyboardEventInit = {}, target: EventTarget = document.activeElement ?? document.body) =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));

async function open(scene: SceneName): Promise<void> {
  (window as unknown as { happyDOM: { setViewport(size: { width: number; height: number }): void } }).happyDOM.setViewport({ width: 1_440, height: 900 });
  document.body.innerHTML = '<div id="app"></div>';
  host = createFakeHost({ scene, nowMs: () => Date.now(), startMs: 0 });
  app = startWorkbench({ host: host.port, pages, element: find('#app')!, analyst: inPlaceAnalyst() });
  await vi.waitFor(() => expect(find('.status')?.textContent).toMatch(scene === 'empty' ? /No cluster/ : /nodes/), wait);
}

describe('the workbench', () => {
  beforeEach(() => {
    localStorage.clear();
    location.hash = '';
  });
  afterEach(() => app.unmount());

  it('begins with one button, and that button makes everything', async () => {
    await open('empty');
    expect([find('[data-area=sidebar]'), find('[role=tablist]')]).toEqual([null, null]);
    byName('Start a 3-node cluster and two test clients')!.click();
    await vi.waitFor(() => expect(text()).toContain('3/3 nodes'), wait);
    host.tick();
    await vi.waitFor(() => expect(text()).toContain('Test messages 1/s'), wait);
    const cards = [...document.querySelectorAll('[data-node]')].map((card) => card.getAttribute('data-node'));
    expect(cards).toEqual(['busbar-1', 'busbar-2', 'busbar-3']);
    byName('Test messages 1/s')!.click();
  });

  it('shows a node in the inspector, asks before killing it, and then does', async () => {
    await open('busy');
    const row = [...document.querySelectorAll<HTMLElement>('.side .bb-row')].find((element) => element.textContent?.includes('busbar-2'))!;
    row.click();
    await vi.waitFor(() => expect(find('[data-area=inspector]')?.textContent).toContain('busbar-2@127.0.0.1'), wait);
    byName('Kill')!.click();
    await vi.waitFor(() => expect(find('[role=alertdialog]')?.textContent).toContain('0 of your panes'), wait);
    press('Escape', {}, find('[role=alertdialog]')!);
    await vi.waitFor(() => expect(find('[role=alertdialog]')).toBeNull(), wait);
    byName('Kill')!.click();
    await vi.waitFor(() => expect(byName('Kill busbar-2')).toBeDefined(), wait);
    byName('Kill busbar-2')!.click();
    await vi.waitFor(() => expect(text()).toContain('4/5 nodes'), wait);
    expect(find('[data-node=busbar-2]')?.textContent).toContain('failed · killed');
  });

  it('has every figure of the picture in the table too', async () => {
    await open('busy');
    [...document.querySelectorAll<HTMLElement>('[role=radio]')].find((radio) => radio.textContent?.trim() === 'Table')!.click();
    await vi.waitFor(() => expect(document.querySelectorAll('tbody')).toHaveLength(2), wait);
    const rows = [...document.querySelectorAll('tbody')].map((body) => body.querySelectorAll('tr').length);
    expect(rows).toEqual([5, 10]);
    expect(text()).toContain('slow');
  });

  it('shows the past when the time bar is moved, everywhere, and comes back', async () => {
    await open('busy');
    const slider = find('[role=slider]')!;
    press('Home', {}, slider);
    await vi.waitFor(() => expect(text()).toContain('paused'), wait);
    expect(find('.past-edge')).not.toBeNull();
    expect(find('.status')?.textContent).toContain('showing');
    press('Escape', {}, slider);
    await vi.waitFor(() => expect(find('.past-edge')).toBeNull(), wait);
  });

  it('goes anywhere by palette and keys', async () => {
    await open('busy');
    press('p', { ctrlKey: true });
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('role')).toBe('combobox'), wait);
    const field = document.activeElement as HTMLInputElement;
    field.value = '> log of busbar-4';
    field.dispatchEvent(new Event('input'));
    await vi.waitFor(() => expect(find('[aria-selected=true][role=option]')?.textContent).toContain('Log of busbar-4'), wait);
    press('Enter', {}, field);
    await vi.waitFor(() => expect([...document.querySelectorAll('[role=tab]')].map((tab) => tab.textContent?.trim())).toContain('busbar-4 log'), wait);
    press('j', { ctrlKey: true });
    await vi.waitFor(() => expect(find('[data-area=panel]')).not.toBeNull(), wait);
    press('2', { altKey: true });
    await vi.waitFor(() => expect(find('[aria-current=page]')?.getAttribute('aria-label')).toBe('Clients'), wait);
  });

  it('says that the host is gone, keeps what was seen, and recovers', async () => {
    await open('busy');
    host.setHostState('offline');
    await vi.waitFor(() => expect(find('[role=alert]')?.textContent).toContain('The host is gone, reconnecting'), wait);
    expect(find('[data-node=busbar-1]')).not.toBeNull();
    host.setHostState('online');
    await vi.waitFor(() => expect(find('[role=alert]')).toBeNull(), wait);
    expect(text()).toContain('The host is back.');
  });

  it('speaks Chinese from one moment to the next', async () => {
    await open('busy');
    find('a[aria-label=Settings]')!.click();
    await vi.waitFor(() => expect(text()).toContain('简体中文'), wait);
    [...document.querySelectorAll<HTMLElement>('[role=radio]')].find((radio) => radio.textContent?.trim() === '简体中文')!.click();
    await vi.waitFor(() => expect(find('[aria-current=page]')?.getAttribute('aria-label')).toBe('设置'), wait);
    expect(document.documentElement.lang).toBe('zh-CN');
  });
});
