import { createServer } from 'node:net';
import { BusbarError } from '../../broker/base/errors.ts';

/** Ports tried after the wished one before the system is asked for any. */
const NEIGHBOURS = 50;

/** Whether nothing listens on a loopback port now. Another program may still take it before we do. */
export function isPortFree(port: number): Promise<boolean> {
  return listenOnce(port).then((bound) => bound === port, () => false);
}

/** Hands out ports that are free and not handed out before. One chooser per start of nodes. */
export class PortChooser {
  readonly #taken: Set<number>;
  readonly #isFree: (port: number) => Promise<boolean>;

  constructor(taken: Iterable<number> = [], isFree: (port: number) => Promise<boolean> = isPortFree) {
    this.#taken = new Set(taken);
    this.#isFree = isFree;
  }

  /** The first usable of `wishes`, else a neighbour of the last, else any. Throws NO_FREE_PORT. */
  async choose(wishes: readonly number[]): Promise<number> {
    const last = wishes.at(-1) ?? 1024;
    const candidates = [...wishes, ...Array.from({ length: NEIGHBOURS }, (_, index) => last + index + 1)];
    for (const port of candidates) {
      if (port < 1 || port > 65_535 || this.#taken.has(port)) continue;
      // Claimed before the check: two choices under way at once must not get the same port.
      this.#taken.add(port);
      if (await this.#isFree(port)) return port;
    }
    const any = await listenOnce(0).catch(() => undefined);
    if (any === undefined || this.#taken.has(any)) throw new BusbarError('NO_FREE_PORT', 'No free port was found on this machine.');
    this.#taken.add(any);
    return any;
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
