/** Pieces of schema that several subjects of the contract share. */
import Type, { type Static, type TSchema } from 'typebox';

/** An object without further properties. */
export const Obj = <P extends Record<string, TSchema>>(properties: P) => Type.Object(properties, { additionalProperties: false });
export const Bytes = Type.Unsafe<Uint8Array>(Type.Refine(Type.Any(), (value: unknown) => value instanceof Uint8Array, () => 'must be bytes'));
export const Name = Type.String({ minLength: 1, maxLength: 256 });
export const Id = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' });
export const Qos = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]);
export type Qos = Static<typeof Qos>;
