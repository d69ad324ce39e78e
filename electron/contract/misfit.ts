import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';

/**
 * What is wrong with a value, as half a sentence that begins with the field (`nodes.0.name must match …`); undefined when
 * it fits. TypeBox interprets the schema here: no eval, so it may run under the pages' policy.
 */
export function misfit(schema: TSchema, value: unknown): string | undefined {
  if (Check(schema, value)) return undefined;
  const first = Errors(schema, value)[0];
  const field = first?.instancePath.slice(1).replaceAll('/', '.') || 'it';
  // What `additionalProperties: false` says of a member too many.
  return `${field} ${first?.message === 'schema is false' ? 'is not known here' : (first?.message ?? 'is not accepted')}`;
}
