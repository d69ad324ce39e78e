/** A window's end of the WebSocket transport: connects again by itself after a reload or restart of the host. */
import { borderError } from '../../electron/contract/errors.ts';
import { Listeners } from '../../electron/contract/pipe.ts';
import type { PipeMessage, PipeState, WindowPipe } from '../../electron/contract/pipe.ts';
import { CLOSE_BAD_FRAME, HOST_PROTOCOL, TOKEN_PROTOCOL_PREFIX, decodeFrame, encodeFrame } from '../../electron/contract/wsFrame.ts';

/** Pause before the n-th try: 0.25 s doubling to 4 s. */
export const RETRY_MS = { first: 250, most: 4_000 } as const;
/** Messages kept while connecting; one more is refused with HOST_BUSY. */
export const MAX_QUEUED = 512;

export interface WsPipeOptions {
  /** `ws://127.0.0.1:PORT/host` */
  readonly url: string;
  readonly token: string;
}

/** Opens the pipe; the first try starts at once. */
export function connectWsPipe(options: WsPipeOptions): WindowPipe {
  const messages = new Listeners<[unknown]>();
  const closes = new Listeners<[]>();
  const states = new Listeners<[PipeState]>();
  let state: PipeState = 'connecting';
  let socket: WebSocket | undefined;
  let queue: PipeMessage[] = [];
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const become = (next: PipeState) => {
    if (state === next) return;
    state = next;
    states.tell(next);
  };
  const connect = () => {
    become('connecting');
    const current = new WebSocket(options.url, [HOST_PROTOCOL, TOKEN_PROTOCOL_PREFIX + options.token]);
    current.binaryType = 'arraybuffer';
    socket = current;
    current.onopen = () => {
      failures = 0;
      const waiting = queue;
      queue = [];
      for (const message of waiting) current.send(encodeFrame(message));
      become('online');
    };
    current.onmessage = (event) => {
      const message = tryDecode(event.data);
      if (message === undefined) current.close(CLOSE_BAD_FRAME, 'not a MessagePack frame');
      else messages.tell(message);
    };
    // `onclose` follows `onerror` always (WHATWG), so one handler sees every end.
    current.onclose = () => {
      if (socket === current) lost();
    };
  };
  const lost = () => {
    socket = undefined;
    queue = [];
    if (state !== 'closed') {
      failures += 1;
      timer = setTimeout(connect, Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (failures - 1)));
      become('offline');
    }
    closes.tell();
  };
  connect();

  return {
    get state() {
      return state;
    },
    onState: (listener) => states.add(listener),
    onMessage: (listener) => messages.add(listener),
    onClose: (listener) => closes.add(listener),
    send: (message) => {
      if (state === 'online' && socket) socket.send(encodeFrame(message));
      else if (state !== 'connecting') throw borderError('HOST_GONE', 'There is no connection to the workbench host.');
      else if (queue.length >= MAX_QUEUED) throw borderError('HOST_BUSY', `${MAX_QUEUED} messages wait for the connection.`);
      else queue.push(message);
    },
    close: () => {
      if (state === 'closed') return;
      become('closed');
      clearTimeout(timer);
      const current = socket;
      lost();
      current?.close(1000);
    },
  };
}

function tryDecode(data: unknown): unknown {
  try {
    return data instanceof ArrayBuffer ? decodeFrame(new Uint8Array(data)) : undefined;
  } catch {
    return undefined;
  }
}
