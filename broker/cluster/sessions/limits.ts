/** Time-outs and bounds of durable sessions (cluster-protocol section 11, R54, I6). Each says what happens when it is reached. */
import type { Millis } from '../../base/ids.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What is settled, promoted and in view is told so often. */
export const BEAT_MS: Millis = 500;
/** A late entry that is on disk is acknowledged to its publisher after this: parked (R32). */
export const COVER_WAIT_MS: Millis = 2_000;
/**
 * A message for a shared group whose members are all out of reach waits so long, and its publisher with it; then it counts as one that
 * nobody wants. Longer than a node takes to be given up and continued by others.
 */
export const SHARE_WAIT_MS: Millis = 10_000;
/** Late entries are sent again so often to members that have not acknowledged usefully (R32). */
export const LATE_RESEND_MS: Millis = 1_000;
/** Bytes of late entries; above it nothing is parked, so that publishers wait (I6). */
export const LATE_MAX_BYTES = 1_024 * MIB;

/** A lock is renewed so often, and ends without renewal after the lease (R40). */
export const LOCK_RENEW_MS: Millis = 1_000;
export const LOCK_LEASE_MS: Millis = 3_500;
/** Last owners a coordinator remembers; the oldest is forgotten, and found by rows or by asking. */
export const LAST_OWNERS_MAX = 100_000;

/** BEGIN is sent again after this. */
export const BEGIN_RETRY_MS: Millis = 1_500;
/** A node that said NOTHERE is not asked for so long, and not longer (C9). */
export const NOT_HERE_MS: Millis = 700;
/** An owner that is down and that nobody continues blocks a connect so long (R43). */
export const DOWN_WAIT_MS: Millis = 3_000;
/** Answers to WHO are waited for so long (R44). */
export const WHO_MS: Millis = 1_000;
/** A connect waits so long for a session that somebody has; then the client is told that the server is busy (R44). */
export const CONNECT_MAX_MS: Millis = 8_000;

/** The rest of a session is waited for so long (R47). Above the silence time-out, so that a dead old owner ends it first. */
export const HOLD_MS: Millis = 6_000;
/** A frozen copy whose nodes have not all sent FLUSH after this hands on what it has, and stays (R48). One that is not news is sent again so often. */
export const FLUSH_MS: Millis = 5_000;
export const HAND_IN_RETRY_MS: Millis = 500;
/** Sessions handed out at one time while draining (R72). */
export const DRAIN_SLICE = 64;

/** After its start a node waits so long for peers where it must not guess (R27, R44, R46). */
export const START_WAIT_MS: Millis = 1_500;
/** A backup that was not yet linked with the lost owner in this life waits so long before it promotes (R58). */
export const PROMOTE_UNSEEN_MS: Millis = 4_000;
/** Replaced nodes that are remembered as covered; of an older one that comes up again the others are asked anew. */
export const REPLACED_MAX = 256;
/** Causality is forgotten when the cluster has been whole for so long (R54). */
export const WHOLE_MS: Millis = 6_000;
/** A will of a session whose node died waits at least so long (R70). */
export const PROMOTED_WILL_MS: Millis = 2_000;

/** Sessions are looked through so often: expiry, wills, backups, what is to be purged. */
export const AUDIT_MS: Millis = 1_000;
/** Publishes that wait for the start of this node; more are served at once. */
export const START_MAX_HELD = 10_000;
/** Rows in one frame of a snapshot. */
export const ROWS_PER_FRAME = 500;

/** Packet ids are 1 to this [MQTT-2.2.1-3]. */
export const MAX_PACKET_ID = 65_535;
