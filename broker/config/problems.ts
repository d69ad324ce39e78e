/** What can be wrong with a configuration, and what is worth knowing about one that is not. */
import type { ErrorCode } from '../base/errors.ts';
import type { Origin } from './assignments.ts';

export type ConfigProblemCode = Extract<ErrorCode, `CONFIG_${string}`>;

export interface ConfigProblem {
  readonly code: ConfigProblemCode;
  /** Begins with the place: `emqx.conf:3:1: …`, `EMQX_NODE__NAME: …`. */
  readonly message: string;
  readonly hint: string;
  /** As it was written; undefined for a syntax problem. */
  readonly key?: string;
  readonly origin?: Origin;
}

/** Something worth a log line at start: the node runs, but perhaps not as its owner thinks. */
export interface ConfigWarning {
  /** snake_case log event. */
  readonly event: string;
  readonly message: string;
  readonly key?: string;
  readonly origin?: Origin;
}
