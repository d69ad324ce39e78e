/** Every command of the window in one registry: the palette, menus and shortcuts all read it. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { useNoticesStore } from '../stores/notices.ts';
import type { BbIconName } from '../ui/icons.ts';
import { currentPlatform, isKey, isTyping, printKey, usableKey } from './keys.ts';

export interface Command {
  /** `subject.verb`, unique. */
  readonly id: string;
  readonly titleKey: string;
  readonly values?: Readonly<Record<string, string | number>>;
  readonly icon?: BbIconName;
  /** In order of preference; in a browser tab the first that the browser leaves to us counts. */
  readonly keys?: readonly string[];
  /** Dim words beside the title: the page it belongs to. */
  readonly contextKey?: string;
  /** Absent from palette and keys while false. */
  readonly when?: () => boolean;
  /** Runs, but is not listed: variants of another command. */
  readonly hidden?: boolean;
  run(): void | Promise<void>;
}

type Source = () => readonly Command[];

export const useCommandsStore = defineStore('commands', () => {
  const notices = useNoticesStore();
  const platform = currentPlatform();
  const sources = shallowRef<readonly Source[]>([]);
  const commands = computed(() => sources.value.flatMap((source) => source()).filter((command) => command.when?.() ?? true));

  /** Returns the undo. The source is read again whenever what it depends on changes. */
  function register(source: Source): () => void {
    sources.value = [...sources.value, source];
    return () => {
      sources.value = sources.value.filter((other) => other !== source);
    };
  }

  /** Runs a command; a failure becomes a notice with the host's words. */
  async function run(id: string): Promise<void> {
    const command = commands.value.find((other) => other.id === id);
    if (!command) return;
    try {
      await command.run();
    } catch (error) {
      notices.failed(error, 'errors.title');
    }
  }

  /** The combination that runs a command here, as printed on keys. */
  function shortcut(id: string): string | undefined {
    return printKey(usableKey(commands.value.find((command) => command.id === id)?.keys, platform), platform);
  }

  /** Whether a command took the event. */
  function handleKey(event: KeyboardEvent): boolean {
    if (event.defaultPrevented || event.isComposing) return false;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !/^F\d+$/.test(event.key);
    if (plain && isTyping(event.target)) return false;
    const command = commands.value.find((other) => other.keys?.some((combination) => isKey(event, combination, platform)));
    if (!command) return false;
    event.preventDefault();
    void run(command.id);
    return true;
  }

  return { commands, register, run, shortcut, handleKey, platform };
});
