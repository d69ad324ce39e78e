import { borderError } from '../../electron/contract/errors.ts';
import { Listeners, type MessagePipe } from '../../electron/contract/pipe.ts';

/** Two ends of one pipe in one process; every message is copied and arrives later, as from another process. */
export function memoryPipes(): { readonly host: MessagePipe; readonly window: MessagePipe } {
  const messages = { host: new Listeners<[unknown]>(), window: new Listeners<[unknown]>() };
  const closes = { host: new Listeners<[]>(), window: new Listeners<[]>() };
  let open = true;
  const end = (own: 'host' | 'window', other: 'host' | 'window'): MessagePipe => ({
    send: (message) => {
      if (!open) throw borderError('HOST_GONE', 'The pipe is closed.');
      const copy: unknown = structuredClone(message);
      queueMicrotask(() => open && messages[other].tell(copy));
    },
    onMessage: (listener) => messages[own].add(listener),
    onClose: (listener) => closes[own].add(listener),
    close: () => {
      if (!open) return;
      open = false;
      closes.host.tell();
      closes.window.tell();
    },
  });
  return { host: end('host', 'window'), window: end('window', 'host') };
}
