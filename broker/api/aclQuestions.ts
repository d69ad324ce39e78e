/** What a node is asked about its rules of authorization, and how it is given others (rest-api.md 5.3). */
import type { AclApplyResult } from './schema/control.ts';

export interface AclStatus {
  /** SHA-256 of the text in force. */
  readonly hash: string;
  readonly rules: number;
  /** Why the rules of the cluster are not in force on this node. */
  readonly problem: string | null;
}

export interface AclQuestions {
  acl: { params: Record<string, never>; answer: AclStatus & { readonly text: string; readonly path: string | null } };
  aclStatus: { params: Record<string, never>; answer: AclStatus };
  /** In force on all nodes, or nothing is changed. */
  applyAcl: { params: { text: string }; answer: AclApplyResult };
}
