import type { EventOf, HostEvent } from '../contract/host.ts';
import type { WindowCommand } from '../contract/workbench.ts';
import { Listeners, type MessagePipe } from '../contract/pipe.ts';
import type { HostEventSource } from '../contract/rpc.ts';

type Subscriber = <K extends HostEvent>(name: K, payload: EventOf<K>) => void;

/** Commands a page has not heard yet, because it is still loading; more than a person gives. The oldest goes. */
const MAX_WAITING = 16;

/** Commands of menu and links on their way to the page, told as events of the contract beside the host's own. */
export class WindowCommands {
  readonly #listeners = new Listeners<Parameters<Subscriber>>();
  #waiting: WindowCommand[] = [];
  #listening = false;

  send(command: WindowCommand): void {
    if (this.#listening) this.#listeners.tell('window/command', command);
    else this.#waiting = [...this.#waiting, command].slice(-MAX_WAITING);
  }

  /** The host's events and ours as one source. */
  joinedWith(host: HostEventSource): HostEventSource {
    return {
      subscribe: (listener) => {
        const undo = [host.subscribe(listener), this.#listeners.add(listener)];
        return () => {
          for (const step of undo) step();
        };
      },
    };
  }

  /** A page that calls has its listeners in place: what waited for it is told after its first call. */
  pageOpened(pipe: MessagePipe): void {
    this.#listening = false;
    const stop = pipe.onMessage(() => {
      stop();
      this.#listening = true;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const command of waiting) this.#listeners.tell('window/command', command);
    });
    pipe.onClose(() => (this.#listening = false));
  }
}
