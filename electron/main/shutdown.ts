/** The end: the host stops its nodes first, within a limit, and only then the process goes. */
import { app } from 'electron';
import type { Log } from '../../broker/base/log.ts';

/** Nodes get time to say goodbye to their clients; an application that does not quit gets killed by its user. */
export const QUIT_LIMIT_MS = 10_000;

/** Holds the quit until `close` has settled or the limit is over, whichever comes first. */
export function quitInOrder(close: () => Promise<void>, log: Log, limitMs = QUIT_LIMIT_MS): void {
  let state: 'running' | 'closing' | 'closed' = 'running';
  app.on('will-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'closing') return;
    state = 'closing';
    const limit = setTimeout(() => end(new Error(`not done after ${limitMs} ms`)), limitMs);
    const end = (failure?: unknown) => {
      if (state === 'closed') return;
      state = 'closed';
      clearTimeout(limit);
      if (failure !== undefined) log.error('quit_not_in_order', { reason: String(failure) });
      app.exit(failure === undefined ? 0 : 1);
    };
    close().then(() => end(), end);
  });
}
