/** A window's end of Electron IPC, over the bridge the preload exposes as `window.busbar`. */
import { borderError } from '../../electron/contract/errors.ts';
import { Listeners, isPipeClosed } from '../../electron/contract/pipe.ts';
import type { PipeState, PreloadBridge, WindowPipe } from '../../electron/contract/pipe.ts';

/** The host lives in the process that owns the window, so this pipe is online until either end closes it. */
export function ipcPipe(bridge: PreloadBridge): WindowPipe {
  const messages = new Listeners<[unknown]>();
  const closes = new Listeners<[]>();
  const states = new Listeners<[PipeState]>();
  let state: PipeState = 'online';

  const close = () => {
    if (state === 'closed') return;
    state = 'closed';
    stop();
    states.tell(state);
    closes.tell();
  };
  const stop = bridge.onMessage((message) => {
    if (isPipeClosed(message)) close();
    else messages.tell(message);
  });

  return {
    get state() {
      return state;
    },
    onState: (listener) => states.add(listener),
    onMessage: (listener) => messages.add(listener),
    onClose: (listener) => closes.add(listener),
    send: (message) => {
      if (state === 'closed') throw borderError('HOST_GONE', 'This window has let go of its host.');
      bridge.postMessage(message);
    },
    close,
  };
}
