/**
 * Time-outs and bounds of the cluster (cluster-protocol section 11 and R7, R23, R26). Each says what happens when it is reached.
 */
import type { Millis } from '../base/ids.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A heartbeat in each direction (R16). */
export const HEARTBEAT_MS: Millis = 500;
/** Nothing heard for so long: the peer is down, its link is closed (R17). Eight beats tolerate garbage collection and slow disks. */
export const SILENT_MS: Millis = 4_000;
/** The peer says it has not heard *us* for so long: the link is cut in one direction and is closed (R18). */
export const ECHO_SILENT_MS: Millis = 4_500;
/** A lost peer is dialled so often while it is suspect. */
export const REDIAL_MS: Millis = 200;
/** Its address refused every dial for so long: the process is gone, the peer is down (R17). */
export const REFUSED_MS: Millis = 800;
/** An old link is watched so long when its node id appears a second time (R4). */
export const PROBE_MS: Millis = 1_000;
/** Bytes heard this early after the question may have been under way before: they do not prove that the old link lives. */
export const PROBE_STALE_MS: Millis = 100;
/** Frames a newcomer may send while the old link is probed; more refuse it. */
export const PROBE_MAX_FRAMES = 64;
/** A tick later than this means that our own process stood still: silence of the others is not counted for that time. */
export const STALL_MS: Millis = 1_000;

/** A connection that has not proven itself by then is closed (R7). */
export const HANDSHAKE_MS: Millis = 5_000;
/** A peer's proven connection waits so long for our own dial to that peer, which would be kept instead (R8). */
export const CROSSED_DIAL_MS: Millis = 500;
/** Bytes read of a stranger before the connection is closed (R7). */
export const HANDSHAKE_MAX_BYTES = 4 * KIB;
/** Strangers at one time; the next one is closed at once and counted (R7). */
export const HANDSHAKE_MAX_OPEN = 64;
/** Clocks this far apart are reported (R9). */
export const CLOCK_ALARM_MS: Millis = 5_000;
/** Clocks this far apart refuse the link (R9). */
export const CLOCK_REFUSE_MS: Millis = 3_600_000;

/** First pause after a failed dial; doubles with each failure. */
export const BACKOFF_FIRST_MS: Millis = 1_000;
/** Longest pause after a refusal on principle: wrong cookie, cluster name, version, duplicate (R7). */
export const BACKOFF_REFUSED_MS: Millis = 60_000;
/** Longest pause while nobody answers at an address (R15). */
export const BACKOFF_UNREACHABLE_MS: Millis = 10_000;
/** Nobody has answered at the address of a seed for so long: it is told as a warning (section 12). Nodes that start together are there by then. */
export const SEED_MISSED_MS: Millis = 10_000;
/** Addresses taken from discovery; more are ignored and reported. */
export const MAX_PROPOSED = 64;
/** Addresses learned from other members; more are ignored and reported. */
export const MAX_MEMBERS = 64;

/** Largest frame of a proven peer: the largest MQTT packet and its header. A longer one closes the link. */
export const MAX_FRAME_BYTES = 272 * MIB;
/** Forwards waiting on one link: above it QoS 0 forwards are dropped and counted (R23). */
export const LINK_DATA_BYTES = 16 * MIB;
/** Forwards waiting on one link above which whoever adds to them is held back, and below which it may go on (R23). */
export const LINK_HOLD_BYTES = 4 * MIB;
export const LINK_EASE_BYTES = 2 * MIB;
/** Everything waiting on one link: above it the link is closed and repairs itself (R23). */
export const LINK_CLOSE_BYTES = 64 * MIB;

/** Changes of an own table kept for peers that reconnect; a peer further behind gets a snapshot (R26). */
export const DELTA_RING = 65_536;
/** Rows leave in slices of at most about this size (R26): a few milliseconds of work for the receiver. */
export const SLICE_BYTES = 256 * KIB;
/** Slices of a snapshot under way that the receiver has not applied; the next one waits. */
export const SLICES_AHEAD = 2;
/** The next slice waits until fewer control bytes than this are queued. */
export const SLICE_AHEAD_BYTES = MIB;

/** SUBACK waits at most so long for the peers (R28). */
export const BARRIER_MS: Millis = 1_000;
/** SUBACKs waiting at one time; the next ones do not wait. */
export const BARRIER_MAX_WAITING = 100_000;

/** A question to another node fails with NODE_TIMEOUT after this. */
export const ASK_MS: Millis = 5_000;
/** Questions open per link and direction; the next one fails with NODE_BUSY. */
export const ASK_MAX_OPEN = 64;
/** Longer questions fail with BAD_REQUEST. */
export const ASK_MAX_BYTES = MIB;
/** Longer answers are replaced by ANSWER_TOO_LARGE. */
export const ANSWER_MAX_BYTES = 8 * MIB;

/** Writes of this node to shared tables that are kept by number for peers that reconnect; one further behind compares digests (R35). */
export const SHARED_RING = 65_536;
/** The same for each other node, whose writes are passed on only where it cannot be reached itself. */
export const SHARED_RELAY_RING = 4_096;
/** Tombstones in all. Above it the oldest go before every member has seen them, with an alarm that names who is missing (R37). */
export const MAX_TOMBSTONES = 1_000_000;
/** What was seen is told to the peers so often, when it has changed. */
export const SHARED_REPORT_MS: Millis = 1_000;
/** Two nodes that have seen the same compare their rows so often (R35). */
export const SHARED_AUDIT_MS: Millis = 60_000;
/** The first time after a link was made: what a forgotten node wrote while it was away may stand on one side only (R14). */
export const SHARED_AUDIT_SOON_MS: Millis = 3_000;
/** An answer to a question about rows that makes no progress for so long is given up: another peer is asked. */
export const SHARED_PATIENCE_MS: Millis = 5_000;
/** Longest key of a shared row in bytes of UTF-8. */
export const SHARED_KEY_BYTES = 65_535;
