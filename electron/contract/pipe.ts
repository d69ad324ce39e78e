/** What carries the contract: any transport that moves plain data and bytes in order, both ways. */
import type { ErrorReport } from './errors.ts';

/** One message between window and host. `id` pairs an answer with its call. */
export type PipeMessage =
  | { readonly type: 'call'; readonly id: number; readonly name: string; readonly request?: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly answer?: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorReport }
  | { readonly type: 'event'; readonly name: string; readonly payload?: unknown };

export interface MessagePipe {
  /** Queues one message, in order. Throws HostError HOST_GONE when the pipe is closed. */
  send(message: PipeMessage): void;
  /** Returns the undo. What arrives is not checked; the receiver does that. */
  onMessage(listener: (message: unknown) => void): () => void;
  /**
   * The other side is gone: what it has not answered by now it never will. A pipe that connects again tells it once per
   * loss. Returns the undo.
   */
  onClose(listener: () => void): () => void;
  close(): void;
}

/** How a window stands to its host. `offline` = no connection, the next try is scheduled. */
export type PipeState = 'connecting' | 'online' | 'offline' | 'closed';

/** A window's end, which survives reloads and restarts of the host. */
export interface WindowPipe extends MessagePipe {
  readonly state: PipeState;
  /** Called on every change. After `online` read everything anew: events were missed. */
  onState(listener: (state: PipeState) => void): () => void;
}

/** What the preload exposes as `window.busbar`; messages are copied by structured clone. */
export interface PreloadBridge {
  postMessage(message: unknown): void;
  onMessage(listener: (message: unknown) => void): () => void;
}

/** IPC has no close of its own: the last message of a host that lets go of a window, which then ends its pipe. */
export const PIPE_CLOSED = { type: 'closed' } as const;

export function isPipeClosed(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === PIPE_CLOSED.type;
}

/** A set of listeners with an undo for each. */
export class Listeners<A extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: A) => void>();

  add(listener: (...args: A) => void): () => void {
    // Wrapped, so that the same function registered twice counts twice and is undone once each.
    const entry = (...args: A) => listener(...args);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  tell(...args: A): void {
    for (const listener of [...this.#listeners]) listener(...args);
  }
}
