import { beforeEach, describe, expect, it } from 'vitest';
import { ref } from 'vue';
import { createFakeApp } from '../host/fake/fakeApp.ts';
import { useNoticesStore } from '../stores/notices.ts';
import { useCommandsStore, type Command } from './commands.ts';

const run: string[] = [];
const command = (id: string, part: Partial<Command> = {}): Command => ({ id, titleKey: 'ui.close', run: () => void run.push(id), ...part });
const press = (key: string, init: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key, cancelable: true, ...init });

describe('commands', () => {
  beforeEach(() => {
    createFakeApp('quiet');
    run.length = 0;
  });

  it('come and go with what registered them, and follow what they depend on', () => {
    const commands = useCommandsStore();
    const nodes = ref(['a']);
    const undo = commands.register(() => nodes.value.map((name) => command(`stop.${name}`)));
    nodes.value = ['a', 'b'];
    expect(commands.commands.map(({ id }) => id)).toEqual(['stop.a', 'stop.b']);
    undo();
    expect(commands.commands).toEqual([]);
  });
  it('are absent while they make no sense', async () => {
    const commands = useCommandsStore();
    const possible = ref(false);
    commands.register(() => [command('one', { keys: ['Mod+S'], when: () => possible.value })]);
    expect(commands.handleKey(press('s', { ctrlKey: true }))).toBe(false);
    possible.value = true;
    const event = press('s', { ctrlKey: true });
    expect(commands.handleKey(event)).toBe(true);
    expect([event.defaultPrevented, run]).toEqual([true, ['one']]);
  });
  it('never take letters from somebody who types', () => {
    const commands = useCommandsStore();
    commands.register(() => [command('one', { keys: ['x'] })]);
    document.body.innerHTML = '<input>';
    let taken: boolean | undefined;
    const input = document.querySelector('input')!;
    input.addEventListener('keydown', (event) => (taken = commands.handleKey(event)));
    input.dispatchEvent(press('x', { bubbles: true }));
    expect([taken, commands.handleKey(press('x'))]).toEqual([false, true]);
  });
  it('tell their failure to the reader', async () => {
    const commands = useCommandsStore();
    commands.register(() => [command('bad', { run: () => Promise.reject(Object.assign(new Error('no such node'), { code: 'NODE_UNKNOWN' })) })]);
    await commands.run('bad');
    expect(useNoticesStore().toasts).toMatchObject([{ tone: 'deny', failure: { code: 'NODE_UNKNOWN', message: 'no such node' } }]);
  });
});
