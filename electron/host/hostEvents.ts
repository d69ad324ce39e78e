import type { EventOf, HostEvent } from '../contract/host.ts';
import { Listeners } from '../contract/pipe.ts';
import type { HostEventSource } from '../contract/rpc.ts';

type Listener = <K extends HostEvent>(name: K, payload: EventOf<K>) => void;

/** Where the parts of the host tell their events, and windows hear them. */
export class HostEvents implements HostEventSource {
  readonly #listeners = new Listeners<Parameters<Listener>>();

  emit<K extends HostEvent>(name: K, payload: EventOf<K>): void {
    this.#listeners.tell(name, payload);
  }

  subscribe(listener: Listener): () => void {
    return this.#listeners.add(listener);
  }
}
