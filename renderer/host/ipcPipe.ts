/** A window's end of Electron IPC, over the bridge the preload exposes as `window.busbar`. */
import { borderError } from '../../electron/contract/errors.ts';
import { Listeners } from '../../electron/contract/pipe.ts';
import type { PipeState, PreloadBridge, WindowPipe } from '../../electron/contract/pipe.ts';

/** The host lives in the process that owns the window, so this pipe is online until it is closed. */
export function ipcPipe(bridge: PreloadBridge): WindowPipe {
  const closes = new Listeners<[]>();
  const states = new Listeners<[PipeState]>();
  const undo: (() => void)[] = [];
  let state: PipeState = 'online';

  return {
    get state() {
      return state;
    },
    onState: (listener) => states.add(listener),
    onMessage: (listener) => {
      const step = bridge.onMessage(listener);
      undo.push(step);
      return step;
    },
    onClose: (listener) => closes.add(listener),
    send: (message) => {
      if (state === 'closed') throw borderError('HOST_GONE', 'This window has let go of its host.');
      bridge.postMessage(message);
    },
    close: () => {
      if (state === 'closed') return;
      state = 'closed';
      for (const step of undo) step();
      states.tell(state);
      closes.tell();
    },
  };
}
