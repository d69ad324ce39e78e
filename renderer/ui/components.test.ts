import { mount } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import { nextTick } from 'vue';
import { createWords } from '../lib/i18n/i18n.ts';
import BbBanner from './BbBanner.vue';
import BbError from './BbError.vue';
import BbMenu from './BbMenu.vue';
import BbSash from './BbSash.vue';
import BbSegmented from './BbSegmented.vue';
import BbSplit from './BbSplit.vue';
import BbStatusMark from './BbStatusMark.vue';
import BbTabs from './BbTabs.vue';
import BbToggle from './BbToggle.vue';
import BbVirtualList from './BbVirtualList.vue';

const global = { plugins: [createWords('en')] };
const mounted: { unmount(): void }[] = [];
function show<T extends { unmount(): void }>(wrapper: T): T {
  mounted.push(wrapper);
  return wrapper;
}
afterEach(() => mounted.splice(0).forEach((wrapper) => wrapper.unmount()));

describe('BbSegmented', () => {
  it('is a radio group whose arrows choose', async () => {
    const wrapper = show(mount(BbSegmented, { props: { modelValue: 'a', label: 'Overlay', options: ['a', 'b', 'c'].map((value) => ({ value, label: value })) }, attachTo: document.body, global }));
    const radios = wrapper.findAll('[role=radio]');
    expect(radios.map((radio) => [radio.attributes('aria-checked'), radio.attributes('tabindex')])).toEqual([['true', '0'], ['false', '-1'], ['false', '-1']]);
    await wrapper.trigger('keydown', { key: 'ArrowLeft' });
    expect(wrapper.emitted('update:modelValue')).toEqual([['c']]);
    expect(document.activeElement).toBe(radios[2]!.element);
  });
});

describe('BbTabs', () => {
  const tabs = [{ id: '1', label: 'Topology' }, { id: '2', label: 'busbar-3 log', closable: true }, { id: '3', label: 'acl.conf', closable: true, dirty: true }];
  const open = () => show(mount(BbTabs, { props: { tabs, active: '1', label: 'Open views' }, attachTo: document.body, global }));

  it('walks with arrows and closes what may be closed with Delete', async () => {
    const wrapper = open();
    await wrapper.get('[role=tablist]').trigger('keydown', { key: 'ArrowLeft' });
    expect(wrapper.emitted('update:active')).toEqual([['3']]);
    const elements = wrapper.findAll('[role=tab]');
    await elements[0]!.trigger('keydown', { key: 'Delete' });
    await elements[1]!.trigger('keydown', { key: 'Delete' });
    expect(wrapper.emitted('close')).toEqual([['2']]);
  });
  it('says which is shown and which is unsaved', () => {
    const wrapper = open();
    expect(wrapper.findAll('[role=tab]').map((tab) => tab.attributes('aria-selected'))).toEqual(['true', 'false', 'false']);
    expect(wrapper.get('[aria-label="unsaved"]').element.closest('[role=tab]')?.textContent).toContain('acl.conf');
  });
});

describe('BbMenu', () => {
  const items = [{ id: 'inspect', label: 'Inspect' }, { id: 'off', label: 'Off', disabled: true }, { id: 'kill', label: 'Kill', danger: true, separated: true }];
  const item = (id: string) => document.querySelector<HTMLElement>(`[data-item="${id}"]`)!;

  it('takes the focus, walks over what is disabled, jumps by letter, and gives the focus back', async () => {
    document.body.innerHTML = '<button id="opener"></button>';
    const opener = document.getElementById('opener')!;
    opener.focus();
    const wrapper = show(mount(BbMenu, { props: { items, label: 'busbar-1', at: { x: 10, y: 10 } }, attachTo: document.body, global }));
    await nextTick();
    await nextTick();
    expect(document.activeElement).toBe(item('inspect'));
    const key = (name: string) => document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
    key('ArrowDown');
    expect(document.activeElement).toBe(item('kill'));
    key('i');
    expect(document.activeElement).toBe(item('inspect'));
    key('Escape');
    expect([wrapper.emitted('close')?.length, document.activeElement === opener]).toEqual([1, true]);
  });
  it('tells the choice after it has closed, and closes on a press outside', async () => {
    const wrapper = show(mount(BbMenu, { props: { items, label: 'busbar-1', at: { x: 10, y: 10 } }, attachTo: document.body, global }));
    await nextTick();
    item('kill').click();
    expect(wrapper.emitted('select')).toEqual([['kill']]);
    document.body.dispatchEvent(new Event('pointerdown', { bubbles: true }));
    expect(wrapper.emitted('close')).toHaveLength(2);
  });
});

