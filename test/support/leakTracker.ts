import { waitFor } from './waitFor.ts';

/** What keeps a process alive or holds a port: never to be left behind by something that was closed. */
const HELD = ['TCPServerWrap', 'TCPSocketWrap', 'PipeWrap', 'ProcessWrap', 'TLSWrap', 'UDPWrap', 'MessagePort', 'Timeout', 'FSEventWrap'];

export interface LeakTracker {
  /** Waits until nothing is held beyond what was held at the start; rejects with what is left, by kind and count. */
  readonly settled: (limitMs?: number) => Promise<void>;
}

/** Remembers what this process holds now. Call before the thing under test starts, `settled()` after it has ended. */
export function trackLeaks(): LeakTracker {
  const before = countHeld();
  const left = () =>
    [...countHeld()].flatMap(([kind, count]) => {
      const more = count - (before.get(kind) ?? 0);
      return more > 0 ? [`${more} ${kind}`] : [];
    });
  return {
    settled: async (limitMs = 5_000) => {
      try {
        await waitFor('nothing to be held', () => left().length === 0, limitMs);
      } catch {
        throw new Error(`left behind: ${left().join(', ')}`);
      }
    },
  };
}

function countHeld(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) if (HELD.includes(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
