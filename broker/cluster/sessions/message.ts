/** A message of QoS 1 or 2 as sessions of the cluster keep and pass it: the PUBLISH bytes, and what is asked of them often. */
import type { ClusterPublish } from '../ports.ts';

/** `Publication` is one. */
export interface SessionMessage extends ClusterPublish {
  readonly topic: string;
  readonly retain: boolean;
}