describe('BbSash and BbSplit', () => {
  it('moves by arrows and resets by Enter', async () => {
    const wrapper = show(mount(BbSash, { props: { direction: 'row', label: 'Width' }, global }));
    await wrapper.trigger('keydown', { key: 'ArrowRight' });
    await wrapper.trigger('keydown', { key: 'Enter' });
    expect([wrapper.emitted('move'), wrapper.emitted('reset')?.length, wrapper.attributes('aria-orientation')]).toEqual([[[16]], 1, 'vertical']);
  });
  it('divides by ratio and halves on a double click', async () => {
    const wrapper = show(mount(BbSplit, { props: { direction: 'row', label: 'Divide', ratio: 0.3 }, slots: { first: 'left', second: 'right' }, global }));
    expect(wrapper.findAll('.side').map((side) => (side.element as HTMLElement).style.flexGrow)).toEqual(['0.3', '0.7']);
    await wrapper.get('[role=separator]').trigger('dblclick');
    expect(wrapper.emitted('update:ratio')).toEqual([[0.5]]);
  });
});

describe('BbVirtualList', () => {
  const rows = (from: number, count: number) => Array.from({ length: count }, (_, index) => `line ${from + index}`);
  const slots = { default: ({ item }: { item: string }) => item };

  it('draws only what can be seen', () => {
    const wrapper = show(mount(BbVirtualList<string>, { props: { items: rows(0, 100_000), rowHeight: 24, label: 'Log' }, slots, attachTo: document.body, global }));
    const shown = wrapper.findAll('[role=listitem]');
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.length).toBeLessThan(60);
    expect(shown[0]!.attributes('aria-setsize')).toBe('100000');
  });
  it('counts what is new while the reader looks elsewhere, also when old rows leave', async () => {
    const wrapper = show(mount(BbVirtualList<string>, { props: { items: rows(0, 100), rowHeight: 24, follow: true, label: 'Log', newLabel: (count: number) => `${count} new` }, slots, attachTo: document.body, global }));
    await nextTick();
    const scroller = wrapper.get('[role=list]').element;
    Object.defineProperties(scroller, { scrollHeight: { value: 2_400 }, clientHeight: { value: 240 } });
    scroller.scrollTop = 480;
    await wrapper.get('[role=list]').trigger('scroll');
    await wrapper.setProps({ items: rows(10, 102), firstIndex: 10 });
    await nextTick();
    expect(wrapper.get('.new').text()).toBe('12 new');
    expect(scroller.scrollTop).toBe(240);
    await wrapper.get('.new').trigger('click');
    expect(wrapper.find('.new').exists()).toBe(false);
  });
});

describe('small ones', () => {
  it('a switch says its state', async () => {
    const wrapper = show(mount(BbToggle, { props: { modelValue: false }, slots: { default: 'Labels' }, global }));
    expect([wrapper.attributes('role'), wrapper.attributes('aria-checked')]).toEqual(['switch', 'false']);
    await wrapper.trigger('click');
    expect([wrapper.attributes('aria-checked'), wrapper.emitted('update:modelValue')]).toEqual(['true', [[true]]]);
  });
  it('a status mark speaks only when nothing beside it does', () => {
    expect(show(mount(BbStatusMark, { props: { state: 'failed', label: 'failed' }, global })).attributes()).toMatchObject({ role: 'img', 'aria-label': 'failed' });
    expect(show(mount(BbStatusMark, { props: { state: 'failed' }, global })).attributes('aria-hidden')).toBe('true');
  });
  it('a bad banner is an alert, the others are status', () => {
    const role = (tone: 'deny' | 'warn') => show(mount(BbBanner, { props: { tone, title: 'x' }, global })).attributes('role');
    expect([role('deny'), role('warn')]).toEqual(['alert', 'status']);
  });
  it('an error shows the words of the other side and what to do', () => {
    const text = show(mount(BbError, { props: { title: 'busbar-3 did not start', message: 'listen EADDRINUSE', hint: 'The port is held by mosquitto.' }, global })).text();
    expect(text).toBe('busbar-3 did not startlisten EADDRINUSEThe port is held by mosquitto.Copy details');
  });
});
