/** The ACL file of the project and what the nodes say to it. */
import Type, { type Static } from 'typebox';
import type { AclProblemReport } from '../../broker/api/schema/control.ts';
import { Id, Obj } from './schema.ts';

export const AclProblem = Type.Unsafe<AclProblemReport>(Type.Object({}));

/** What one node said to `acl/save`. */
export const AclNodeResult = Obj({
  node: Id,
  state: Type.Union([Type.Literal('applied'), Type.Literal('refused'), Type.Literal('notRunning'), Type.Literal('noAnswer')]),
  /** Hash of the rules in force on the node. */
  hash: Type.Union([Type.String(), Type.Null()]),
  message: Type.Union([Type.String(), Type.Null()]),
});
export type AclNodeResult = Static<typeof AclNodeResult>;

export const AclFile = Obj({
  /** Path inside the project: `acl/acl.conf`. */
  path: Type.String(),
  text: Type.String(),
  hash: Type.String(),
  savedAtMs: Type.Number(),
  nodes: Type.Array(AclNodeResult),
});
export type AclFile = Static<typeof AclFile>;

export const AclSaveResult = Type.Union([
  Obj({ ok: Type.Literal(true), file: AclFile }),
  Obj({ ok: Type.Literal(false), problems: Type.Array(AclProblem) }),
]);
export type AclSaveResult = Static<typeof AclSaveResult>;
