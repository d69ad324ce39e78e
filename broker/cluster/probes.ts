/**
 * The same node id twice (R4): a newcomer with another nonce waits while the old link is watched for a second. If the old link still
 * speaks, the data directory was copied and the newcomer is refused; if it is silent or ends, the newcomer is the same node, restarted.
 */
import type { Millis } from '../base/ids.ts';
import type { LinkRole } from './handshake.ts';
import { PROBE_MAX_FRAMES, PROBE_MS, PROBE_STALE_MS } from './limits.ts';
import type { LinkState } from './peer.ts';
import type { LinkId } from './ports.ts';
import { protocolError } from './wire/bytes.ts';
import type { Frame } from './wire/frameReader.ts';
import type { Hello } from './wire/v1.ts';

export interface Newcomer {
  readonly id: LinkId;
  readonly role: LinkRole;
  readonly hello: Hello;
}

interface Probe extends Newcomer {
  readonly old: LinkState;
  readonly startedMs: Millis;
  readonly frames: Frame[];
}

/** The old link is dead (admit, and hand over what the newcomer has sent) or alive (refuse). */
export type Verdict = { readonly newcomer: Newcomer; readonly admit: boolean; readonly frames: readonly Frame[] };

export class Probes {
  readonly #probes = new Map<LinkId, Probe>();

  get size(): number {
    return this.#probes.size;
  }

  start(newcomer: Newcomer, old: LinkState, nowMs: Millis): void {
    this.#probes.set(newcomer.id, { ...newcomer, old, startedMs: nowMs, frames: [] });
  }

  /** A frame of a newcomer that waits; it is copied, because it outlives the read buffer's turn. */
  hold(id: LinkId, frame: Frame): void {
    const frames = this.#probes.get(id)?.frames;
    if (frames === undefined) return;
    if (frames.length >= PROBE_MAX_FRAMES)
      throw protocolError(`More than ${PROBE_MAX_FRAMES} frames before the link was admitted`);
    frames.push({ ...frame, body: Buffer.from(frame.body) });
  }

  /** The newcomer itself has gone. */
  drop(id: LinkId): void {
    this.#probes.delete(id);
  }

  /** The old link has ended: whoever waited for it is admitted. */
  oldClosed(old: LinkState): Verdict[] {
    return this.#take(
      (probe) => probe.old === old,
      () => true,
    );
  }

  tick(nowMs: Millis): Verdict[] {
    const alive = (probe: Probe) => probe.old.peer.heardMs >= probe.startedMs + PROBE_STALE_MS;
    return this.#take(
      (probe) => nowMs - probe.startedMs >= PROBE_MS,
      (probe) => !alive(probe),
    );
  }

  #take(due: (probe: Probe) => boolean, admit: (probe: Probe) => boolean): Verdict[] {
    const verdicts: Verdict[] = [];
    for (const probe of this.#probes.values()) {
      if (!due(probe)) continue;
      this.#probes.delete(probe.id);
      const { id, role, hello, frames } = probe;
      verdicts.push({ newcomer: { id, role, hello }, admit: admit(probe), frames });
    }
    return verdicts;
  }
}
