/** What stores know of the host: calls, events, and how the connection stands; never the transport below. */
import { inject, type InjectionKey } from 'vue';
import type { PipeState, WindowPipe } from '../../electron/contract/pipe.ts';
import { createHostClient, type HostClient } from '../../electron/contract/rpc.ts';

export type HostState = PipeState;

export interface HostPort extends Pick<HostClient, 'call' | 'on'> {
  readonly state: HostState;
  /** Called on every change; after `online` everything must be read anew. Returns the undo. */
  onState(listener: (state: HostState) => void): () => void;
}

export const HOST_PORT: InjectionKey<HostPort> = Symbol('host port');

/** The host of this window; for stores and components below the composition root. */
export function useHostPort(): HostPort {
  const port = inject(HOST_PORT);
  if (port === undefined) throw new Error('No host port was provided to this application.');
  return port;
}

/** The port over a pipe that connects again by itself. */
export function hostPortOver(pipe: WindowPipe): HostPort {
  const client = createHostClient(pipe);
  return {
    call: client.call,
    on: client.on,
    get state() {
      return pipe.state;
    },
    onState: (listener) => pipe.onState(listener),
  };
}
