/** How far one link is with the shared tables. */
import type { Millis } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import type { Have} from './have.ts';
import { type SharedActor } from './have.ts';

/** Frames of one answer, made one by one as the network takes them; undefined: nothing this time, go on later. */
export type FrameSource = Iterator<Buffer | undefined, void>;

export class SharedLink {
  readonly link: LinkState;
  /** What the peer says it has seen; undefined before its first word. */
  peerHave: Have | undefined;
  /** Present life of the peer as a writer. */
  peerLife = 0;
  /** Own writes sent up to here. */
  sentSeq = 0;
  /** Own writes that the peer misses are in our ring no more: it has to ask for rows. */
  behind = false;
  /** Answers under way, oldest first. */
  readonly answers: FrameSource[] = [];
  /** `have.changes` when the peer was told of it last. */
  reported = 0;
  reportedAtMs: Millis = 0;
  /** Actors whose writes were asked for on this link, and when. */
  readonly asked = new Map<SharedActor, Millis>();
  /** Actors whose writes this peer no longer has by number. */
  readonly trimmed = new Set<SharedActor>();
  /** When the rows are compared, once both ends have seen the same. */
  auditAtMs: Millis;

  constructor(link: LinkState, auditAtMs: Millis) {
    this.link = link;
    this.auditAtMs = auditAtMs;
  }
}
