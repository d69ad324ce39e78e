/** Log lines of the nodes as the host forwards them: a bounded ring, read back on demand. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { LogLine } from '../../electron/contract/cluster.ts';
import { useHostPort } from '../host/hostPort.ts';

/** Lines kept in the window. Older ones leave it and stay with the host; `loadOlder` reads them again. */
export const MOST_LINES = 20_000;
const PAGE = 1_000;

export const useLogsStore = defineStore('logs', () => {
  const port = useHostPort();
  /** In order of seq. Replaced once per batch, which the host limits to ten a second. */
  const lines = shallowRef<readonly LogLine[]>([]);
  /** Lines that left the ring at its front since the window opened. */
  const left = ref(0);

  port.on('node/log', (batch) => {
    const last = lines.value.at(-1)?.seq ?? 0;
    const fresh = batch.filter((line) => line.seq > last);
    if (fresh.length === 0) return;
    const all = [...lines.value, ...fresh];
    const over = Math.max(0, all.length - MOST_LINES);
    left.value += over;
    lines.value = over > 0 ? all.slice(over) : all;
  });

  async function load(): Promise<void> {
    lines.value = await port.call('node/log', { limit: PAGE });
    left.value = 0;
  }

  /** Reads the page before the oldest line. Answers false when there is none. */
  async function loadOlder(): Promise<boolean> {
    const first = lines.value[0];
    if (!first || lines.value.length >= MOST_LINES) return false;
    const older = await port.call('node/log', { beforeSeq: first.seq, limit: PAGE });
    if (older.length > 0) lines.value = [...older, ...lines.value];
    return older.length > 0;
  }

  return { lines, left, load, loadOlder };
});
