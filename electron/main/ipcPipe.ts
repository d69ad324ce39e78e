/** The host's end of Electron IPC: one MessagePipe per loaded page of one of our windows. */
import { ipcMain, type IpcMainEvent, type WebContents } from 'electron';
import { borderError } from '../contract/errors.ts';
import { CHANNELS } from '../contract/ipcChannels.ts';
import { Listeners, PIPE_CLOSED, type MessagePipe } from '../contract/pipe.ts';
import { isAppAddress } from './appOrigin.ts';

/** Messages a page may leave untaken. Beyond, its pipe is closed: it hangs, and the process must not grow with it. */
export const MAX_UNTAKEN_MESSAGES = 20_000;

export interface AcceptOptions {
  readonly onPipe: (pipe: MessagePipe, contents: WebContents) => void;
  /** A message that did not come from the main frame of one of our own pages. It was dropped. */
  readonly onRefused: (from: string) => void;
  /** A pipe was closed because its page took no messages any more. */
  readonly onStuck?: (contents: WebContents) => void;
}

/**
 * Accepts pages. The preload announces each page it runs in, so a reload ends the old page's pipe and starts a new one.
 * Returns the undo, which closes all pipes.
 */
export function acceptPages(options: AcceptOptions): () => void {
  const pages = new Map<WebContents, Page>();
  const fromOurs = (listener: (contents: WebContents, argument: unknown) => void) => (event: IpcMainEvent, argument: unknown) => {
    const frame = event.senderFrame;
    if (frame !== null && frame.parent === null && isAppAddress(frame.url)) listener(event.sender, argument);
    else options.onRefused(frame?.origin ?? 'a frame that is gone');
  };
  const watched = new WeakSet<WebContents>();
  const watch = (contents: WebContents) => {
    if (watched.has(contents)) return;
    watched.add(contents);
    const end = () => {
      pages.get(contents)?.gone();
      pages.delete(contents);
    };
    contents.on('destroyed', end);
    contents.on('render-process-gone', end);
  };
  const open = fromOurs((contents) => {
    watch(contents);
    pages.get(contents)?.gone();
    const page = new Page(contents, () => options.onStuck?.(contents));
    pages.set(contents, page);
    options.onPipe(page, contents);
  });
  const message = fromOurs((contents, argument) => pages.get(contents)?.receive(argument));
  const taken = fromOurs((contents, argument) => pages.get(contents)?.taken(argument));
  ipcMain.on(CHANNELS.open, open);
  ipcMain.on(CHANNELS.message, message);
  ipcMain.on(CHANNELS.taken, taken);
  return () => {
    ipcMain.off(CHANNELS.open, open);
    ipcMain.off(CHANNELS.message, message);
    ipcMain.off(CHANNELS.taken, taken);
    for (const page of pages.values()) page.close();
    pages.clear();
  };
}

class Page implements MessagePipe {
  readonly #contents: WebContents;
  readonly #onStuck: () => void;
  readonly #messages = new Listeners<[unknown]>();
  readonly #closes = new Listeners<[]>();
  #closed = false;
  #untaken = 0;

  constructor(contents: WebContents, onStuck: () => void) {
    this.#contents = contents;
    this.#onStuck = onStuck;
  }

  send(message: unknown): void {
    if (this.#closed || this.#contents.isDestroyed()) throw borderError('HOST_GONE', 'The window has gone.');
    this.#contents.send(CHANNELS.message, message);
    this.#untaken += 1;
    if (this.#untaken <= MAX_UNTAKEN_MESSAGES) return;
    this.close();
    this.#onStuck();
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.#messages.add(listener);
  }

  onClose(listener: () => void): () => void {
    return this.#closes.add(listener);
  }

  close(): void {
    if (!this.#closed && !this.#contents.isDestroyed()) this.#contents.send(CHANNELS.message, PIPE_CLOSED);
    this.gone();
  }

  /** The page is no more; there is nobody to tell. */
  gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closes.tell();
  }

  receive(message: unknown): void {
    if (!this.#closed) this.#messages.tell(message);
  }

  taken(count: unknown): void {
    if (Number.isSafeInteger(count)) this.#untaken = Math.max(0, this.#untaken - (count as number));
  }
}
