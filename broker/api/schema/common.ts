/** Shapes that all resources of the REST API share (rest-api.md 0.3 to 0.5). */
import Type, { type Static, type TSchema } from 'typebox';

/** One of some words, as OpenAPI 3.0 writes it. */
export const Words = <const W extends readonly string[]>(words: W, options: { readonly description?: string } = {}) =>
  Type.Unsafe<W[number]>({ ...options, type: 'string', enum: [...words] });

/** A value or null, as OpenAPI 3.0 writes it. */
export const Nullable = <S extends TSchema>(schema: S) => Type.Unsafe<Static<S> | null>({ ...schema, nullable: true });

/** A count, or the word for "no limit". */
export const CountOrInfinity = Type.Unsafe<number | 'infinity'>({
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', enum: ['infinity'] },
  ],
});

/** RFC 3339 with milliseconds and offset. */
export const Time = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}(Z|[+-]\\d{2}:\\d{2})$',
  description: 'RFC 3339',
});

export const ErrorBody = Type.Object({
  code: Type.String({ description: 'A word in capitals that programs can rely on' }),
  message: Type.String(),
});
export type ErrorBody = Static<typeof ErrorBody>;

export const DEFAULT_PAGE_LIMIT = 100;
/** Most rows of one page. */
export const MAX_PAGE_LIMIT = 10_000;

export const PageQuery = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE_LIMIT, default: DEFAULT_PAGE_LIMIT })),
};

/** A pager should go by `hasnext`: EMQX leaves `count` out where counting is dear. */
export const PageMeta = Type.Object({
  page: Type.Integer(),
  limit: Type.Integer(),
  count: Type.Optional(Type.Integer()),
  hasnext: Type.Boolean(),
});
export type PageMeta = Static<typeof PageMeta>;

export const Page = <S extends TSchema>(row: S) => Type.Object({ data: Type.Array(row), meta: PageMeta });
export interface Page<T> {
  readonly data: readonly T[];
  readonly meta: PageMeta;
}
