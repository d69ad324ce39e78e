/**
 * What one node tells once a second about itself and its links, for live pictures. Counters are cumulative since
 * the node's start; readers derive rates from two snapshots. Fields are named as EMQX names metrics where it has one.
 */
export interface LinkSnapshot {
  /** Peer's `name@host`. */
  readonly peer: string;
  readonly state: 'up' | 'suspect' | 'down';
  /** Publishes forwarded to / received from the peer, and bytes written / read on the link. */
  readonly messagesOut: number;
  readonly messagesIn: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Route rows and other control frames sent / received; heartbeats are not counted. */
  readonly controlOut: number;
  readonly controlIn: number;
  /** Last round trip by heartbeat in ms; null before the first echo. */
  readonly rttMs: number | null;
  /** Bytes waiting to be written. */
  readonly queueBytes: number;
  /** Of these, bytes of messages. */
  readonly queueDataBytes: number;
  /** Messages that did not get there: QoS 0 left out because the link was behind, and those that went down with a link. */
  readonly messagesDropped: number;
  readonly messagesLost: number;
  /** How often the peer was given up. */
  readonly downs: number;
  /** Why the link is not up, in words; null when it is up. */
  readonly reason: string | null;
}

/** A fault that was made on purpose, at this node. */
export interface FaultSnapshot {
  /** Peer's `name@host`. */
  readonly peer: string;
  readonly direction: 'in' | 'out';
  readonly kind: 'cut' | 'delay' | 'throttle' | 'drop';
  /** Epoch ms. */
  readonly since: number;
}

export interface ListenerSnapshot {
  /** `tcp:default` */
  readonly id: string;
  readonly type: string;
  /** `127.0.0.1:1883` */
  readonly bind: string;
  readonly connections: number;
}

export interface NodeSnapshot {
  /** `name@host` */
  readonly node: string;
  readonly nodeId: string;
  readonly version: string;
  readonly nodeVersion: string;
  readonly pid: number;
  /** Milliseconds since start. */
  readonly uptimeMs: number;
  readonly timeMs: number;
  readonly connections: number;
  readonly sessions: number;
  readonly subscriptions: number;
  readonly routes: number;
  readonly retained: number;
  /** Cumulative: `messages.received`, `messages.sent`, `messages.dropped` + `delivery.dropped`, `authorization.deny`, bytes. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly messagesDropped: number;
  readonly denied: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Messages waiting in session queues. */
  readonly queued: number;
  /** Share of one core used since the last snapshot, 0 to 1. */
  readonly cpu: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** 99th percentile of the event loop delay since the last snapshot, ms. */
  readonly loopP99Ms: number;
  readonly listeners: readonly ListenerSnapshot[];
  readonly links: readonly LinkSnapshot[];
  readonly faults: readonly FaultSnapshot[];
  readonly acl: { readonly path: string; readonly hash: string; readonly rules: number; readonly appliedAtMs: number } | null;
}
