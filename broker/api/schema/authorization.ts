/** Sources of authorization (rest-api.md 5.3, 5.4). There is one: the rules of an acl.conf. */
import Type from 'typebox';
import { Nullable, Words } from './common.ts';

const SourceType = Words(['file'] as const);

export const Source = Type.Object({
  type: SourceType,
  enable: Type.Boolean(),
  rules: Type.String({ description: 'The whole text of acl.conf' }),
  path: Nullable(Type.String({ description: 'File of the answering node; null without one' })),
});
export const Sources = Type.Object({ sources: Type.Array(Source) });
export const SourceParams = Type.Object({ type: Type.String() });
export const SourceChange = Type.Object({ type: SourceType, enable: Type.Optional(Type.Boolean()), rules: Type.String({ maxLength: 4_000_000 }) });

const Status = Words(['connected', 'inconsistent'] as const, { description: 'inconsistent: not all nodes have the same rules in force' });

export const SourceStatus = Type.Object({
  status: Status,
  node_status: Type.Array(Type.Object({ node: Type.String(), status: Status, hash: Type.String(), rules: Type.Integer() })),
  node_error: Type.Array(Type.Object({ node: Type.String(), error: Type.String() })),
});
