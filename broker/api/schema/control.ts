/**
 * Control channel between a supervisor (the workbench host) and one broker node process: `process.send` under Node,
 * `parentPort` in an Electron utility process. One JSON-able object per message. A node whose channel closes stops.
 */
import type { Fault, FaultAction } from './fault.ts';
import type { NodeSnapshot } from './topology.ts';

/** A place in an `acl.conf`, 1-based, end exclusive. */
export interface AclProblemPlace {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}
export interface AclProblemReport extends AclProblemPlace {
  readonly severity: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The one line a node prints on stdout, and sends, when it is ready. */
export interface ReadyEvent {
  readonly event: 'ready';
  readonly node: string;
  /** Listener id → bound address, e.g. `{"tcp:default":"127.0.0.1:1883"}`. */
  readonly listeners: Readonly<Record<string, string>>;
  /** Base URL of the REST API, e.g. `http://127.0.0.1:18083/api/v5`. */
  readonly api: string;
  /** Bound cluster address, e.g. `127.0.0.1:4371`. */
  readonly cluster: string;
  readonly pid: number;
}

/** The one line a node prints on stderr before it exits with a code other than 0. */
export interface FailedEvent {
  readonly event: 'failed';
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** `hash` is the SHA-256 of the text in UTF-8, as hex. */
export type AclApplyResult =
  | { readonly ok: true; readonly hash: string; readonly rules: number }
  | { readonly ok: false; readonly problems: readonly AclProblemReport[] };

/** The faults of a node after what was asked, or why it was not done. */
export type FaultResult =
  | { readonly ok: true; readonly faults: readonly Fault[] }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint: string };

/** Node → supervisor. Log lines go by stderr, one JSON LogRecord a line. */
export type NodeMessage =
  | ReadyEvent
  | FailedEvent
  | { readonly event: 'snapshot'; readonly snapshot: NodeSnapshot }
  | { readonly event: 'aclApplied'; readonly requestId: number; readonly result: AclApplyResult }
  | { readonly event: 'faultDone'; readonly requestId: number; readonly result: FaultResult }
  | { readonly event: 'stopping' };

/** Supervisor → node. */
export type SupervisorMessage =
  | { readonly command: 'stop' }
  | { readonly command: 'applyAcl'; readonly requestId: number; readonly text: string }
  | { readonly command: 'fault'; readonly requestId: number; readonly action: FaultAction };
