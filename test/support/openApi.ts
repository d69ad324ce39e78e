import { Ajv } from 'ajv';

export interface OpenApiDocument {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}
export interface OpenApiOperation {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>>;
}

// OpenAPI 3.0 adds words to JSON Schema that ajv does not know, such as `example`.
const ajv = new Ajv({ strict: false, allErrors: true });

/** What is wrong with an answer by the document's own schema; empty when nothing is. `path` as in the document: `/nodes/{node}`. */
export function problemsWithAnswer(
  document: OpenApiDocument,
  method: string,
  path: string,
  status: number,
  body: unknown,
): string[] {
  const response = document.paths[path]?.[method]?.responses[status];
  if (!response) return [`${method} ${path} does not describe status ${status}`];
  const schema = response.content?.[typeof body === 'string' ? 'text/plain' : 'application/json']?.schema;
  if (!schema) return body === '' ? [] : [`${method} ${path} does not describe a body for ${status}`];
  const validate = ajv.compile(schema);
  return validate(body) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`);
}
