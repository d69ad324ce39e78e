/** `GET /stats` and `GET /metrics`: numbers by name, of one node or of the cluster (rest-api.md 2.3, 2.4 and 9). */
import Type, { type TSchema } from 'typebox';

export const AggregateQuery = Type.Object({
  aggregate: Type.Optional(Type.Boolean({ default: false, description: 'One object for the cluster instead of one per node' })),
});

export const MetricsQuery = Type.Object({
  ...AggregateQuery.properties,
  node: Type.Optional(Type.String({ description: 'This node only' })),
});

/** Numbers under exactly these names and some of `more`, and the node they are from where it is one. */
export function Counters(names: readonly string[], more: readonly string[] = []): TSchema {
  const properties: Record<string, TSchema> = { node: Type.Optional(Type.String()) };
  for (const name of names) properties[name] = Type.Integer({ minimum: 0 });
  for (const name of more) properties[name] = Type.Optional(Type.Integer({ minimum: 0 }));
  return Type.Object(properties);
}

export type CountersBody = Readonly<Record<string, number | string>>;
