/**
 * A part of the cluster with frames of its own on every link: shared tables, sessions. `ClusterCore` tells it what happens to links
 * and peers, in the order in which effects must follow each other; what it submits to a link leaves in that order, in one write per turn.
 */
import type { Log } from '../base/log.ts';
import type { Millis, NodeId } from '../base/ids.ts';
import type { Membership } from './membership.ts';
import type { LinkState, Peer } from './peer.ts';
import type { ClockPort, CryptoPort, NodeIdentity } from './ports.ts';
import type { Frame } from './wire/frameReader.ts';

export interface ClusterStream {
  /** The frames of these kinds are its own, both ends included. Kinds of two streams must not overlap. */
  readonly kinds: { readonly from: number; readonly to: number };
  /** Our SNAP was submitted to a new link: what is sent from here on arrives behind it (R25, C5). */
  opened(link: LinkState): void;
  /**
   * The peer's SNAP has come, and the peer is up. `episode`: one side had given the other up, or the peer has started again (R20);
   * `down` has been told then. What is submitted here goes before anything the peer's rows cause (R28, C4).
   */
  up(link: LinkState, episode: boolean): void;
  /** A frame of its own. Throws CLUSTER_PROTOCOL when it cannot be understood: the link ends. */
  frame(link: LinkState, frame: Frame): void;
  /** The link is no more; its peer is suspect, down, or linked anew already. */
  dropped(link: LinkState): void;
  /** The peer is down: its routes are forgotten already, waiting SUBACKs go on afterwards (R17). */
  down(peer: Peer): void;
  /** Ten times a second. */
  tick(nowMs: Millis): void;
  /** The turn ends: last chance to submit frames to links before they are written. */
  turnEnd(): void;
}

/** What a stream may use of the node it is part of. */
export interface StreamHost {
  readonly identity: NodeIdentity;
  readonly members: Membership;
  readonly clock: ClockPort;
  readonly crypto: CryptoPort;
  readonly log: Log;
  /** Something was submitted to a link outside of a call of the core: end the turn soon. */
  touch(): void;
  /** The link to a node, while there is one. */
  linkTo(nodeId: NodeId): LinkState | undefined;
}
