/** Messages of kept sessions as publications. Those of this node are publications already; others come as bytes, from a link or a disk. */
import type { Millis, NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { SessionMessage } from '../cluster/sessions/message.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { Publication } from '../session/publication.ts';
import { Forwarded } from './forwarded.ts';

export interface PublicationReaderOptions {
  readonly metrics: Metrics;
  readonly log: Log;
}

export class PublicationReader {
  /** Several sessions usually share a message. */
  readonly #known = new WeakMap<SessionMessage, Publication>();
  readonly #packets: Forwarded;
  #acceptedAtMs: Millis = 0;
  #taken: Publication | undefined;

  constructor(options: PublicationReaderOptions) {
    const clock = { now: () => this.#acceptedAtMs };
    this.#packets = new Forwarded({ ...options, clock, take: (publication) => void (this.#taken = publication) });
  }

  /** `acceptedAtMs`: when it was published, by our clock: its expiry is counted from there. Undefined when it is no PUBLISH; that is reported. */
  read(message: SessionMessage, acceptedAtMs: Millis): Publication | undefined {
    if (message instanceof Publication) return message;
    const known = this.#known.get(message);
    if (known !== undefined) return known;
    const { packet, isV5, fromClientId, fromUsername } = message;
    this.#acceptedAtMs = acceptedAtMs;
    this.#taken = undefined;
    // A copy: the bytes are the publication's to change, and the session's to keep.
    const bytes = Buffer.from(packet);
    this.#packets.read('kept@session' as NodeName, { bytes, start: 0, end: bytes.length, isV5, fromClientId, fromUsername });
    if (this.#taken !== undefined) this.#known.set(message, this.#taken);
    return this.#taken;
  }
}
